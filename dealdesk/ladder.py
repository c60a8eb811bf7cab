"""The ladder of a catalogue term: our wording, pre-approved fallbacks, anything else, prohibited.

Which rung a wish stands on is decided by its exact text, and frozen with the terms: a catalogue
that changes later changes nothing that was judged.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dealdesk.policy import Role


class Rung(StrEnum):
    FREE = "free"
    STANDARD = "standard"
    FALLBACK = "fallback"
    PROHIBITED = "prohibited"


@dataclass(frozen=True, slots=True)
class Wording:
    """One exact wording that the catalogue knows. `roles` are those a fallback asks."""

    rung: Rung
    name: str
    text: str
    value: str = ""
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """What the catalogue says of one term. `closed`: nothing but the wordings it knows."""

    standard_text: str = ""
    standard_value: str = ""
    wordings: tuple[Wording, ...] = ()
    closed: bool = False

    @property
    def standard(self) -> Sequence[Wording]:
        """Our own wording, where there is one."""
        if not self.standard_text.strip():
            return ()
        text, value = self.standard_text, self.standard_value
        return (Wording(Rung.STANDARD, "our standard wording", text, value),)


OTHER = Wording(Rung.FREE, "", "")
CLOSED = Wording(Rung.PROHIBITED, "any wording that is not pre-approved", "")


def wording_of(ladder: Ladder, text: str, value: str = "") -> Wording:
    """Return the wording that was asked for; a prohibited one counts before any other."""
    asked, amount = alike(text), alike(value)
    same = [known for known in (*ladder.standard, *ladder.wordings) if asked == alike(known.text)]
    for known in same:
        if known.rung is Rung.PROHIBITED and (not known.value or amount == alike(known.value)):
            return known
    for known in same:
        exact = amount == alike(known.value)
        if exact or (known.rung is Rung.STANDARD and not amount):
            return known
    return CLOSED if ladder.closed else OTHER


def alike(text: str) -> str:
    """A text as wordings are compared: one spelling of letters, quotes and dashes, single spaces.

    Capitals and every other sign count: in a contract they may mean something.
    """
    letters = unicodedata.normalize("NFC", text).translate(PLAIN)
    return " ".join(letters.split())


PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", None),
    }
)
