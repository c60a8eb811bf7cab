"""What can be wrong with an import: the mapping, the file, a row, a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from revops.refusals import Refused


@dataclass(frozen=True, order=True)
class BadRow:
    """A row that cannot be imported: the line of the file it starts on, and why."""

    line: int
    reason: str


class BadValue(ValueError):
    """A cell does not hold what its field asks for; the message says what it holds."""


class BadMapping(Refused):
    """The mapping does not fit the kind or the file; every problem is listed at once."""

    code = "bad_mapping"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("The mapping cannot be used. " + " ".join(problems), problems=problems)
        self.problems = list(problems)


class BadFile(Refused):
    """The file as a whole cannot be read as the mapping says."""

    code = "bad_file"


def unknown(what: str, name: str, known: Sequence[str]) -> str:
    """Name something unknown, and the known name that it resembles or all there are."""
    close = get_close_matches(name, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"Known: {', '.join(sorted(known))}."
    return f"{what} “{name}” is not known. {hint}"
