"""A draft of a pipeline's rules as facts: how it differs from others, and what makes it unfit.

Nothing here reads or writes: drafts are frozen processes, and an edit makes another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.models import PipelineVersion, StageRule
from pipeline.stages import Criterion, Item, Process, Rule
from revops.people.models import Role
from revops.refusals import Missing, Refused

Kind = StageRule.Kind
Forecast = StageRule.ForecastCategory


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was: which stage (or the whole), and a sentence."""

    place: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}" if self.place else self.sentence


# What differs

LIBERTIES: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("skipping", "Skipping stages", lambda value: PipelineVersion.Freedom(value).label.lower()),
    ("moving_back", "Moving back", lambda value: PipelineVersion.Freedom(value).label.lower()),
    ("gate", "The gate", lambda value: lowered(PipelineVersion.Gate(value).label)),
    ("debt_days", "Days until a debt is overdue", str),
    ("buyer_silence_days", "Days until a silent buyer is flagged", str),
)

FEATURES: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("kind", "Kind", lambda value: Kind(value).label.lower()),
    ("probability_percent", "Probability", lambda value: f"{value}%"),
    ("forecast_category", "Forecast category", lambda value: Forecast(value).label.lower()),
    ("default_stale_days", "Stale after", lambda value: f"{value} days" if value else "never"),
    ("may_create_here", "Deals may begin here", lambda value: "yes" if value else "no"),
    ("entry_roles", "Who may enter", lambda value: roles_in_words(value)),
)


def lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def roles_in_words(roles: Iterable[str]) -> str:
    return ", ".join(Role(role).label for role in sorted(roles)) or "everybody"


def differences(
    before: Process | None, after: Process, *, goes_to: Mapping[str, str] | None = None
) -> list[Difference]:
    """What is not as it was, in sentences; without a version before, what the rules say.

    `goes_to` names, for a stage that is no more, the key of the one its deals go to.
    """
    if before is None:
        return [Difference("", first_words(after))]
    found = [*changed_liberties(before, after), *changed_order(before, after)]
    found += [
        Difference(rule.name, removed_words(rule, after, goes_to or {}))
        for rule in before.rules
        if rule.key not in after.by_key
    ]
    for rule in after.rules:
        old = before.by_key.get(rule.key)
        found += changed_stage(old, rule) if old else [Difference(rule.name, added_words(rule))]
    return found


def first_words(process: Process) -> str:
    names = ", ".join(rule.name for rule in process.rules)
    return f"The first rules of this pipeline: {names}."


def changed_liberties(before: Process, after: Process) -> list[Difference]:
    found = [
        Difference("", f"{label}: {words(getattr(before, name))}, now {words(value)}.")
        for name, label, words in LIBERTIES
        if getattr(before, name) != (value := getattr(after, name))
    ]
    if before.debt_blocks_at != after.debt_blocks_at:
        was, now = named(before, before.debt_blocks_at), named(after, after.debt_blocks_at)
        found.append(Difference("", f"What is owed blocks at {now}, no longer at {was}."))
    return found


def named(process: Process, key: str) -> str:
    rule = process.by_key.get(key)
    return rule.name if rule else "no stage"


def changed_order(before: Process, after: Process) -> list[Difference]:
    was = [rule.key for rule in before.rules if rule.key in after.by_key]
    now = [rule.key for rule in after.rules if rule.key in before.by_key]
    if was == now:
        return []
    return [Difference("", f"The order is {', '.join(rule.name for rule in after.rules)}.")]


def removed_words(rule: Rule, after: Process, goes_to: Mapping[str, str]) -> str:
    if target := goes_to.get(rule.key):
        return f"is no more; its deals go to {named(after, target)}."
    return "is no more."


def added_words(rule: Rule) -> str:
    parts = [
        Kind(rule.kind).label.lower(),
        f"{rule.probability_percent}%",
        Forecast(rule.forecast_category).label.lower(),
    ]
    asked = [*(item.label for item in rule.items), *(each.label for each in rule.criteria)]
    asks = f"; asks for {', '.join(asked)}" if asked else "; asks for nothing"
    return f"is new: {', '.join(parts)}{asks}."


def changed_stage(old: Rule, new: Rule) -> list[Difference]:
    found = []
    if old.name != new.name:
        found.append(f"was called {old.name}.")
    found += [
        f"{label}: {words(getattr(old, name))}, now {words(getattr(new, name))}."
        for name, label, words in FEATURES
        if getattr(old, name) != getattr(new, name)
    ]
    found += changed_asks(old.items, new.items, changed_item)
    found += changed_asks(old.criteria, new.criteria, changed_criterion)
    return [Difference(new.name, sentence) for sentence in found]


def changed_asks(
    old: Sequence[Any], new: Sequence[Any], changed: Callable[[Any, Any], list[str]]
) -> list[str]:
    was, now = {each.key: each for each in old}, {each.key: each for each in new}
    found = [f"asks for {asked_words(each)}." for key, each in now.items() if key not in was]
    found += [f"no longer asks for {each.label}." for key, each in was.items() if key not in now]
    for key, each in now.items():
        found += changed(was[key], each) if key in was else []
    kept = [key for key in was if key in now]
    if kept != [key for key in now if key in was]:
        found.append(f"asks in this order: {', '.join(each.label for each in new)}.")
    return found


def asked_words(ask: Item | Criterion) -> str:
    if isinstance(ask, Item):
        return f"{ask.label} (“there is none” is an answer)" if ask.none_allowed else ask.label
    how = "by a fact" if ask.derived_from else "by a person, with a note" if ask.needs_note else ""
    return f"{ask.label} (confirmed {how})" if how else f"{ask.label} (confirmed by a person)"


def changed_item(old: Item, new: Item) -> list[str]:
    found = [f"{old.label} is called {new.label}."] if old.label != new.label else []
    if old.none_allowed != new.none_allowed:
        now = "now" if new.none_allowed else "no longer"
        found.append(f"for {new.label}, “there is none” is {now} an answer.")
    return found


def changed_criterion(old: Criterion, new: Criterion) -> list[str]:
    found = [f"{old.label} reads {new.label}."] if old.label != new.label else []
    if old.needs_note != new.needs_note:
        found.append(f"{new.label} asks {'a' if new.needs_note else 'no'} note.")
    if old.derived_from != new.derived_from:
        by = f"the fact “{new.derived_from}”" if new.derived_from else "a person"
        found.append(f"{new.label} is confirmed by {by}.")
    return found


# What makes it unfit


@dataclass(frozen=True)
class Ground:
    """What a draft is held against: the rules in force, the deals it would meet, what exists."""

    before: Process | None = None
    held: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    """Deals by stage and status, of the stages that are no more or are of another kind."""
    goes_to: Mapping[str, str] = field(default_factory=dict)
    is_item: Callable[[str], bool] = lambda key: True
    is_fact: Callable[[str], bool] = lambda key: True


def faults_of(draft: Process, ground: Ground) -> list[Missing]:
    """Everything that keeps a draft from being published, each with how to mend it."""
    return [
        *faults_of_stages(draft),
        *faults_of_debts(draft),
        *faults_of_asks(draft, ground),
        *faults_of_removals(draft, ground),
        *faults_of_kinds(draft, ground),
    ]


def faults_of_stages(draft: Process) -> list[Missing]:
    found = []
    if not draft.open_rules:
        found.append(Missing("open", "Open stages", "Add at least one open stage."))
    elif not any(rule.may_create_here for rule in draft.open_rules):
        sentence = "Let deals begin in at least one open stage."
        found.append(Missing("begin", "Beginning", sentence))
    for kind in (Kind.WON, Kind.LOST):
        there = [rule.name for rule in draft.rules if rule.kind == kind]
        if len(there) != 1:
            says = f"there are {len(there)}: {', '.join(there)}" if there else "there is none"
            sentence = f"Have exactly one stage for {kind.label.lower()} deals; {says}."
            found.append(Missing(kind.value, f"{kind.label} stage", sentence))
    last_open = max((rule.position for rule in draft.open_rules), default=-1)
    for rule in draft.rules:
        if not rule.is_open and rule.position < last_open:
            sentence = f"Put {rule.name} behind the open stages."
            found.append(Missing("order", rule.name, sentence, stage=rule.key))
    return [*found, *faults_of_names(draft)]


def faults_of_names(draft: Process) -> list[Missing]:
    names = [rule.name.casefold() for rule in draft.rules]
    return [
        Missing("name", rule.name, "Give it a name that no other stage has.", stage=rule.key)
        for number, rule in enumerate(draft.rules)
        if rule.name.casefold() in names[:number]
    ]


def faults_of_debts(draft: Process) -> list[Missing]:
    if not draft.debt_blocks_at or draft.debt_blocks_at in draft.by_key:
        return []
    sentence = "Choose a stage of this draft, or none, where what is owed blocks."
    return [Missing("debt_blocks_at", "Where debts block", sentence)]


def faults_of_asks(draft: Process, ground: Ground) -> list[Missing]:
    found = []
    for rule in draft.rules:
        for item in rule.items:
            if not ground.is_item(item.key):
                sentence = f"{rule.name} asks for “{item.key}”, which nothing knows. Take it out."
                found.append(Missing(item.key, item.label, sentence, stage=rule.key))
        for criterion in rule.criteria:
            if criterion.derived_from and not ground.is_fact(criterion.derived_from):
                sentence = (
                    f"{rule.name} confirms this by the fact “{criterion.derived_from}”, "
                    "which nothing knows. Choose another, or let a person confirm it."
                )
                found.append(Missing(criterion.key, criterion.label, sentence, stage=rule.key))
    return found


def faults_of_removals(draft: Process, ground: Ground) -> list[Missing]:
    found = []
    for rule in gone(ground.before, draft):
        number = sum(ground.held.get(rule.stage_id, {}).values())
        target = draft.by_key.get(ground.goes_to.get(rule.key, ""))
        if target is None and number:
            sentence = f"{deals(number)} in {rule.name}. Name the stage where they go."
            found.append(Missing("goes_to", rule.name, sentence, stage=rule.key))
        elif target is not None and target.kind != rule.kind and number:
            sentence = (
                f"{deals(number)} in {rule.name}, and {target.name} is {named_kind(target)}. "
                f"Name a stage that is {named_kind(rule)}."
            )
            found.append(Missing("goes_to", rule.name, sentence, stage=rule.key))
    return found


def gone(before: Process | None, draft: Process) -> list[Rule]:
    """The stages of the rules in force that the draft has no more."""
    return [rule for rule in before.rules if rule.key not in draft.by_key] if before else []


def turned(before: Process | None, draft: Process) -> list[Rule]:
    """The stages that the draft makes another kind of."""
    if before is None:
        return []
    return [
        rule
        for rule in draft.rules
        if rule.key in before.by_key and before.by_key[rule.key].kind != rule.kind
    ]


def faults_of_kinds(draft: Process, ground: Ground) -> list[Missing]:
    found = []
    for rule in turned(ground.before, draft):
        number = sum(ground.held.get(rule.stage_id, {}).values())
        if number:
            sentence = (
                f"{deals(number)} in {rule.name}, which cannot become {named_kind(rule)} "
                "under them. Add another stage instead."
            )
            found.append(Missing("kind", rule.name, sentence, stage=rule.key))
    return found


def named_kind(rule: Rule) -> str:
    return "open" if rule.is_open else f"for {Kind(rule.kind).label.lower()} deals"


def deals(number: int) -> str:
    return "1 deal is" if number == 1 else f"{number:,} deals are"


# Edits


def in_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(replace(rule, position=number) for number, rule in enumerate(rules))


def with_rules(process: Process, rules: Iterable[Rule]) -> Process:
    return replace(process, rules=in_order(rules))


def with_stage(process: Process, rule: Rule, *, after: str = "") -> Process:
    """Put a new stage behind the one named; an open one else stands last of the open ones."""
    rules = list(process.rules)
    keys = [each.key for each in rules]
    if after in keys:
        place = keys.index(after) + 1
    elif rule.is_open:
        place = max((n + 1 for n, each in enumerate(rules) if each.is_open), default=0)
    else:
        place = len(rules)
    rules.insert(place, rule)
    return with_rules(process, rules)


def without_stage(process: Process, key: str) -> Process:
    rule = process.rule(key)
    blocks = "" if process.debt_blocks_at == key else process.debt_blocks_at
    kept = [each for each in process.rules if each is not rule]
    return replace(with_rules(process, kept), debt_blocks_at=blocks)


def with_changed_stage(process: Process, key: str, **changes: Any) -> Process:
    rule = settled(replace(process.rule(key), **changes))
    return with_rules(process, [rule if each.key == key else each for each in process.rules])


def settled(rule: Rule) -> Rule:
    """What its kind settles: a won stage is sure and closed, a lost one is omitted."""
    if rule.kind == Kind.WON:
        return replace(
            rule, probability_percent=100, forecast_category=Forecast.CLOSED.value, **CLOSED
        )
    if rule.kind == Kind.LOST:
        return replace(
            rule, probability_percent=0, forecast_category=Forecast.OMITTED.value, **CLOSED
        )
    return rule


CLOSED: dict[str, Any] = {"default_stale_days": None, "may_create_here": False}


def ordered(things: Sequence[Any], keys: Sequence[str], what: str) -> list[Any]:
    """`things` in the order of `keys`, which name each of them once; Refused otherwise."""
    by_key = {each.key: each for each in things}
    if sorted(keys) != sorted(by_key):
        raise Refused(f"Name each {what} once to put them in order.", code="invalid")
    return [by_key[key] for key in keys]


def moved(keys: Sequence[str], key: str, by: int) -> list[str]:
    """`keys` with one of them moved by so many places, as far as there are any."""
    if key not in keys:
        raise Refused(f"There is no “{key}” to move.", code="invalid")
    found = [each for each in keys if each != key]
    place = min(max(list(keys).index(key) + by, 0), len(found))
    return [*found[:place], key, *found[place:]]
