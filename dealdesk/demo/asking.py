"""Asking for approval in invented deals: requests, steps, slots, decisions and the register."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dealdesk.demo import offers, words
from dealdesk.demo.offers import Judged
from dealdesk.demo.world import DAY
from dealdesk.directory import held_as
from dealdesk.models import ExceptionRecord
from dealdesk.policy import Role
from dealdesk.registering import company_amount, discounts, timings, volumes
from dealdesk.resolving import AskedGroup, AskedStep, Person, resolve
from revops.ledger.chain import Subject
from revops.worktime.arithmetic import add_business_time, business_time_between

if TYPE_CHECKING:
    from dealdesk.demo.drafting import DealDraft, QuoteDraft
    from dealdesk.demo.quoting import Quoting

REJECTABLE = (Role.DEAL_DESK, Role.VP_SALES, Role.SALES_MANAGER, Role.FINANCE, Role.LEGAL)


@dataclass
class Answer:
    """What one person of a group says, and when."""

    verdict: str
    at: datetime
    via: str = "web"
    reason: str = ""


@dataclass
class Request:
    """One attempt while it is being written."""

    id: int
    chunk: Quoting
    deal: DealDraft
    quote: QuoteDraft
    judged: Judged
    at: datetime
    wish: str
    until: datetime
    snapshot: int = 0
    why: str = ""
    in_return: list[str] = field(default_factory=list)
    in_return_note: str = ""
    needed_by: date | None = None
    needed_cause: str = ""
    deciders: list[int] = field(default_factory=list)
    status: str = "pending"
    ended_reason: str = ""
    decided_at: datetime | None = None

    @property
    def subject(self) -> Subject:
        return ("approvalrequest", self.id)

    @property
    def related(self) -> list[Subject]:
        return [("deal", self.deal.id), ("quote", self.quote.id)]


def write_request(
    chunk: Quoting, deal: DealDraft, quote: QuoteDraft, at: datetime, wish: str, until: datetime
) -> Request:
    """Submit a quote and let the request come out as wished, no later than `until`."""
    segment = deal.account.segment
    money = chunk.world.money(quote.offer.currency, chunk.world.day(at))
    judged = chunk.judge.judged(quote.offer, segment, money)
    if judged.route.problems:
        raise ValueError(judged.route.problems[0].sentence)
    quote.submitted_at = at
    deal.attempt += 1
    request = Request(chunk.numbers.take("request"), chunk, deal, quote, judged, at, wish, until)
    write_snapshot(request)
    if not judged.route.automatic:
        give_reasons(request)
    steps = asked_steps(request)
    record_submission(request, steps)
    if judged.route.automatic:
        settle(request, "approved", at)
    elif wish == "pending":
        pending_steps(request, steps)
    elif wish == "recalled":
        recalled_steps(request, steps, chunk.between(at, until, 0.4))
    else:
        decided_steps(request, steps)
    write_row(request)
    write_exceptions(request)
    if request.status == "consumed":
        chunk.record(
            "approval.consumed",
            request.subject,
            at=deal.closed_at or at,
            by=deal.seller.id,
            after={
                "approved_digest": judged.digests.overall,
                "won_digest": judged.digests.overall,
            },
            related=request.related,
        )
    return request


def write_snapshot(request: Request) -> None:
    chunk, judged = request.chunk, request.judged
    request.snapshot = chunk.numbers.take("snapshot")
    digests, segment = judged.digests, request.deal.account.segment
    chunk.rows["snapshot"].append(
        (
            request.snapshot,
            request.quote.id,
            chunk.judge.body(judged, segment),
            digests.overall,
            digests.price,
            digests.commercial,
            digests.legal,
            segment.key,
            request.at,
        )
    )


def give_reasons(request: Request) -> None:
    """Why it is asked, what is given in return, and by when an answer is needed."""
    rng = request.chunk.rng
    request.why = rng.choice(words.WHY)
    request.in_return, request.in_return_note = rng.choice(words.IN_RETURN)
    if rng.random() < 0.4:
        request.needed_by = request.chunk.world.day(request.at) + DAY * rng.randint(3, 9)
        request.needed_cause = rng.choice(words.NEEDED_CAUSES)


def record_submission(request: Request, steps: Sequence[AskedStep]) -> None:
    """The entry of the submission, as the operation writes it."""
    chunk, judged = request.chunk, request.judged
    people = [p.key for step in steps for group in step.groups for p in group.people]
    chunk.record(
        "quote.submitted",
        request.subject,
        at=request.at,
        by=request.deal.seller.id,
        after={
            "attempt": request.deal.attempt,
            "digest": judged.digests.overall,
            "policy": chunk.world.policy_number,
            "policy_digest": chunk.world.policy_digest,
            "route": judged.route.key,
            "net": offers.priced(request.quote.offer).net_amount,
            "asked": people,
            "carried": [],
            "needed_by": request.needed_by,
        },
        why=request.why,
        related=request.related,
    )


def write_row(request: Request) -> None:
    chunk, deal, judged = request.chunk, request.deal, request.judged
    world = chunk.world
    valid_until = consumed_at = None
    if request.status in ("approved", "consumed") and request.decided_at:
        valid_until = request.decided_at + DAY * world.policy.validity_days
    if request.status == "consumed":
        consumed_at = deal.closed_at
    chunk.rows["request"].append(
        (
            request.id,
            request.quote.id,
            deal.id,
            deal.attempt,
            request.snapshot,
            world.policy_id,
            judged.route_json,
            judged.route.key,
            judged.route.automatic,
            request.why,
            request.in_return,
            request.in_return_note,
            request.needed_by,
            request.needed_cause,
            request.status,
            request.ended_reason,
            request.at,
            deal.seller.id,
            request.at + DAY * world.policy.pending_days,
            request.decided_at,
            valid_until,
            consumed_at,
        )
    )


# Steps, slots and decisions


def asked_steps(request: Request) -> Sequence[AskedStep]:
    seller = request.deal.seller
    found = resolve(request.judged.route, seller.directory, {seller.id: "owns this deal"})
    if not found.ok:
        raise ValueError(found.refusals[0].sentence)
    return found.steps


def decided_steps(request: Request, steps: Sequence[AskedStep]) -> None:
    """Everybody answers; with the wish "rejected" the most senior of price or terms says no."""
    chunk, rng = request.chunk, request.chunk.rng
    groups = [(step, group) for step in steps for group in step.groups]
    refuser = None
    if request.wish == "rejected":
        roles = [group.role for _, group in groups]
        refuser = next(role for role in REJECTABLE if role in roles)
    limit = request.at + (request.until - request.at) * 0.9
    answers: dict[Role, Answer] = {}
    for _, group in groups:
        moment = request.at + timedelta(hours=group.hours * rng.uniform(0.1, 2.6))
        moment = min(chunk.office(moment, request.at), limit)
        answers[group.role] = Answer(
            "approved", moment, rng.choice(("web", "web", "mail_link")), rng.choice(words.YES)
        )
    last = max(answer.at for answer in answers.values())
    if refuser is not None:
        answers[refuser] = Answer("rejected", last, "web", rng.choice(words.NO))
        for role, answer in answers.items():
            if role is not refuser and answer.at >= last:
                answer.at = last - (last - request.at) / 3
    outcome = "rejected" if refuser is not None else "approved"
    for position, step in enumerate(steps, 1):
        write_step(request, position, step, answers, last)
    if refuser is not None:
        request.ended_reason = answers[refuser].reason
    settle(request, outcome, last)


def pending_steps(request: Request, steps: Sequence[AskedStep]) -> None:
    """Some have answered, others have not: at least one step stays open."""
    chunk, rng = request.chunk, request.chunk.rng
    answers: dict[Role, Answer] = {}
    open_step = rng.randrange(len(steps))
    for number, step in enumerate(steps):
        for group in step.groups:
            if number != open_step and rng.random() < 0.35:
                moment = chunk.between(request.at, chunk.world.at, rng.uniform(0.3, 0.8))
                answers[group.role] = Answer("approved", moment, "web", rng.choice(words.YES))
    for position, step in enumerate(steps, 1):
        write_step(request, position, step, answers, None)


def recalled_steps(request: Request, steps: Sequence[AskedStep], at: datetime) -> None:
    for position, step in enumerate(steps, 1):
        write_step(request, position, step, {}, at)
    request.ended_reason = words.RECALLED
    settle(request, "recalled", at)


def write_step(
    request: Request,
    position: int,
    step: AskedStep,
    answers: dict[Role, Answer],
    ended_at: datetime | None,
) -> None:
    """One step with its slots; `ended_at` is when the whole request ended."""
    chunk = request.chunk
    pk = chunk.numbers.take("step")
    given = [answers.get(group.role) for group in step.groups]
    settled_at: datetime | None
    if any(answer and answer.verdict == "rejected" for answer in given):
        state, settled_at = "rejected", ended_at
    elif all(given):
        state, settled_at = "approved", max(answer.at for answer in given if answer)
    elif ended_at is not None:
        state, settled_at = "cancelled", ended_at
    else:
        state, settled_at = "requested", None
    chunk.rows["step"].append(
        (
            pk,
            request.id,
            position,
            step.wave,
            step.key,
            step.name,
            step.mode.value,
            {group.role.value: group.needed for group in step.groups},
            {group.role.value: [topic.value for topic in group.topics] for group in step.groups},
            {
                group.role.value: [tried.sentence for tried in group.reasons]
                for group in step.groups
            },
            state,
            settled_at,
        )
    )
    for group in step.groups:
        write_slots(request, pk, group, answers.get(group.role), ended_at)


def write_slots(
    request: Request,
    step: int,
    group: AskedGroup,
    answer: Answer | None,
    ended_at: datetime | None,
) -> None:
    """The slots of one role; the first of the people asked, by turns, gives the answer."""
    chunk = request.chunk
    people = group.people
    speaker = people[request.id % len(people)]
    for person in people:
        pk = chunk.numbers.take("slot")
        closed_at = answer.at if answer else ended_at
        if answer and person is speaker:
            state = answer.verdict
        elif answer:
            state = "not_required" if answer.verdict == "approved" else "cancelled"
        else:
            state = "cancelled" if ended_at else "requested"
        due = add_business_time(
            chunk.world.calendars[person.key], request.at, timedelta(hours=group.hours)
        )
        chunk.rows["slot"].append(
            (
                pk,
                step,
                group.role.value,
                person.key,
                " ".join(group.notes)[:300],
                held_as(person, group.role),
                state,
                Decimal(group.hours),
                request.at,
                due,
                closed_at,
            )
        )
        if answer and person is speaker:
            write_decision(request, pk, group, person, answer)


def write_decision(
    request: Request, slot: int, group: AskedGroup, person: Person, answer: Answer
) -> None:
    chunk, digests = request.chunk, request.judged.digests
    topics = {topic.value: digests.of(topic) for topic in group.topics}
    pk = chunk.numbers.take("decision")
    chunk.rows["decision"].append(
        (
            pk,
            slot,
            answer.verdict,
            answer.reason,
            digests.overall,
            topics,
            answer.at,
            person.key,
            answer.via,
        )
    )
    request.deciders.append(person.key)
    chunk.record(
        "approval.decided",
        ("decision", pk),
        at=answer.at,
        by=person.key,
        via=answer.via,
        after={
            "verdict": answer.verdict,
            "role": group.role.value,
            "digest": digests.overall,
            "topics": topics,
            "slot": slot,
        },
        why=answer.reason,
        related=[request.subject, *request.related],
    )


def settle(request: Request, status: str, at: datetime) -> None:
    """End the request; an approval on which the deal was won is used up."""
    chunk, digests = request.chunk, request.judged.digests
    request.status, request.decided_at = status, at
    after: dict[str, Any] = {"status": status, "digest": digests.overall}
    if status == "approved":
        after["valid_until"] = at + DAY * chunk.world.policy.validity_days
        after["automatic"] = request.judged.route.automatic
        if request.deal.status == "won":
            request.status = "consumed"
    last = request.deciders[-1] if request.deciders else request.deal.seller.id
    chunk.record(
        f"approval.{status}",
        request.subject,
        at=at,
        by=last,
        after=after,
        why=request.ended_reason,
        related=request.related,
    )


# The register of exceptions

OUTCOMES = {
    "pending": "pending",
    "approved": "approved",
    "consumed": "approved",
    "rejected": "rejected",
    "recalled": "withdrawn",
}


def write_exceptions(request: Request) -> None:
    chunk, deal = request.chunk, request.deal
    outcome = OUTCOMES[request.status]
    hours = None
    if request.decided_at is not None:
        spent = business_time_between(chunk.world.office_hours, request.at, request.decided_at)
        hours = Decimal(spent // timedelta(seconds=36)) / 100
    stake = company_amount(request.judged.terms, request.judged.terms.price.tcv)
    for facts in exceptions(request):
        pk = chunk.numbers.take("exception")
        requested = facts["requested_value"]
        chunk.rows["exception"].append(
            (
                pk,
                request.id,
                deal.id,
                deal.account.id,
                str(facts["kind"].value),
                facts.get("term"),
                facts["label"],
                facts["standard_value"],
                requested,
                requested if outcome == "approved" else "",
                facts.get("discount_percent"),
                facts.get("stake_amount", stake),
                deal.account.segment.key,
                request.judged.route.key,
                deal.seller.id,
                deal.seller.team_id,
                outcome,
                request.at,
                request.decided_at,
                hours,
            )
        )
        for person in sorted(set(request.deciders)):
            chunk.rows["decider"].append((pk, person))


def exceptions(request: Request) -> Iterator[dict[str, Any]]:
    """What the register keeps of a submission, found as submission finds it."""
    judged, policy = request.judged, request.chunk.world.policy
    yield from discounts(judged.terms, judged.route, policy)
    yield from timings(judged.terms, judged.route, policy)
    yield from volumes(judged.terms, judged.route)
    for term in judged.terms.nonstandard:
        if term.key not in policy.terms.adopted:
            yield {
                "kind": ExceptionRecord.Kind.CATALOGUE,
                "term": request.chunk.world.catalogue[term.key],
                "label": term.name,
                "standard_value": term.standard_value,
                "requested_value": term.requested_value or term.requested_text[:200],
            }
