"""What becomes of a request: foretold, recalled, over in time, and a decision taken back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dealdesk import links
from dealdesk.drafts import QuoteDraft, build_rows
from dealdesk.inputs import rows_of
from dealdesk.models import ApprovalRequest, CounterOffer, Decision, DecisionRevocation, Quote
from dealdesk.operations.budgets import give_back
from dealdesk.operations.ending import close_exceptions, end_request, tell_outcome
from dealdesk.operations.offers import answer
from dealdesk.operations.shared import lock_deal, lock_request, pinned_policy
from dealdesk.operations.staffing import restaff
from dealdesk.permissions import check_can_recall, check_can_revoke
from dealdesk.previewing import Preview, preview_rows
from pipeline.findings.keeping import refresh_approval
from pipeline.models import Deal
from pipeline.operations.shared import follow_evidence
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Refused

Status = ApprovalRequest.Status


def preview_quote(*, quote: Quote, by: Actor, at: datetime) -> Preview:
    """Return what submitting this quote now would lead to. Writes nothing."""
    return preview_rows(rows_of(quote), submitter=by.user, at=at)


def preview_draft(*, quote: Quote, draft: QuoteDraft, by: Actor, at: datetime) -> Preview:
    """Return what saving this draft into the quote and submitting it would lead to.

    `quote` may be unsaved; it is changed in memory only. Raises Refused for what cannot be.
    """
    return preview_rows(build_rows(quote, draft), submitter=by.user, at=at)


@transaction.atomic(durable=True)
def recall_request(
    *, request: ApprovalRequest, reason: str = "", by: Actor, at: datetime
) -> ApprovalRequest:
    """Take a pending request back. Decisions given stay in its history."""
    deal = lock_deal(request.deal_id)
    request = lock_request(request.pk, deal)
    check_can_recall(request, by=by)
    end_request(
        request,
        Status.RECALLED,
        why=reason.strip() or f"Recalled by {by.name}.",
        by=by,
        at=at,
        killed=links.Killed.RECALLED,
    )
    tell_outcome(request, by=by, at=at)
    follow_evidence(deal, by=by, at=at)
    return request


def expire_requests(*, at: datetime) -> list[int]:
    """End every pending request whose time is over, each in its own transaction."""
    due = ApprovalRequest.objects.pending().filter(expires_at__lte=at).order_by("expires_at", "pk")
    found = list(due.values_list("pk", "deal_id"))
    return [pk for pk, deal in found if _expire(pk, deal, at=at)]


@transaction.atomic(durable=True)
def _expire(request_id: int, deal_id: int, *, at: datetime) -> bool:
    """End one request, unless it was decided while the sweep was on its way."""
    deal = lock_deal(deal_id)
    request = lock_request(request_id, deal)
    if not request.is_pending or at < request.expires_at:
        return False
    by = Actor.system()
    why = "Nobody decided in time. It is no rejection: the quote may be submitted again."
    end_request(request, Status.EXPIRED, why=why, by=by, at=at, killed=links.Killed.ENDED)
    tell_outcome(request, by=by, at=at)
    return True


def lapse_approvals(*, at: datetime) -> list[int]:
    """End every approval whose time for issuing is over, each in its own transaction.

    Whether it covers is judged at each reading; this only writes it down and tells who sells.
    """
    due = ApprovalRequest.objects.filter(status=Status.APPROVED, valid_until__lte=at)
    found = list(due.order_by("valid_until", "pk").values_list("pk", "deal_id"))
    return [pk for pk, deal in found if _lapse(pk, deal, at=at)]


@transaction.atomic(durable=True)
def _lapse(request_id: int, deal_id: int, *, at: datetime) -> bool:
    """End one approval, unless it was used or ended while the sweep was on its way."""
    deal = lock_deal(deal_id)
    request = lock_request(request_id, deal)
    until = request.valid_until
    if request.status != Status.APPROVED or until is None or at < until:
        return False
    by = Actor.system()
    request.mark_lapsed()
    request.ended_reason = "It was not used in time. The quote may be submitted again."
    request.save(update_fields=["status", "ended_reason"])
    refresh_approval(deal.pk)
    give_back(request, why="The approval was not used in time.", by=by, at=at)
    record(
        "approval.lapsed",
        request,
        by=by,
        at=at,
        after={"status": request.status, "valid_until": until},
        why=request.ended_reason,
        related=[deal, request.quote],
    )
    if deal.is_open:
        tell_outcome(request, by=by, at=at)
    return True


def restaff_requests(*, at: datetime) -> list[int]:
    """Look through pending requests for people who cannot answer any more, and ask others."""
    pending = list(ApprovalRequest.objects.pending().values_list("pk", "deal_id"))
    return [pk for pk, deal in pending if _restaff(pk, deal, at=at)]


@transaction.atomic(durable=True)
def _restaff(request_id: int, deal_id: int, *, at: datetime) -> bool:
    """Ask others on one request where it is needed; True when somebody is still missing."""
    deal = lock_deal(deal_id)
    request = lock_request(request_id, deal)
    return request.is_pending and bool(restaff(request, by=Actor.system(), at=at))


@transaction.atomic(durable=True)
def revoke_decision(*, decision: Decision, reason: str, by: Actor, at: datetime) -> ApprovalRequest:
    """Take one's own approval back in time, while nothing was issued or won on it.

    The decision stays in the record with its revocation, and the request ends as revoked.
    """
    deal = lock_deal(decision.slot.step.request.deal_id)
    request = lock_request(decision.slot.step.request_id, deal)
    decision = Decision.objects.select_related("slot__step").get(pk=decision.pk)
    decision.slot.step.request = request
    hours = pinned_policy(request).revoke_hours
    check_can_revoke(decision, by=by, at=at, hours=hours)
    if not reason.strip():
        raise Refused("Say why you take this decision back.", code="reason_missing")
    assert by.user is not None  # check_can_revoke has asked
    DecisionRevocation.objects.create(
        decision=decision, reason=reason.strip(), revoked_at=at, revoked_by=by.user, via=by.via
    )
    record(
        "approval.decision_revoked",
        decision,
        by=by,
        at=at,
        before={"verdict": decision.verdict},
        why=reason.strip(),
        related=[request, deal, request.quote],
    )
    offer = CounterOffer.objects.filter(decision=decision, answer=None).first()
    if offer is not None:
        offer.decision = decision
        answer(offer, CounterOffer.Answer.WITHDRAWN, note=reason, by=by, at=at)
    why = f"{by.user.name} took the approval back: {reason.strip()}"
    for ended in resting_on(decision, request, deal):
        _revoke_request(ended, why=why, by=by, at=at)
    return request


def resting_on(decision: Decision, own: ApprovalRequest, deal: Deal) -> list[ApprovalRequest]:
    """The request decided, and those to which the decision was carried forward, still standing.

    Nothing rests on a counter-offer in its own request: that was returned.
    """
    stands = [Status.PENDING, Status.APPROVED]
    carried = ApprovalRequest.objects.filter(steps__slots__carried_from=decision, status__in=stands)
    others = carried.exclude(pk=own.pk).distinct().order_by("pk").values_list("pk", flat=True)
    found = [own, *(lock_request(pk, deal) for pk in others)]
    return [request for request in found if request.status in stands]


def _revoke_request(request: ApprovalRequest, *, why: str, by: Actor, at: datetime) -> None:
    if request.is_pending:
        end_request(request, Status.REVOKED, why=why, by=by, at=at, killed=links.Killed.ENDED)
    else:
        request.mark_revoked()
        request.ended_reason = why
        request.save(update_fields=["status", "ended_reason"])
        refresh_approval(request.deal_id)
        close_exceptions(request, at=at)
        give_back(request, why=why, by=by, at=at)
        record(
            "approval.revoked",
            request,
            by=by,
            at=at,
            after={"status": request.status, "digest": request.snapshot.digest},
            why=why,
            related=[request.deal, request.quote],
        )
    tell_outcome(request, by=by, at=at)
