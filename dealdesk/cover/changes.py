"""One change between two sets of terms, in words, and what it means for us."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from dealdesk.policy import Topic
from dealdesk.terms import Terms
from dealdesk.wording import money_text, percent_text


class Direction(StrEnum):
    """What a change means for us. Reduced: something given in return became less."""

    WORSE = "worse"
    REDUCED = "reduced"
    NEW_ROLE = "new_role"
    BETTER = "better"
    SAME = "same"


LOSES_COVER = frozenset({Direction.WORSE, Direction.REDUCED, Direction.NEW_ROLE})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One change between two sets of terms, in words."""

    topic: Topic
    field: str
    was: str
    now: str
    sentence: str
    direction: Direction

    @property
    def loses_cover(self) -> bool:
        return self.direction in LOSES_COVER


def percent_change(
    field: str, name: str, before: Fraction | None, after: Fraction | None, tolerance: Fraction
) -> Iterator[FieldChange]:
    before, after = before or Fraction(0), after or Fraction(0)
    if before == after:
        return
    was, now = _percent_pair(before, after)
    verb = "rose" if after > before else "fell"
    yield FieldChange(
        Topic.PRICE,
        field,
        was,
        now,
        f"{name} {verb} from {was} to {now}.",
        direction_of(after - before, tolerance, Direction.WORSE),
    )


def direction_of(loss: Fraction, slack: Fraction, bad: Direction) -> Direction:
    """Bad beyond the tolerance, the same within it, better when we lose nothing."""
    if loss > slack:
        return bad
    return Direction.SAME if loss > 0 else Direction.BETTER


def _percent_pair(before: Fraction, after: Fraction) -> tuple[str, str]:
    """Two percentages that differ also read differently."""
    was, now = percent_text(before), percent_text(after)
    if was == now:
        return f"{float(before):.6f} %", f"{float(after):.6f} %"
    return was, now


def money_change(
    field: str, name: str, before: Fraction, after: Fraction, terms: Terms, *, slack: Fraction
) -> Iterator[FieldChange]:
    if before == after:
        return
    digits = terms.price.minor_digits
    was, now = (
        money_text(before, terms.currency, digits),
        money_text(after, terms.currency, digits),
    )
    verb = "fell" if after < before else "rose"
    yield FieldChange(
        Topic.PRICE,
        field,
        was,
        now,
        f"{name} {verb} from {was} to {now}.",
        direction_of(before - after, slack, Direction.REDUCED),
    )


def in_words(changes: Collection[FieldChange]) -> list[str]:
    """The sentences of changes, the ones that cost cover first; one price change is said once.

    On a quote of one line the whole, its worst line and its worst year all tell the same.
    """
    told = {(c.was, c.now) for c in changes if c.field in WHOLE}
    ordered = sorted(changes, key=lambda change: not change.loses_cover)
    return [c.sentence for c in ordered if c.field in WHOLE or not repeats(c, told)]


WHOLE = ("discount.blended", "tcv")


def repeats(change: FieldChange, told: Collection[tuple[str, str]]) -> bool:
    """Whether a change of a part was told already by the same change of the whole quote."""
    is_part = change.field.startswith("discount.") or change.field.endswith((".discount", ".net"))
    return is_part and (change.was, change.now) in told
