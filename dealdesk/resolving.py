"""Which people a route asks: `resolve(route, people, excluded) -> Resolution`.

Evaluation names roles; this second pure function names people, for preview and submission only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dealdesk.policy import Role, StepMode, Topic
from dealdesk.pricing import Problem
from dealdesk.routing import Route, RouteGroup, RouteStep, Tried
from dealdesk.wording import capital, listed


@dataclass(frozen=True, slots=True)
class Behalf:
    """For whom a delegate answers. `key` is the primary key of the absence."""

    key: int
    name: str
    until: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be asked. `key` is the primary key of the person.

    A delegate stands with the roles of whom they answer for. Who is away and has nobody to answer
    for them is asked only when nobody else is left; `away` says until when.
    """

    key: int
    name: str
    roles: frozenset[Role] = field(default=frozenset(), compare=False)
    active: bool = True
    behalf: Behalf | None = field(default=None, compare=False)
    away: str = field(default="", compare=False)


STANDS_FOR = {role: frozenset({role}) for role in Role} | {
    Role.SALES_MANAGER: frozenset({Role.SALES_MANAGER, Role.VP_SALES})
}
"""The roles by which somebody may answer for each; a VP stands in for a sales manager."""


@dataclass(frozen=True)
class Directory:
    """The people of the company as they are now.

    `line` is the owner's reporting line, nearest first and without the owner. `fallbacks` are
    those the policy names for when nobody else is left.
    """

    line: tuple[Person, ...] = ()
    holders: Mapping[Role, tuple[Person, ...]] = field(default_factory=dict)
    fallbacks: Mapping[Role, Person] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Substitution:
    """Somebody is asked who is not the usual one, and why."""

    role: Role
    person: Person
    sentence: str


@dataclass(frozen=True, slots=True)
class AskedGroup:
    """One role of a step with the people who are asked, and how many yes it needs of them."""

    role: Role
    needed: int
    topics: tuple[Topic, ...]
    hours: int
    reasons: tuple[Tried, ...]
    people: tuple[Person, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedStep:
    key: str
    name: str
    wave: int
    mode: StepMode
    groups: tuple[AskedGroup, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """The steps with their people; `refusals` name every role that nobody can answer for."""

    steps: tuple[AskedStep, ...]
    substitutions: tuple[Substitution, ...] = ()
    refusals: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.refusals


@dataclass(slots=True)
class _Found:
    """The people found for one role so far."""

    group: RouteGroup
    people: list[Person]
    notes: list[str] = field(default_factory=list)
    swaps: list[Substitution] = field(default_factory=list)

    def substitute(self, person: Person, sentence: str) -> None:
        self.people = [person]
        self.notes.append(sentence)
        self.swaps.append(Substitution(self.group.role, person, sentence))


def resolve(route: Route, people: Directory, excluded: Mapping[int, str]) -> Resolution:
    """Return who is asked in each step.

    `excluded` maps the key of a person to why they may not decide ("submitted this quote").
    A person is never in two groups of one step; a role with nobody left is refused by name.
    """
    steps, swaps, refusals = [], [], []
    for step in route.steps:
        found = [_found(group, people, excluded) for group in step.groups]
        refusals += _nobody_twice(step, found, people, excluded)
        for item in found:
            _say_behalf(item)
        steps.append(_asked_step(step, found))
        swaps += [swap for item in found for swap in item.swaps]
        refusals += [refusal for item in found if (refusal := _unanswerable(item)) is not None]
    return Resolution(tuple(steps), tuple(swaps), tuple(_each_role_once(refusals)))


def _found(group: RouteGroup, people: Directory, excluded: Mapping[int, str]) -> _Found:
    if group.role is Role.SALES_MANAGER:
        found = _manager(group, people, excluded)
    else:
        found = _holders(group, people, excluded)
    if not found.people:
        _take_fallback(found, people, excluded)
    if len(found.people) < max(group.needed, 1):
        _take_absent(found, people, excluded)
    return found


def _say_behalf(found: _Found) -> None:
    """Say of each delegate for whom they answer."""
    for person in found.people:
        if person.behalf is not None:
            sentence = (
                f"{person.name} answers for {person.behalf.name}, away until {person.behalf.until}."
            )
            found.notes.append(sentence)
            found.swaps.append(Substitution(found.group.role, person, sentence))


def _take_absent(found: _Found, people: Directory, excluded: Mapping[int, str]) -> None:
    """Ask who is away as well: better somebody who may look at their mail than nobody at all."""
    role = found.group.role
    known = people.line if role is Role.SALES_MANAGER else people.holders.get(role, ())
    fallback = people.fallbacks.get(role)
    for person in (*known, *((fallback,) if fallback else ())):
        asked = [each.key for each in found.people]
        if len(asked) >= max(found.group.needed, 1):
            return
        if not person.away or person.key in asked or person.key in excluded:
            continue
        if person is not fallback and not STANDS_FOR[role] & person.roles:
            continue
        sentence = f"Nobody else is left, so {person.name} is asked, away until {person.away}."
        found.people.append(person)
        found.notes.append(sentence)
        found.swaps.append(Substitution(role, person, sentence))


def _manager(group: RouteGroup, people: Directory, excluded: Mapping[int, str]) -> _Found:
    """The nearest sales manager up the owner's line who may decide, else any VP above."""
    found = _Found(group, [])
    passed = []
    for person in people.line:
        if Role.SALES_MANAGER not in person.roles:
            continue
        reason = _barred(person, excluded)
        if reason is None:
            found.people = [person]
            break
        passed.append(reason)
    if found.people:
        if passed:
            found.substitute(found.people[0], _instead(passed, found.people[0]))
        return found
    if not passed:
        passed.append("No sales manager is above the owner")
    for person in people.line:
        if Role.VP_SALES in person.roles and _barred(person, excluded) is None:
            found.substitute(person, f"{_instead(passed, person)[:-1]} as VP of sales.")
            break
    else:
        found.notes += passed
    return found


def _holders(group: RouteGroup, people: Directory, excluded: Mapping[int, str]) -> _Found:
    """Every active holder of the role who is not excluded; the first answer counts."""
    found = _Found(group, [])
    holders = people.holders.get(group.role, ())
    stood_for = {person.behalf.name for person in holders if person.behalf}
    for person in holders:
        reason = _barred(person, excluded)
        if reason is None:
            found.people.append(person)
        elif person.active and person.name not in stood_for:
            found.notes.append(f"{reason} and is not asked.")
    return found


def _barred(person: Person, excluded: Mapping[int, str]) -> str | None:
    """Why a person may not decide, as the first half of a sentence; None when they may."""
    if not person.active:
        return f"{person.name} is not active"
    if person.key in excluded:
        return f"{person.name}{_meant(person)} {excluded[person.key]}"
    if person.away:
        return f"{person.name} is away until {person.away}"
    return None


def _meant(person: Person) -> str:
    """For whom a person was meant to answer who may not."""
    return f", who answers for {person.behalf.name}," if person.behalf else ""


def _instead(reasons: Sequence[str], person: Person) -> str:
    return f"{listed(reasons)}, so {person.name} is asked."


def _take_fallback(found: _Found, people: Directory, excluded: Mapping[int, str]) -> None:
    fallback = people.fallbacks.get(found.group.role)
    if fallback is None or _barred(fallback, excluded) is not None:
        return
    label = found.group.role.label
    found.substitute(
        fallback, f"Nobody is left for {label}, so {fallback.name} is asked, as the policy names."
    )


def _nobody_twice(
    step: RouteStep, found: list[_Found], people: Directory, excluded: Mapping[int, str]
) -> list[Problem]:
    """Leave each person in one group of the step: where they are needed most, else the smallest."""
    shared = [
        person
        for person in dict.fromkeys(p for item in found for p in item.people)
        if sum(person in item.people for item in found) > 1
    ]
    if not shared:
        return []
    keep = _placed(shared, found)
    for person in shared:
        for item in found:
            if person in item.people and keep[person.key] is not item:
                item.people.remove(person)
                role = keep[person.key].group.role.label
                item.notes.append(f"{person.name} is asked for {role} and cannot count twice.")
    taken = {person.key: "is asked in the same step already" for person in shared}
    for item in found:
        if not item.people:
            _take_fallback(item, people, {**excluded, **taken})
        if not item.people:
            _take_absent(item, people, {**excluded, **taken})
    short = [item for item in found if not item.people]
    return [_only_one(shared, step, item) for item in short]


def _placed(shared: list[Person], found: list[_Found]) -> dict[int, _Found]:
    """Choose one group for each shared person: the one that would otherwise lack people most."""
    own = {id(item): sum(person not in shared for person in item.people) for item in found}
    keep: dict[int, _Found] = {}
    fewest_choices = sorted(shared, key=lambda p: sum(p in item.people for item in found))
    for person in fewest_choices:
        choices = [item for item in found if person in item.people]
        chosen = min(
            choices,
            key=lambda item: (
                own[id(item)] - max(item.group.needed, 1),
                _is_behalf(person, item),
            ),
        )
        own[id(chosen)] += 1
        keep[person.key] = chosen
    return keep


def _is_behalf(person: Person, item: _Found) -> bool:
    """Whether a person stands in a group for somebody else; their own group comes first."""
    return any(each.behalf is not None for each in item.people if each == person)


def _only_one(shared: list[Person], step: RouteStep, item: _Found) -> Problem:
    names = listed(person.name for person in shared)
    both = listed(group.role.label for group in step.groups)
    return Problem(
        "one_person_for_two_groups",
        f"Only {names} is left for {both}, and one person cannot answer for both:"
        f" name somebody else for {item.group.role.label}.",
        item.group.role.value,
    )


def _unanswerable(item: _Found) -> Problem | None:
    """Refuse a role with nobody, or with fewer people than it needs yes from."""
    label, people = item.group.role.label, item.people
    if not people:
        why = f" {capital(listed(note.rstrip('.') for note in item.notes))}." if item.notes else ""
        return Problem(
            "approver_missing",
            f"Nobody can decide for {label}.{why} Ask an administrator to name somebody.",
            item.group.role.value,
        )
    if len(people) < item.group.needed:
        return Problem(
            "quorum_unreachable",
            f"{capital(label)} needs {item.group.needed} to agree, but only {len(people)} may.",
            item.group.role.value,
        )
    return None


def _each_role_once(refusals: list[Problem]) -> list[Problem]:
    """Keep the first, most exact refusal of each role."""
    return list({refusal.about: refusal for refusal in reversed(refusals)}.values())[::-1]


def _asked_step(step: RouteStep, found: list[_Found]) -> AskedStep:
    groups = tuple(
        AskedGroup(
            role=item.group.role,
            needed=yes_needed(step.mode, item.group, len(item.people)),
            topics=item.group.topics,
            hours=item.group.hours,
            reasons=item.group.reasons,
            people=tuple(item.people),
            notes=tuple(item.notes),
        )
        for item in found
    )
    return AskedStep(step.key, step.name, step.wave, step.mode, groups)


def yes_needed(mode: StepMode, group: RouteGroup, asked: int) -> int:
    """How many yes a group needs of `asked` people; a share of them is rounded up."""
    if group.percent:
        return max(-(-group.percent * asked // 100), 1)
    if mode is StepMode.ALL_ANSWERED:
        return 1
    return group.needed or asked


def without(resolution: Resolution, steps: set[str]) -> Resolution:
    """Return the resolution less the steps of these keys, as when they are carried forward."""
    kept = tuple(step for step in resolution.steps if step.key not in steps)
    return replace(resolution, steps=kept)
