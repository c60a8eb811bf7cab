"""What addresses, forms and bodies carry as text: numbers of records, marks of pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from django.urls import get_script_prefix, reverse

LONGEST_NUMBER = 18
"""Digits that always fit a column; Python itself refuses to read some thousands of them."""

STAND_IN = 700_000_000_000_000_007
"""A number that no record has, in whose place an address takes that of each record."""


LONGEST_TEXT = 100_000
"""Characters; far more than anybody types, and far less than would burden whoever reads it."""


def fault_of_texts(texts: Iterable[str]) -> str:
    """Why one of these texts cannot be kept, in a sentence; "" when all can."""
    for text in texts:
        if "\x00" in text:
            return "A text contains a NUL character, which cannot be kept."
        if len(text) > LONGEST_TEXT:
            return f"A text is longer than {LONGEST_TEXT:,} characters."
    return ""


def number_in(text: object) -> int | None:
    """The number of a record, or None for a text that cannot be one."""
    digits = str(text)
    is_number = len(digits) <= LONGEST_NUMBER and digits.isascii() and digits.isdecimal()
    return int(digits) if is_number else None


def moment_mark(mark: str) -> tuple[datetime, int] | None:
    """The moment and number in a mark "2026-11-03T09:30:00+00:00_7"; None for a damaged one."""
    text, _, digits = mark.rpartition("_")
    number = number_in(digits)
    try:
        moment = datetime.fromisoformat(text)
        if number is None or moment.tzinfo is None:
            return None
        return moment.astimezone(UTC), number
    except (ValueError, OverflowError):
        return None


def address_of(name: str, number: int) -> str:
    """The address of the page `name` of one record, as `reverse` has it.

    Long lists ask for some hundred of them, so the pattern is resolved once.
    """
    before, after = around_number(name, get_script_prefix())
    return f"{before}{number}{after}"


@lru_cache(maxsize=512)
def around_number(name: str, prefix: str) -> tuple[str, str]:
    """What stands before and after the number, under a prefix of the server."""
    before, _, after = reverse(name, args=[STAND_IN]).partition(str(STAND_IN))
    return before, after
