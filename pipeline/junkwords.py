"""The placeholders that count as nothing, as the company has them now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Length

from pipeline.junk import JUNK, plain
from pipeline.models import Deal, JunkWord
from revops.company.fields import standing_fields
from revops.company.models import FieldDefinition
from revops.remembering import remembered

ASKED_TEXTS = (
    "pain_points",
    "current_solution",
    "timeline",
    "technical_requirements",
    "stakeholder_map",
    "redlines",
    "contract_reference",
    "competitor",
    "product",
)
"""The columns of a deal in which junk is no answer."""

PUNCTUATION = 10
"""How much longer than twice the word a text may be: "W. I. P." says no more than "wip"."""


def junk_words() -> frozenset[str]:
    """The words in force; read once while one page is made."""
    return remembered("junk", read_words)


def read_words() -> frozenset[str]:
    return frozenset(JunkWord.objects.filter(retired_at=None).values_list("text", flat=True))


def ensure_junk(at: datetime) -> None:
    """Put the shipped words there; one that was retired stays so."""
    known = set(JunkWord.objects.values_list("text", flat=True))
    JunkWord.objects.bulk_create(JunkWord(text=text, added_at=at) for text in sorted(JUNK - known))


def deals_saying(word: str) -> list[int]:
    """Numbers of the open deals that say just this word where a text is asked."""
    condition, lengths = Q(), {}
    for name in ASKED_TEXTS:
        lengths[f"length_of_{name}"] = Length(name)
        condition |= Q(**{f"length_of_{name}__range": (1, 2 * len(word) + PUNCTUATION)})
    added = [key for key, each in standing_fields("deal").items() if is_text(each)]
    for key in added:
        condition |= Q(custom__has_key=key)
    rows = Deal.objects.open().annotate(**lengths).filter(condition).order_by("pk")
    return [
        pk
        for pk, custom, *texts in rows.values_list("pk", "custom", *ASKED_TEXTS)
        if says(word, [*texts, *(custom.get(key) for key in added)])
    ]


def is_text(definition: FieldDefinition) -> bool:
    return definition.kind in (FieldDefinition.Kind.TEXT, FieldDefinition.Kind.LONG_TEXT)


def says(word: str, texts: list[Any]) -> bool:
    return any(isinstance(text, str) and plain(text) == word for text in texts)
