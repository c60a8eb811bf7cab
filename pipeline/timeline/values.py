"""Values of changed fields as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pipeline.addedfields import names_in, shown_words
from pipeline.models import Choice, Deal, Segment
from pipeline.timeline.names import PEOPLE, Names
from revops.company.fields import fields_of
from revops.frame.formats import day_text, money_text
from revops.ledger.models import Entry

if TYPE_CHECKING:
    from django.db.models import Model


LISTS = {
    "deal_source": Choice.List.SOURCE,
    "loss_reason": Choice.List.LOSS_REASON,
    "reason_key": Choice.List.PUSH_REASON,
}
LONG = frozenset(
    {
        "pain_points",
        "current_solution",
        "timeline",
        "technical_requirements",
        "stakeholder_map",
        "redlines",
    }
)


def value_text(name: str, value: Any, facts: dict[str, Any], names: Names) -> str:
    """One value of a changed field as a person reads it."""
    if value in (None, "", [], {}):
        return ""
    if name in PEOPLE:
        return names.person(value)
    if name in ("account", "parent"):
        return names.accounts.get(value, "an account")
    if name in LISTS:
        return names.choice(LISTS[name], value)
    if name in ("amount", "revenue_amount"):
        return amount_text(value, str(facts.get("currency") or facts.get("revenue_currency") or ""))
    if name == "segment_override":
        return Segment(value).label if value in Segment.values else str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {each}" for key, each in value.items())
    return day_or_text(str(value))


def amount_text(value: Any, currency: str) -> str:
    try:
        return money_text(Decimal(str(value)), currency)
    except InvalidOperation:
        return str(value)


def day_or_text(text: str) -> str:
    if len(text) == 10 and text[4:5] == "-":
        try:
            return day_text(date.fromisoformat(text))
        except ValueError:
            pass
    return text if len(text) <= 90 else f"{text[:87]}…"


def label_of(name: str, model: type[Model] = Deal) -> str:
    try:
        label = str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    except Exception:
        label = name.replace("_", " ")
    return label[:1].upper() + label[1:]


def changes_of(entry: Entry, names: Names, model: type[Model] = Deal) -> list[tuple[str, str, str]]:
    """What was typed over: label, before, after. A long text shows only that it is there now."""
    found = []
    for name, after in entry.after.items():
        if name in ("push_count", "close_date_waived", "segment_override_by"):
            continue
        before = entry.before.get(name)
        if name == "custom":
            found += added_changes(before or {}, after or {})
            continue
        old = "" if name in LONG else value_text(name, before, entry.before, names)
        new = value_text(name, after, {**entry.before, **entry.after}, names) or "empty"
        found.append((label_of(name, model), old, new))
    return found


def added_changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """What changed among the fields that the company added."""
    known = {each.key: each for each in fields_of("deal")}
    names = names_in(list(known.values()), [before, after])

    def words(key: str, value: Any) -> str:
        if value is None or key not in known:
            return day_or_text(str(value)) if value is not None else ""
        return shown_words(known[key], value, names)

    return [
        (
            known[key].label if key in known else label_of(key),
            words(key, before.get(key)),
            words(key, after.get(key)) or "empty",
        )
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    ]


def and_list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
