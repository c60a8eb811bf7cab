"""Steps of a demo request, with who was asked and what they decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from dealdesk.demo import words
from dealdesk.demo.asking.facts import Answer, Request
from dealdesk.demo.world import DAY
from dealdesk.directory import held_as
from dealdesk.policy import Role
from dealdesk.resolving import AskedGroup, AskedStep, Person, resolve
from revops.worktime.arithmetic import add_business_time

REJECTABLE = (Role.DEAL_DESK, Role.VP_SALES, Role.SALES_MANAGER, Role.FINANCE, Role.LEGAL)


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
