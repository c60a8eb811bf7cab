"""Counter-offers: what an approver would say yes to instead, and what becomes of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dealdesk import cover, links
from dealdesk.canonical import canonical_json, from_json
from dealdesk.comparing import compared
from dealdesk.coverage import at_rate_of
from dealdesk.drafts import QuoteDraft, build_rows, draft_of
from dealdesk.inputs import TermsReader, rows_of
from dealdesk.models import ApprovalLink, ApprovalRequest, ApprovalSlot, CounterOffer, Quote
from dealdesk.operations.decisions import (
    check_terms,
    slot_to_decide,
    use_link,
    write_decision,
)
from dealdesk.operations.ending import end_request
from dealdesk.operations.offers import answer, tell_answer, tell_offer
from dealdesk.operations.quotes import add_revision, stand_on
from dealdesk.operations.shared import judged_terms, lock_deal, lock_request, pinned_policy
from dealdesk.operations.submitting import Answers, submit_locked
from dealdesk.papers import check_paper
from dealdesk.patches import Patch, check_offer, patched
from dealdesk.permissions import (
    check_can_answer_offer,
    check_can_return,
)
from dealdesk.policy import Topic
from dealdesk.terms import Terms, canonical, digests, from_canonical
from pipeline.models import Deal
from pipeline.operations.shared import follow_evidence
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Conflict, Refused

Answer = CounterOffer.Answer


def offered_terms(request: ApprovalRequest, patch: Patch) -> Terms:
    """The terms a request would come to with these changes. Raises Refused for what cannot be."""
    quote = Quote.objects.select_related("deal__account").get(pk=request.quote_id)
    draft = patched(draft_of(rows_of(quote)), patch)
    return TermsReader(pinned_policy(request)).terms(build_rows(quote, draft))


@transaction.atomic(durable=True)
def counter_offer(
    *,
    slot: ApprovalSlot,
    patch: Patch,
    reason: str,
    digest: str,
    link: ApprovalLink | None = None,
    by: Actor,
    at: datetime,
) -> CounterOffer:
    """Return a request with the terms that its approver would approve.

    They are nowhere worse for us than those asked. Accepted as they are, this approver has agreed
    to them. Raises what deciding raises, and Refused where the changes do not fit the quote,
    change nothing or make something worse.
    """
    slot, policy = slot_to_decide(slot, by=by, at=at)
    request = slot.step.request
    deal = request.deal
    check_can_return(request)
    check_paper(slot)
    check_terms(request, digest)
    if not reason.strip():
        raise Refused("Say why you would have it so.", code="reason_missing")
    asked = judged_terms(request)
    offered = at_rate_of(asked, offered_terms(request, patch))
    check_offer(asked, offered, policy, judged={Topic(topic) for topic in slot.topics})
    if link is not None:
        use_link(link, slot, at=at)
    decision = write_decision(slot, request, verdict="returned", reason=reason, by=by, at=at)
    counter = CounterOffer.objects.create(
        decision=decision,
        patch=canonical_json(patch),
        body=canonical(offered),
        digest=digests(offered).overall,
    )
    rows = [[row.label, row.asked, row.offered] for row in compared(asked, offered, policy)]
    record(
        "approval.countered",
        request,
        by=by,
        at=at,
        after={"counter": counter.pk, "digest": counter.digest, "changes": rows},
        why=decision.reason,
        related=[deal, request.quote],
    )
    end_request(
        request,
        ApprovalRequest.Status.RETURNED,
        why=decision.reason,
        by=by,
        at=at,
        killed=links.Killed.NOT_NEEDED,
    )
    tell_offer(counter, request, rows, by=by, at=at)
    return counter


@transaction.atomic(durable=True)
def accept_counter(*, counter: CounterOffer, by: Actor, at: datetime) -> ApprovalRequest:
    """Take an offer as it is: a revision with its changes, submitted at once.

    Its author has agreed to exactly these terms; whoever else the route names is asked. Where the
    deal stood on the terms that were asked, it stands on these. Raises Conflict when the offer was
    answered, the quote was submitted again, or prices or the account make other terms of it.
    """
    deal, request, counter = _locked(counter)
    check_can_answer_offer(counter, request, by=by, at=at)
    quote = _revision(counter, request, deal, by=by, at=at)
    _check_same_terms(counter, request, quote)
    answer(counter, Answer.ACCEPTED, by=by, at=at)
    if request.quote.is_primary:
        stand_on(quote, deal, by=by, at=at)
    answers = Answers(
        why=request.why,
        in_return=request.in_return,
        in_return_note=request.in_return_note,
        needed_by=request.needed_by,
        needed_cause=request.needed_cause,
    )
    asked = submit_locked(quote, deal, answers, by=by, at=at)
    tell_answer(counter, request, by=by, at=at)
    return asked


@transaction.atomic(durable=True)
def take_up_counter(*, counter: CounterOffer, by: Actor, at: datetime) -> Quote:
    """Begin a draft with the changes of an offer, to be edited; the offer stays open.

    Submitted with terms the same or better for us than the offer, its author has agreed to them.
    """
    deal, request, counter = _locked(counter)
    check_can_answer_offer(counter, request, by=by, at=at)
    return _revision(counter, request, deal, by=by, at=at)


@transaction.atomic(durable=True)
def decline_counter(
    *, counter: CounterOffer, note: str = "", by: Actor, at: datetime
) -> CounterOffer:
    """Turn an offer down; its author is told, and has agreed to nothing."""
    _, request, counter = _locked(counter)
    check_can_answer_offer(counter, request, by=by, at=at)
    answer(counter, Answer.DECLINED, note=note, by=by, at=at)
    tell_answer(counter, request, by=by, at=at)
    return counter


# Shared by the operations above; all assume the transaction.


def _locked(counter: CounterOffer) -> tuple[Deal, ApprovalRequest, CounterOffer]:
    number = counter.decision.slot.step.request_id
    deal = lock_deal(counter.decision.slot.step.request.deal_id)
    request = lock_request(number, deal)
    found = CounterOffer.objects.select_related("decision__decided_by", "decision__slot__step")
    counter = found.get(pk=counter.pk)
    counter.decision.slot.step.request = request
    return deal, request, counter


def patched_draft(counter: CounterOffer, request: ApprovalRequest) -> QuoteDraft:
    """What was asked, with the changes of an offer, as an editor would send it."""
    quote = Quote.objects.select_related("deal__account").get(pk=request.quote_id)
    return patched(draft_of(rows_of(quote)), from_json(Patch, counter.patch))


def _revision(
    counter: CounterOffer, request: ApprovalRequest, deal: Deal, *, by: Actor, at: datetime
) -> Quote:
    draft = patched_draft(counter, request)
    quote = add_revision(deal, draft, based_on=request.quote, by=by, at=at, is_copy=True)
    follow_evidence(deal, by=by, at=at)
    return quote


def _check_same_terms(counter: CounterOffer, request: ApprovalRequest, quote: Quote) -> None:
    """Raise Conflict, naming what is different, unless a revision is what was offered."""
    policy = pinned_policy(request)
    now = TermsReader(policy).terms(rows_of(quote))
    if digests(now).overall == counter.digest:
        return
    offered = from_canonical(counter.body)
    changes = cover.in_words(cover.diff(offered, at_rate_of(offered, now), policy))
    raise Conflict(
        "These would be other terms than those offered: the prices or the account changed since."
        f" {' '.join(changes[:2])} Take the offer as a draft and submit that.",
        code="terms_changed",
        changes=changes,
    )
