"""What people type to get past a required field: it counts as nothing.

Which words do is the company's to say; JUNK is what an installation starts with.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

JUNK = frozenset(
    {
        "na",
        "n a",
        "not applicable",
        "not available",
        "nil",
        "null",
        "none",
        "no",
        "nothing",
        "tbd",
        "tba",
        "tbc",
        "todo",
        "to do",
        "to be done",
        "to be defined",
        "to be determined",
        "to be confirmed",
        "later",
        "pending",
        "unknown",
        "unclear",
        "no idea",
        "dont know",
        "idk",
        "empty",
        "blank",
        "dummy",
        "placeholder",
        "test",
        "asdf",
        "qwerty",
        "foo",
        "bar",
        "abc",
        "xyz",
        "lorem ipsum",
        "0",
    }
)
NONE = frozenset({"none", "no", "nothing", "there is none", "there are none", "no competitor"})


def plain(text: str) -> str:
    """The words of `text` without punctuation, in lower case."""
    kept = "".join(
        letter if letter.isalnum() or letter.isspace() else " " if letter in "/-_" else ""
        for letter in text.casefold()
    )
    return " ".join(kept.split())


def is_junk(text: str, words: Set[str] = JUNK) -> bool:
    """Whether `text` is a blank, one of `words`, punctuation, or one letter over and over."""
    if not text:
        return True
    said = plain(text)
    return said in words or len(set(said.replace(" ", ""))) < 2


def says_none(text: str) -> bool:
    """Whether `text` says in words that there is none."""
    return plain(text) in NONE


def is_filled(value: Any, words: Set[str] = JUNK) -> bool:
    """Whether `value` says something: numbers and dates do, junk does not."""
    if value is None or value is False:
        return False
    if isinstance(value, str):
        return not is_junk(value, words)
    if isinstance(value, list | tuple | set | dict):
        return bool(value)
    return True
