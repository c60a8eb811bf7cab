"""Asking people: slots, their clocks, their mails, and who steps in when somebody cannot answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from dealdesk import links
from dealdesk.clocks import ORDER, Kind
from dealdesk.directory import directory_of, held_as, users_of
from dealdesk.exclusions import excluded_people
from dealdesk.mails import request_facts
from dealdesk.models import ApprovalRequest, ApprovalSlot, ApprovalStep
from dealdesk.operations.marks import set_marks
from dealdesk.operations.shared import judged_terms, pinned_policy
from dealdesk.permissions import ineligible
from dealdesk.policy import Policy, StepMode
from dealdesk.pricing import Problem
from dealdesk.resolving import AskedGroup, resolve
from dealdesk.routing import Route, RouteGroup, route_from_plain
from dealdesk.settling import YES, Answer, GroupState, Settled, StepState, settle
from dealdesk.standins import may_hold, rightful
from revops.ledger.operations import record
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.away import read_away
from revops.people.models import Role, User
from revops.worktime.arithmetic import add_business_time
from revops.worktime.calendars import calendar_of

State = ApprovalSlot.State

ANSWERS = {
    State.APPROVED: Answer.APPROVED,
    State.REJECTED: Answer.REJECTED,
    State.CARRIED_FORWARD: Answer.CARRIED_FORWARD,
    State.REQUESTED: Answer.OPEN,
    State.NOT_YET_REQUESTED: Answer.OPEN,
    State.NOT_REQUIRED: Answer.GONE,
    State.CANCELLED: Answer.GONE,
    State.REASSIGNED: Answer.GONE,
    State.RETURNED: Answer.GONE,
    State.BYPASSED: Answer.BYPASSED,
    State.GRANTED: Answer.CARRIED_FORWARD,
}


def due_at(person: User, hours: Decimal, at: datetime) -> datetime:
    """When an answer is due: so many of the person's own business hours from now."""
    return add_business_time(calendar_of(person), at, timedelta(hours=float(hours)))


def add_slot(
    step: ApprovalStep,
    group: AskedGroup | RouteGroup,
    person: User,
    *,
    held: str,
    substitution: str = "",
    absence: int | None = None,
    state: ApprovalSlot.State = State.NOT_YET_REQUESTED,
) -> ApprovalSlot:
    return ApprovalSlot(
        step=step,
        role=group.role.value,
        person=person,
        absence_id=absence,
        held_as=held,
        substitution=substitution[:300],
        hours=Decimal(group.hours),
        state=state,
    )


def slots_for(
    step: ApprovalStep, group: AskedGroup, users: Mapping[int, User]
) -> list[ApprovalSlot]:
    """A slot for each person of a group; a delegate's names the absence they answer in."""
    return [
        add_slot(
            step,
            group,
            users[person.key],
            held=held_as(person, group.role),
            substitution=" ".join(group.notes),
            absence=person.behalf.key if person.behalf else None,
        )
        for person in group.people
    ]


def open_slots(
    slots: Iterable[ApprovalSlot],
    request: ApprovalRequest,
    *,
    at: datetime,
    kinds: Sequence[Kind] = ORDER,
) -> list[ApprovalSlot]:
    """Ask these people now, or who answers for them: clocks start and mails go out."""
    opened = list(slots)
    put_present(opened, request, at=at)
    for slot in opened:
        slot.state = State.REQUESTED
        slot.requested_at = at
        slot.due_at = due_at(slot.person, slot.hours, at)
        slot.save()
        set_marks(slot, at=at, kinds=kinds)
        ask_by_mail(slot, request, at=at, key=f"slot:{slot.pk}")
    steps = {slot.step_id for slot in opened}
    ApprovalStep.objects.filter(pk__in=steps, state=ApprovalStep.State.NOT_YET_REQUESTED).update(
        state=ApprovalStep.State.REQUESTED
    )
    return opened


def put_present(slots: Iterable[ApprovalSlot], request: ApprovalRequest, *, at: datetime) -> None:
    """Let slots that nobody was asked on yet be those of who is here, or answers for them."""
    away = read_away(at)
    moved = [slot for slot in slots if slot.person_id in away.absences or slot.absence_id]
    if not moved:
        return
    excluded = excluded_people(request.quote, request.submitted_by, at)
    for slot in moved:
        found = rightful(slot, away)
        if found is None or found.holds(slot) or not may_hold(slot, found.person, excluded):
            continue
        slot.person, slot.absence, slot.substitution = found.person, found.absence, found.sentence


def ask_by_mail(
    slot: ApprovalSlot,
    request: ApprovalRequest,
    *,
    at: datetime,
    key: str,
    event: str = "approval.requested",
) -> None:
    """Mail a person their own fresh link; the one they had ends."""
    link = links.issue(slot, at=at)
    notify(
        slot.person,
        event,
        about=slot,
        dedupe_key=key,
        at=at,
        context=request_facts(request, slot, judged_terms(request)),
        link=f"{links.KIND}:{link.pk}",
    )


def standing(request: ApprovalRequest) -> Settled:
    """Where a request stands, from its steps and slots as they are now."""
    steps = list(request.steps.prefetch_related("slots").order_by("position"))
    return settle(
        [
            StepState(
                key=step.key,
                wave=step.wave,
                mode=StepMode(step.mode),
                groups=tuple(
                    GroupState(
                        role=role,
                        needed=needed,
                        answers=tuple(
                            ANSWERS[State(slot.state)]
                            for slot in step.slots.all()
                            if slot.role == role
                        ),
                    )
                    for role, needed in step.groups.items()
                ),
            )
            for step in steps
        ],
        one_veto=pinned_policy(request).one_veto,
    )


# When somebody who was asked cannot answer any more


def restaff(request: ApprovalRequest, *, by: Actor, at: datetime) -> list[Problem]:
    """Let every group of a locked pending request have somebody who may answer it.

    Who may not answer any more is asked no longer; a group left without enough people is
    resolved again; where nobody is found, the problem is returned and told.
    """
    policy = pinned_policy(request)
    excluded = excluded_people(request.quote, request.submitted_by, at)
    undecided = Q(state__in=[State.REQUESTED, State.NOT_YET_REQUESTED])
    slots = ApprovalSlot.objects.filter(undecided, step__request=request)
    gone = []
    for slot in slots.select_related("person", "absence__person", "step__request"):
        why = ineligible(slot, excluded=excluded, policy=policy)
        if why:
            release(slot, why=why, by=by, at=at)
            gone.append(slot)
    problems: list[Problem] = []
    for step, role in empty_groups(request):
        problems += refill(request, step, role, policy, excluded, by=by, at=at)
    if problems:
        tell_unanswerable(request, problems, at=at)
    return problems


def release(slot: ApprovalSlot, *, why: str, by: Actor, at: datetime) -> None:
    """Ask a person no longer; the mail they have opens nothing any more."""
    slot.state = State.REASSIGNED
    slot.closed_at = at
    slot.save(update_fields=["state", "closed_at"])
    links.kill([slot], why=links.Killed.REASSIGNED, at=at)
    record(
        "approval.reassigned",
        slot,
        by=by,
        at=at,
        after={"from": slot.person_id, "role": slot.role},
        why=why,
        related=[slot.step.request, slot.step.request.deal],
    )


def empty_groups(request: ApprovalRequest) -> list[tuple[ApprovalStep, str]]:
    """Groups of unsettled steps with fewer people, asked and agreed, than must agree."""
    counted = {state for state, answer in ANSWERS.items() if answer in (Answer.OPEN, *YES)}
    unsettled = [ApprovalStep.State.REQUESTED, ApprovalStep.State.NOT_YET_REQUESTED]
    found = []
    for step in request.steps.filter(state__in=unsettled).prefetch_related("slots"):
        for role, needed in step.groups.items():
            people = [s for s in step.slots.all() if s.role == role and s.state in counted]
            if len(people) < max(needed, 1):
                found.append((step, role))
    return found


def refill(
    request: ApprovalRequest,
    step: ApprovalStep,
    role: str,
    policy: Policy,
    excluded: dict[int, str],
    *,
    by: Actor,
    at: datetime,
) -> Sequence[Problem]:
    """Resolve one group again; nobody is in two groups of the step, and nobody is asked twice.

    The policy knows nobody for a step that was added: whoever added it names somebody else.
    """
    if step.added_by is not None:
        who = step.added_by.name
        sentence = f"Whom {who} added cannot answer any more. Hand it on, or recall and resubmit."
        return [Problem("approver_missing", sentence, role)]
    busy = {
        slot.person_id: "is asked in this step already"
        for slot in step.slots.exclude(state=State.REASSIGNED)
    }
    route = route_from_plain(request.route)
    narrowed = only_group(route, step.key, role)
    if not any(each.groups for each in narrowed.steps):
        who = f"{step.name} was asked beside the policy, and nobody stands in."
        return [Problem("approver_missing", who, role)]
    people = directory_of(request.deal.owner, policy, at)
    found = resolve(narrowed, people, {**busy, **excluded})
    if not found.ok:
        return found.refusals
    group = found.steps[0].groups[0]
    new = slots_for(step, group, users_of(person.key for person in group.people))
    if step.state == ApprovalStep.State.REQUESTED:
        open_slots(new, request, at=at)
    else:
        ApprovalSlot.objects.bulk_create(new)
    for slot in new:
        record(
            "approval.asked",
            slot,
            by=by,
            at=at,
            after={"person": slot.person_id, "role": slot.role},
            related=[request, request.deal],
        )
    return ()


def only_group(route: Route, key: str, role: str) -> Route:
    """The route less everything but one role of one step."""
    steps = [step for step in route.steps if step.key == key]
    return replace(
        route,
        steps=tuple(
            replace(step, groups=tuple(g for g in step.groups if g.role.value == role))
            for step in steps
        ),
    )


def tell_unanswerable(
    request: ApprovalRequest, problems: Iterable[Problem], *, at: datetime
) -> None:
    """Tell submitter, owner and RevOps that nobody can answer, once for each set of reasons."""
    why = " ".join(problem.sentence for problem in problems)
    admins = User.objects.admitted().holding(Role.REVOPS_ADMIN)
    people = [p for p in (request.submitted_by, request.deal.owner, *admins) if p is not None]
    for person in dict.fromkeys(people):
        notify(
            person,
            "approval.unanswerable",
            about=request,
            dedupe_key=f"request:{request.pk}:{why}"[:200],
            at=at,
            context={"deal": request.deal.name, "why": why},
            link=f"request:{request.pk}",
        )
