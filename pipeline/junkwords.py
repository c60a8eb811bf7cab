"""The placeholders that count as nothing, as the company has them now."""

from __future__ import annotations

from datetime import datetime

from pipeline.junk import JUNK
from pipeline.models import JunkWord
from revops.remembering import remembered


def junk_words() -> frozenset[str]:
    """The words in force; read once while one page is made."""
    return remembered("junk", read_words)


def read_words() -> frozenset[str]:
    return frozenset(JunkWord.objects.filter(retired_at=None).values_list("text", flat=True))


def ensure_junk(at: datetime) -> None:
    """Put the shipped words there; one that was retired stays so."""
    known = set(JunkWord.objects.values_list("text", flat=True))
    JunkWord.objects.bulk_create(JunkWord(text=text, added_at=at) for text in sorted(JUNK - known))
