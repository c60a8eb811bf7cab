"""The ladder of a catalogue term as the quote editor offers it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from dealdesk.models import NonStandardTerm, TermRung
from dealdesk.policy import Role
from dealdesk.wording import roles_text
from revops.addresses import number_in


@dataclass(frozen=True)
class Offered:
    """One wording that may be taken as it stands, or that nobody can approve."""

    key: int
    name: str
    value: str
    text: str
    asks: str
    is_prohibited: bool


def with_ladder(terms: QuerySet[NonStandardTerm]) -> QuerySet[NonStandardTerm]:
    """The terms with the wordings that stand, read once."""
    return terms.prefetch_related(Prefetch("rungs", TermRung.objects.standing()))


def offered(term: NonStandardTerm) -> list[Offered]:
    """What the catalogue has besides our standard: who is asked for each wording."""
    return [
        Offered(
            key=rung.pk,
            name=rung.name,
            value=rung.value,
            text=rung.text,
            asks=roles_text(tuple(Role(role) for role in rung.roles)),
            is_prohibited=rung.kind == TermRung.Kind.PROHIBITED,
        )
        for rung in term.rungs.all()
        if rung.retired_at is None
    ]


def use_wording(rows: list[dict[str, str]], act: str, terms: Iterable[NonStandardTerm]) -> None:
    """Put a wording into the row it was chosen for: "use-terms-2-7" is wording 7 in row 2."""
    verb, _, rest = act.partition("-terms-")
    number, _, key = rest.partition("-")
    place, wanted = number_in(number), number_in(key)
    if verb != "use" or place is None or place >= len(rows):
        return
    for found in fallbacks(rows[place], terms):
        if found.key == wanted:
            rows[place] |= {"value": found.value, "text": found.text}


def fallbacks(row: dict[str, Any], terms: Iterable[NonStandardTerm]) -> list[Offered]:
    term = next((term for term in terms if str(term.pk) == row.get("term")), None)
    return [each for each in offered(term) if not each.is_prohibited] if term else []
