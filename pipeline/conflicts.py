"""Who changed a record while somebody else was typing, told field by field from the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Model

from pipeline.registry import CUSTOM
from revops.ledger.models import Entry
from revops.refusals import Conflict

ENTRIES_READ = 200


class Changed(Protocol):
    """A field that somebody else changed: what is known of it, and who did it."""

    name: str
    by: str
    at: datetime | None


def say_who(changed: Iterable[Changed], record: Model, *, since: datetime | None = None) -> None:
    """Note on each changed field who changed it last, and when."""
    entries = entries_about(record, since)
    for each in changed:
        if entry := latest(entries, each.name):
            each.by, each.at = name_of(entry), entry.at


def entries_about(record: Model, since: datetime | None = None) -> list[Entry]:
    entries = Entry.objects.about(record).select_related("actor", "on_behalf_of")
    return list((entries.filter(at__gt=since) if since else entries)[:ENTRIES_READ])


def latest(entries: Iterable[Entry], name: str) -> Entry | None:
    """The newest entry that changed a field; `custom.<key>` is one of the company's own."""
    return next((entry for entry in entries if touches(entry, name)), None)


def touches(entry: Entry, name: str) -> bool:
    if name.startswith(CUSTOM):
        key = name.removeprefix(CUSTOM)
        before, after = entry.before.get("custom") or {}, entry.after.get("custom") or {}
        return before.get(key) != after.get(key) or name in entry.after
    return name in entry.after


def name_of(entry: Entry) -> str:
    return entry.actor.name if entry.actor else "The system"


def with_current_values(refused: Conflict, record: Model, asked: Mapping[str, Any]) -> Conflict:
    """The conflict with what the fields in question say now, and who changed them last."""
    if refused.code != "stale":
        return refused
    flat = {name: value for name, value in asked.items() if name != "custom"}
    flat |= {f"{CUSTOM}{key}": value for key, value in (asked.get("custom") or {}).items()}
    present = {name: value_of(record, name) for name in flat}
    entries = entries_about(record)
    fields = {
        name: {"current": value, **who(latest(entries, name))}
        for name, value in present.items()
        if value != flat[name]
    }
    return Conflict(refused.message, code=refused.code, **refused.facts, fields=fields)


def value_of(record: Model, name: str) -> Any:
    if name.startswith(CUSTOM):
        return record.custom.get(name.removeprefix(CUSTOM))  # type: ignore[attr-defined]
    return getattr(record, name, None)


def who(entry: Entry | None) -> dict[str, str]:
    if entry is None:
        return {}
    return {"changed_by": name_of(entry), "changed_at": entry.at.isoformat()}
