"""A pipeline's rules as a file that people read and keep: written one way, read with every fault.

The file is YAML. What it may hold is said here once, by key; a key that is not known is a fault
with its place, like a value of the wrong kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.models import Choice, PipelineVersion, StageRule
from pipeline.stages import Criterion, Item, Process, Rule
from revops.people.models import Role
from revops.yamlfiles import BadFile, read_yaml, written_in_yaml

HEAD = "# The rules of a pipeline. Read it back with: manage.py import_pipeline FILE --dry-run\n"


@dataclass(frozen=True)
class ChosenValue:
    """One value of a pick list, as the file has it."""

    key: str
    label: str
    is_retired: bool = False


@dataclass(frozen=True)
class RuleFile:
    """What one file says: a pipeline, its rules, and the pick lists it names."""

    key: str
    name: str
    process: Process
    note: str = ""
    goes_to: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[ChosenValue, ...]] = field(default_factory=dict)


# Writing


def write_rules(file: RuleFile) -> str:
    """The file as text, in one form: the same rules always read the same."""
    process = file.process
    said: dict[str, Any] = {
        "pipeline": file.key,
        "name": file.name,
        **({"note": file.note} if file.note else {}),
        "rules": {
            "skipping": process.skipping,
            "moving_back": process.moving_back,
            "gate": process.gate,
            "debt_blocks_at": process.debt_blocks_at or None,
            "debt_days": process.debt_days,
            "buyer_silence_days": process.buyer_silence_days,
        },
        "stages": [stage_said(rule) for rule in process.rules],
    }
    if file.goes_to:
        said["deals_go_from"] = dict(sorted(file.goes_to.items()))
    if file.choices:
        said["choices"] = {
            list_: [choice_said(each) for each in values] for list_, values in file.choices.items()
        }
    return HEAD + written_in_yaml(said)


def plain(value: Any) -> Any:
    """A choice of the model as the text it stands for."""
    return str(value) if isinstance(value, str) else value


def stage_said(rule: Rule) -> dict[str, Any]:
    said: dict[str, Any] = {
        "key": rule.key,
        "name": rule.name,
        "kind": plain(rule.kind),
        "probability_percent": rule.probability_percent,
        "forecast_category": plain(rule.forecast_category),
        "default_stale_days": rule.default_stale_days,
        "may_create_here": rule.may_create_here,
    }
    if rule.entry_roles:
        said["entry_roles"] = sorted(rule.entry_roles)
    if rule.items:
        said["items"] = [item_said(item) for item in rule.items]
    if rule.criteria:
        said["criteria"] = [criterion_said(each) for each in rule.criteria]
    return said


def item_said(item: Item) -> dict[str, Any]:
    more = {"none_allowed": True} if item.none_allowed else {}
    return {"key": item.key, "label": item.label, **more}


def criterion_said(criterion: Criterion) -> dict[str, Any]:
    said: dict[str, Any] = {"key": criterion.key, "label": criterion.label}
    if criterion.needs_note:
        said["needs_note"] = True
    if criterion.derived_from:
        said["derived_from"] = criterion.derived_from
    return said


def choice_said(choice: ChosenValue) -> dict[str, Any]:
    more = {"retired": True} if choice.is_retired else {}
    return {"key": choice.key, "label": choice.label, **more}


# Reading

Check = Callable[[Any], str]


def text(most: int) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            return "is a text"
        return f"has {most} letters at most" if len(value) > most else ""

    return check


def slug(most: int, more: str = "") -> Check:
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_" + more)

    def check(value: Any) -> str:
        if isinstance(value, str) and value and len(value) <= most and set(value) <= allowed:
            return ""
        return f"is letters, digits, hyphens and underscores, {most} at most"

    return check


def one_of(values: Sequence[str]) -> Check:
    return lambda value: "" if value in values else f"is one of {', '.join(values)}"


def number(most: int, *, least: int = 0, none: bool = False) -> Check:
    def check(value: Any) -> str:
        if value is None and none:
            return ""
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return ""
        return f"is a whole number from {least} to {most}"

    return check


def yes_or_no(value: Any) -> str:
    return "" if isinstance(value, bool) else "is true or false"


def roles(value: Any) -> str:
    if isinstance(value, list) and all(each in Role.values for each in value):
        return ""
    return f"is a list of {', '.join(Role.values)}"


def optional(check: Check) -> Check:
    return lambda value: "" if value is None else check(value)


def anything(value: Any) -> str:
    return ""


@dataclass(frozen=True)
class Field:
    """One key of a part of the file."""

    check: Check
    is_needed: bool = False
    default: Any = None


FREEDOM = one_of(PipelineVersion.Freedom.values)

TOP = {
    "pipeline": Field(slug(50), True),
    "name": Field(text(100), True),
    "note": Field(optional(text(5000)), default=""),
    "rules": Field(anything, default={}),
    "stages": Field(anything, True),
    "deals_go_from": Field(anything, default={}),
    "choices": Field(anything, default={}),
}
LIBERTIES = {
    "skipping": Field(FREEDOM, default="reason"),
    "moving_back": Field(FREEDOM, default="reason"),
    "gate": Field(one_of(PipelineVersion.Gate.values), default="exit"),
    "debt_blocks_at": Field(optional(slug(50)), default=""),
    "debt_days": Field(number(3650), default=14),
    "buyer_silence_days": Field(number(3650), default=14),
}
STAGE = {
    "key": Field(slug(50), True),
    "name": Field(text(100), True),
    "kind": Field(one_of(StageRule.Kind.values), default="open"),
    "probability_percent": Field(number(100), default=0),
    "forecast_category": Field(one_of(StageRule.ForecastCategory.values), default="pipeline"),
    "default_stale_days": Field(number(3650, least=1, none=True)),
    "may_create_here": Field(yes_or_no, default=False),
    "entry_roles": Field(roles, default=[]),
    "items": Field(anything, default=[]),
    "criteria": Field(anything, default=[]),
}
ITEM = {
    "key": Field(slug(60, "."), True),
    "label": Field(text(100), True),
    "none_allowed": Field(yes_or_no, default=False),
}
CRITERION = {
    "key": Field(slug(60), True),
    "label": Field(text(150), True),
    "needs_note": Field(yes_or_no, default=False),
    "derived_from": Field(optional(slug(60, ".")), default=""),
}
CHOICE = {
    "key": Field(slug(50), True),
    "label": Field(text(100), True),
    "retired": Field(yes_or_no, default=False),
}


def read_rules(written: str) -> RuleFile:
    """What the file says. Raises BadFile naming every fault with its place."""
    said = read_yaml(written, "the rules of a pipeline")
    faults: list[str] = []
    top = read_part(said, TOP, "", faults)
    liberties = read_part(top["rules"], LIBERTIES, "rules", faults)
    stages = [
        read_stage(each, f"stages[{place}]", faults)
        for place, each in enumerate(read_list(top["stages"], "stages", faults))
    ]
    check_once([rule.key for rule in stages], "stages", faults)
    goes_to = read_pairs(top["deals_go_from"], "deals_go_from", faults)
    choices = read_choices(top["choices"], faults)
    blocks = liberties["debt_blocks_at"] or ""
    known = {rule.key for rule in stages}
    for place, key in (("rules.debt_blocks_at", blocks), *pairs_of(goes_to)):
        if key and key not in known:
            faults.append(f"{place}: there is no stage “{key}” in this file.")
    if faults:
        raise BadFile(faults)
    liberties["debt_blocks_at"] = blocks
    process = Process(0, 0, 0, tuple(stages), **liberties)
    return RuleFile(top["pipeline"], top["name"], process, top["note"] or "", goes_to, choices)


def read_part(
    said: Any, known: Mapping[str, Field], place: str, faults: list[str]
) -> dict[str, Any]:
    """The values of one part, with defaults where there are none."""
    defaults = {name: each.default for name, each in known.items()}
    if said is None and not any(each.is_needed for each in known.values()):
        return defaults
    if not isinstance(said, dict):
        faults.append(f"{place or 'The file'}: this is a list of keys with values.")
        return defaults
    at = f"{place}." if place else ""
    faults += [f"{at}{key}: unknown key." for key in said if key not in known]
    found = dict(defaults)
    for name, each in known.items():
        if name not in said:
            if each.is_needed:
                faults.append(f"{at}{name}: this is missing.")
        elif wrong := each.check(said[name]):
            faults.append(f"{at}{name}: this {wrong}, not {said[name]!r}.")
        else:
            found[name] = said[name]
    return found


def read_list(said: Any, place: str, faults: list[str]) -> list[Any]:
    if said is None or isinstance(said, list):
        return said or []
    faults.append(f"{place}: this is a list.")
    return []


def read_stage(said: Any, place: str, faults: list[str]) -> Rule:
    facts = read_part(said, STAGE, place, faults)
    items = [
        Item(**read_part(each, ITEM, f"{place}.items[{number}]", faults))
        for number, each in enumerate(read_list(facts["items"], f"{place}.items", faults))
    ]
    criteria = []
    for number_, each in enumerate(read_list(facts["criteria"], f"{place}.criteria", faults)):
        found = read_part(each, CRITERION, f"{place}.criteria[{number_}]", faults)
        criteria.append(Criterion(**{**found, "derived_from": found["derived_from"] or ""}))
    check_once([each.key for each in items], f"{place}.items", faults)
    check_once([each.key for each in criteria], f"{place}.criteria", faults)
    facts |= {
        "items": tuple(items),
        "criteria": tuple(criteria),
        "entry_roles": frozenset(facts["entry_roles"]),
    }
    return Rule(stage_id=0, position=0, **facts)


def check_once(keys: Sequence[str], place: str, faults: list[str]) -> None:
    twice = sorted({key for key in keys if key and keys.count(key) > 1})
    faults += [f"{place}: the key “{key}” stands there twice." for key in twice]


def read_pairs(said: Any, place: str, faults: list[str]) -> dict[str, str]:
    if not isinstance(said, dict):
        if said is not None:
            faults.append(f"{place}: this is a list of stages, each with where its deals go.")
        return {}
    wrong = [key for key, value in said.items() if not isinstance(value, str)]
    faults += [f"{place}.{key}: this is the key of a stage." for key in wrong]
    return {str(key): value for key, value in said.items() if isinstance(value, str)}


def pairs_of(goes_to: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(f"deals_go_from.{key}", target) for key, target in goes_to.items()]


def read_choices(said: Any, faults: list[str]) -> dict[str, tuple[ChosenValue, ...]]:
    if said is None:
        return {}
    if not isinstance(said, dict):
        faults.append("choices: this is a list of pick lists.")
        return {}
    found = {}
    for list_, values in said.items():
        place = f"choices.{list_}"
        if list_ not in Choice.List.values:
            faults.append(f"{place}: unknown key.")
            continue
        parts = [
            read_part(each, CHOICE, f"{place}[{number}]", faults)
            for number, each in enumerate(read_list(values, place, faults))
        ]
        check_once([part["key"] for part in parts], place, faults)
        found[list_] = tuple(
            ChosenValue(part["key"], part["label"], part["retired"]) for part in parts
        )
    return found
