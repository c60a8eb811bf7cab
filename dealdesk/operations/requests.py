"""Asking for approval: preview, submit, recall, expiry, and taking a decision back."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from dealdesk import links
from dealdesk.coverage import cover_of_quote
from dealdesk.directory import held_as, users_of
from dealdesk.drafts import QuoteDraft, build_rows, draft_of
from dealdesk.exclusions import family_of
from dealdesk.inputs import PriceBook, QuoteRows, rows_of
from dealdesk.models import (
    ApprovalRequest,
    ApprovalSlot,
    ApprovalStep,
    Decision,
    DecisionRevocation,
    Quote,
    TermsSnapshot,
)
from dealdesk.operations.ending import approve_request, close_exceptions, end_request, tell_outcome
from dealdesk.operations.shared import (
    FIGURES,
    lock_deal,
    lock_quote,
    lock_request,
    pinned_policy,
    write_figures,
)
from dealdesk.operations.staffing import add_slot, open_slots, restaff, standing
from dealdesk.permissions import check_can_recall, check_can_revoke, check_can_submit
from dealdesk.previewing import Judgement, Preview, judge, preview_rows
from dealdesk.registering import exceptions_of
from dealdesk.routing import route_plain
from dealdesk.settling import Outcome
from dealdesk.terms import canonical, digests
from pipeline.findings.keeping import refresh_approval
from pipeline.models import Deal
from pipeline.operations.shared import follow_evidence
from revops.ledger.operations import record
from revops.models import check_version
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Conflict, Missing, Refused

logger = logging.getLogger(__name__)
Status = ApprovalRequest.Status
SlotState = ApprovalSlot.State
StepState = ApprovalStep.State


def preview_quote(*, quote: Quote, by: Actor, at: datetime) -> Preview:
    """Return what submitting this quote now would lead to. Writes nothing."""
    return preview_rows(rows_of(quote), submitter=by.user, at=at)


def preview_draft(*, quote: Quote, draft: QuoteDraft, by: Actor, at: datetime) -> Preview:
    """Return what saving this draft into the quote and submitting it would lead to.

    `quote` may be unsaved; it is changed in memory only. Raises Refused for what cannot be.
    """
    return preview_rows(build_rows(quote, draft), submitter=by.user, at=at)


@transaction.atomic(durable=True)
def submit_quote(
    *,
    quote: Quote,
    why: str = "",
    in_return: Sequence[str] = (),
    in_return_note: str = "",
    needed_by: date | None = None,
    needed_cause: str = "",
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> ApprovalRequest:
    """Freeze the terms of a quote and ask everybody who must agree to them.

    Attempt n+1 on the deal; decisions of the last attempt whose topics are the same or better
    are carried forward with their date. When nobody is left to ask it is approved at once. A
    request that waits on another revision of this quote is superseded. Raises Refused naming
    everything that is missing or impossible, Conflict when these terms wait already.
    """
    deal = lock_deal(quote.deal_id)
    quote = lock_quote(quote.pk, deal)
    check_can_submit(quote, by=by)
    check_version(quote, version)
    rows = rows_of(quote)
    quote.deal = deal
    check_not_approved(quote, at)
    check_prices(rows)
    found = judge(rows, submitter=by.user, at=at)
    check_answers(
        found,
        why=why,
        in_return=in_return,
        in_return_note=in_return_note,
        needed_by=needed_by,
        needed_cause=needed_cause,
    )
    _supersede_others(quote, deal, by=by, at=at)
    _freeze(quote, found, at=at)
    request = ApprovalRequest.objects.create(
        quote=quote,
        deal=deal,
        attempt=(deal.approval_requests.aggregate(last=Max("attempt"))["last"] or 0) + 1,
        snapshot=_snapshot(quote, found, at=at),
        policy=found.version,
        route=route_plain(found.route),
        route_key=found.route.key,
        is_automatic=found.route.automatic,
        why=why.strip(),
        in_return=list(in_return),
        in_return_note=in_return_note.strip(),
        needed_by=needed_by,
        needed_cause=needed_cause.strip() if needed_by else "",
        submitted_at=at,
        submitted_by=by.user,
        expires_at=at + timedelta(days=found.policy.pending_days),
    )
    exceptions_of(request, found.terms, found.route, found.policy)
    slots = _add_steps(request, found, at=at)
    record(
        "quote.submitted",
        request,
        by=by,
        at=at,
        after={
            "attempt": request.attempt,
            "digest": request.snapshot.digest,
            "policy": found.version.number,
            "policy_digest": found.version.digest,
            "route": request.route_key,
            "net": quote.net_amount,
            "asked": [
                slot.person_id for slot in slots if slot.state == SlotState.NOT_YET_REQUESTED
            ],
            "carried": [slot.carried_from_id for slot in slots if slot.carried_from_id],
            "needed_by": needed_by,
        },
        why=request.why,
        related=[deal, quote],
    )
    tell_alerts(request, found, by=by, at=at)
    settle_request(request, by=by, at=at)
    follow_evidence(deal, by=by, at=at)
    return request


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
    why = f"{by.user.name} took the approval back: {reason.strip()}"
    for ended in resting_on(decision, request, deal):
        _revoke_request(ended, why=why, by=by, at=at)
    return request


def resting_on(decision: Decision, own: ApprovalRequest, deal: Deal) -> list[ApprovalRequest]:
    """The request decided, and those to which the decision was carried forward, still standing."""
    carried = ApprovalRequest.objects.filter(
        steps__slots__carried_from=decision, status__in=[Status.PENDING, Status.APPROVED]
    )
    others = carried.exclude(pk=own.pk).distinct().order_by("pk").values_list("pk", flat=True)
    return [own, *(lock_request(pk, deal) for pk in others)]


def _revoke_request(request: ApprovalRequest, *, why: str, by: Actor, at: datetime) -> None:
    if request.is_pending:
        end_request(request, Status.REVOKED, why=why, by=by, at=at, killed=links.Killed.ENDED)
    else:
        request.mark_revoked()
        request.ended_reason = why
        request.save(update_fields=["status", "ended_reason"])
        refresh_approval(request.deal_id)
        close_exceptions(request, at=at)
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


# What submitting asks


def check_not_approved(quote: Quote, at: datetime) -> None:
    """Raise Conflict when an approval in time covers this very revision already."""
    if quote.is_draft:
        return
    state = cover_of_quote(quote, at)
    if state.request is not None and state.request.quote_id == quote.pk:
        raise Conflict("These terms are approved already.", code="already_approved")


def check_prices(rows: QuoteRows) -> None:
    """Raise Refused when a draft was priced by a list that has been corrected since."""
    quote = rows.quote
    if not quote.is_draft or quote.origin != Deal.Origin.APP:
        return
    draft = draft_of(rows)
    book = PriceBook(quote.currency, quote.priced_on, [line.product.pk for line in draft.lines])
    stale = []
    for row in rows.lines:
        line = row.line
        price = book.price(line.product_id, line.product.name)
        term = book.term_percent(line.product_id, quote.term_months, line.period)
        tier = book.tier_percent(line.product_id, line.quantity)
        listed = (line.period, line.list_unit_price, line.term_percent, line.tier_percent)
        if listed != (price.period, price.amount, term, tier):
            stale.append(line.product.name)
    if stale:
        raise Refused(
            f"The price list has changed for {', '.join(stale)}. Save the quote once more.",
            code="prices_changed",
        )


def check_answers(
    found: Judgement,
    *,
    why: str,
    in_return: Sequence[str],
    in_return_note: str,
    needed_by: date | None,
    needed_cause: str,
) -> None:
    """Raise Refused naming everything that stands in the way of submitting, at once."""
    missing = [Missing(problem.code, "Quote", problem.sentence) for problem in found.problems]
    if not found.route.automatic:
        if not why.strip():
            missing.append(Missing("why", "Why", "Say why the customer needs this."))
        if not in_return:
            missing.append(
                Missing("in_return", "In return", "Say what we get in return, or “nothing”.")
            )
    unknown = set(in_return) - set(ApprovalRequest.Return.values)
    nothing = ApprovalRequest.Return.NOTHING in in_return and len(set(in_return)) > 1
    if unknown or nothing:
        missing.append(
            Missing("in_return", "In return", "Choose from the list; “nothing” stands alone.")
        )
    if bool(needed_by) != bool(needed_cause.strip()):
        missing.append(
            Missing("needed_cause", "Answer needed by", "Give the day and what it depends on.")
        )
    if missing:
        sentences = " ".join(dict.fromkeys(item.sentence for item in missing))
        code = found.problems[0].code if found.problems else "incomplete"
        raise Refused(sentences, code=code, missing=missing)


# What submitting writes


def _supersede_others(quote: Quote, deal: Deal, *, by: Actor, at: datetime) -> None:
    family = family_of(quote)
    pending = ApprovalRequest.objects.pending().filter(quote__in=family).exclude(quote=quote)
    for pk in list(pending.order_by("pk").values_list("pk", flat=True)):
        request = lock_request(pk, deal)
        why = f"Revision {quote.revision} was submitted in its place."
        end_request(request, Status.SUPERSEDED, why=why, by=by, at=at, killed=links.Killed.ENDED)


def _freeze(quote: Quote, found: Judgement, *, at: datetime) -> None:
    """From here on the revision never changes."""
    if not quote.is_draft:
        return
    write_figures(quote, found.terms.price)
    quote.status = Quote.Status.SUBMITTED
    quote.submitted_at = at
    quote.save_version(update_fields=["status", "submitted_at", *FIGURES])


def _snapshot(quote: Quote, found: Judgement, *, at: datetime) -> TermsSnapshot:
    marks = digests(found.terms)
    return TermsSnapshot.objects.create(
        quote=quote,
        body=canonical(found.terms),
        digest=marks.overall,
        price_digest=marks.price,
        commercial_digest=marks.commercial,
        legal_digest=marks.legal,
        segment=found.terms.segment.key,
        taken_at=at,
    )


def _add_steps(request: ApprovalRequest, found: Judgement, *, at: datetime) -> list[ApprovalSlot]:
    """Write the steps with everybody who is asked; what is carried forward is settled already."""
    asked = [group for step in found.resolution.steps for group in step.groups]
    users = users_of(person.key for group in asked for person in group.people)
    slots: list[ApprovalSlot] = []
    for position, step in enumerate(found.resolution.steps, 1):
        row = ApprovalStep.objects.create(
            request=request,
            position=position,
            wave=step.wave,
            key=step.key,
            name=step.name,
            mode=step.mode.value,
            groups={group.role.value: group.needed for group in step.groups},
            topics={g.role.value: [topic.value for topic in g.topics] for g in step.groups},
            reasons={g.role.value: [reason.sentence for reason in g.reasons] for g in step.groups},
            state=StepState.NOT_YET_REQUESTED,
        )
        taken: set[int] = set()
        for group in step.groups:
            decision = found.carried.get((step.key, group.role.value))
            if decision is not None and decision.decided_by_id not in taken:
                slots.append(_carried_slot(row, group.role.value, decision, at=at))
                taken.add(decision.decided_by_id)
        for group in step.groups:
            if (step.key, group.role.value) in found.carried:
                continue
            for person in group.people:
                if person.key in taken:
                    continue
                taken.add(person.key)
                substitution = " ".join(group.notes)
                held = held_as(person, group.role)
                slots.append(
                    add_slot(row, group, users[person.key], held=held, substitution=substitution)
                )
    for slot in slots:
        slot.save()
    return slots


def _carried_slot(
    step: ApprovalStep, role: str, decision: Decision, *, at: datetime
) -> ApprovalSlot:
    return ApprovalSlot(
        step=step,
        role=role,
        person=decision.decided_by,
        held_as=decision.slot.held_as,
        carried_from=decision,
        state=SlotState.CARRIED_FORWARD,
        hours=Decimal(0),
        closed_at=at,
    )


def settle_request(request: ApprovalRequest, *, by: Actor, at: datetime) -> None:
    """Bring steps, waves and the request itself to where the answers given so far put them."""
    settled = standing(request)
    for step in request.steps.all():
        outcome = settled.step(step.key)
        if outcome is Outcome.APPROVED and step.settled_at is None:
            carried = not step.slots.filter(state=SlotState.APPROVED).exists()
            step.state = StepState.CARRIED_FORWARD if carried else StepState.APPROVED
            step.settled_at = at
            step.save(update_fields=["state", "settled_at"])
    if settled.outcome is Outcome.APPROVED:
        approve_request(request, by=by, at=at)
        tell_outcome(request, by=by, at=at)
    elif settled.outcome is Outcome.PENDING and settled.open_wave is not None:
        _open_wave(request, settled.open_wave, at=at)


def _open_wave(request: ApprovalRequest, wave: int, *, at: datetime) -> None:
    """Ask everybody of the wave whose turn it is; nobody twice."""
    waiting = ApprovalSlot.objects.filter(
        step__request=request, step__wave__lte=wave, state=SlotState.NOT_YET_REQUESTED
    )
    slots = list(waiting.select_related("person__calendar", "step").order_by("pk"))
    for slot in slots:
        slot.step.request = request
    open_slots(slots, request, at=at)


def tell_alerts(request: ApprovalRequest, found: Judgement, *, by: Actor, at: datetime) -> None:
    """Tell the roles that are only informed, where nobody of them is asked anyway."""
    for role, sentences in alerts_by_role(found).items():
        for person in alerted_people(role, request):
            if by.user is not None and person.pk == by.user.pk:
                continue
            notify(
                person,
                "approval.alert",
                about=request,
                dedupe_key=f"request:{request.pk}",
                at=at,
                context={
                    "deal": request.deal.name,
                    "sentences": sentences,
                    "submitter": by.name,
                },
                link=f"request:{request.pk}",
            )


def alerts_by_role(found: Judgement) -> dict[str, list[str]]:
    by_role: dict[str, list[str]] = {}
    for alert in found.route.alerts:
        if alert.role not in found.route.roles:
            by_role.setdefault(alert.role.value, []).append(alert.sentence)
    return by_role


def alerted_people(role: str, request: ApprovalRequest) -> Iterable[User]:
    """Who of a role is told: of managers and VPs those above the owner, of others everybody."""
    if role in ("sales_manager", "vp_sales"):
        return User.objects.above(request.deal.owner).admitted().holding(role)[:1]
    return User.objects.admitted().holding(role)
