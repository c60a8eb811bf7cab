"""Submitting a quote: the terms are frozen, and everybody who must agree is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max

from dealdesk import links
from dealdesk.coverage import cover_of_quote
from dealdesk.drafts import draft_of
from dealdesk.exclusions import family_of
from dealdesk.inputs import PriceBook, QuoteRows, rows_of
from dealdesk.models import (
    ApprovalRequest,
    ApprovalSlot,
    CounterOffer,
    JudgedFacts,
    Quote,
    TermsSnapshot,
)
from dealdesk.operations.budgets import draw, secured
from dealdesk.operations.ending import end_request
from dealdesk.operations.offers import answer
from dealdesk.operations.shared import (
    FIGURES,
    lock_deal,
    lock_quote,
    lock_request,
    write_figures,
)
from dealdesk.operations.steps import add_steps, settle_request
from dealdesk.permissions import check_can_submit
from dealdesk.previewing import Judgement, judge
from dealdesk.registering import exceptions_of
from dealdesk.replayfacts import VERSION, facts_text
from dealdesk.routing import route_plain
from dealdesk.terms import canonical, digests
from pipeline.findings.keeping import OF_OTHERS
from pipeline.models import Deal
from pipeline.operations.shared import follow_evidence
from revops.ledger.operations import record
from revops.models import check_version
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Conflict, Missing, Refused

Status = ApprovalRequest.Status
SlotState = ApprovalSlot.State


@dataclass(frozen=True)
class Answers:
    """What a submission says for itself: why, what we get for it, and by when."""

    why: str = ""
    in_return: Sequence[str] = ()
    in_return_note: str = ""
    needed_by: date | None = None
    needed_cause: str = ""


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
    answers = Answers(why, in_return, in_return_note, needed_by, needed_cause)
    return submit_locked(quote, deal, answers, by=by, at=at)


def submit_locked(
    quote: Quote, deal: Deal, answers: Answers, *, by: Actor, at: datetime
) -> ApprovalRequest:
    """Submit a quote of a locked deal; the transaction is the caller's."""
    rows = rows_of(quote)
    quote.deal = deal
    check_not_approved(quote, at)
    check_prices(rows)
    found = secured(rows, judge(rows, submitter=by.user, at=at), by=by, at=at)
    check_answers(found, answers)
    _supersede_others(quote, deal, by=by, at=at)
    _freeze(quote, found, at=at)
    request = _request(quote, deal, found, answers, by=by, at=at)
    exceptions_of(request, found.terms, found.route, found.policy)
    slots = add_steps(request, found, at=at)
    if found.granted is not None:
        draw(found.granted, request, by=by, at=at)
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
            "grant": found.granted.grant.pk if found.granted else None,
            "carried": [slot.carried_from_id for slot in slots if slot.carried_from_id],
            "needed_by": answers.needed_by,
        },
        why=request.why,
        related=[deal, quote],
    )
    _take_offers(found, quote, by=by, at=at)
    tell_alerts(request, found, by=by, at=at)
    settle_request(request, by=by, at=at)
    follow_evidence(deal, by=by, at=at)
    return request


def _request(
    quote: Quote, deal: Deal, found: Judgement, answers: Answers, *, by: Actor, at: datetime
) -> ApprovalRequest:
    return ApprovalRequest.objects.create(
        quote=quote,
        deal=deal,
        attempt=(deal.approval_requests.aggregate(last=Max("attempt"))["last"] or 0) + 1,
        snapshot=_snapshot(quote, found, at=at),
        policy=found.version,
        route=route_plain(found.route),
        route_key=found.route.key,
        is_automatic=found.route.automatic,
        why=answers.why.strip(),
        in_return=list(answers.in_return),
        in_return_note=answers.in_return_note.strip(),
        needed_by=answers.needed_by,
        needed_cause=answers.needed_cause.strip() if answers.needed_by else "",
        submitted_at=at,
        submitted_by=by.user,
        expires_at=at + timedelta(days=found.policy.pending_days),
    )


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


def check_answers(found: Judgement, answers: Answers) -> None:
    """Raise Refused naming everything that stands in the way of submitting, at once."""
    missing = [Missing(problem.code, "Quote", problem.sentence) for problem in found.problems]
    if not found.route.automatic:
        if not answers.why.strip():
            missing.append(Missing("why", "Why", "Say why the customer needs this."))
        if not answers.in_return:
            missing.append(
                Missing("in_return", "In return", "Say what we get in return, or “nothing”.")
            )
    unknown = set(answers.in_return) - set(ApprovalRequest.Return.values)
    nothing = (
        ApprovalRequest.Return.NOTHING in answers.in_return and len(set(answers.in_return)) > 1
    )
    if unknown or nothing:
        missing.append(
            Missing("in_return", "In return", "Choose from the list; “nothing” stands alone.")
        )
    if bool(answers.needed_by) != bool(answers.needed_cause.strip()):
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
    found = list(pending.order_by("pk").values_list("pk", flat=True))
    for pk in found:
        request = lock_request(pk, deal)
        why = f"Revision {quote.revision} was submitted in its place."
        end_request(request, Status.SUPERSEDED, why=why, by=by, at=at, killed=links.Killed.ENDED)
    if found:
        # Ending wrote into the deal's row; what is kept next is compared with that.
        deal.refresh_from_db(fields=OF_OTHERS)


def _take_offers(found: Judgement, quote: Quote, *, by: Actor, at: datetime) -> None:
    """A counter-offer that these terms rest on is accepted, whoever typed them."""
    carried = set(found.carried.values())
    for offer in CounterOffer.objects.filter(decision__in=carried, answer=None).order_by("pk"):
        answer(offer, CounterOffer.Answer.ACCEPTED, note=f"As r{quote.revision}", by=by, at=at)


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
    snapshot = TermsSnapshot.objects.create(
        quote=quote,
        body=canonical(found.terms),
        digest=marks.overall,
        price_digest=marks.price,
        commercial_digest=marks.commercial,
        legal_digest=marks.legal,
        segment=found.terms.segment.key,
        taken_at=at,
    )
    facts = facts_text(found.terms)
    JudgedFacts.objects.create(snapshot=snapshot, schema=VERSION, body=facts)
    return snapshot


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
