"""Refusals: a rule said no, in a sentence that the person who was refused can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Missing:
    """One unmet item of a refusal: what it is, and the sentence that says how to meet it."""

    key: str
    label: str
    sentence: str
    stage: str = ""


class Refused(Exception):
    """A rule refused the change; the message can be shown to the user as it is."""

    status: ClassVar[int] = 422
    code: str = "refused"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        missing: Sequence[Missing] = (),
        **facts: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.missing = list(missing)
        self.facts = facts


class NotAllowed(Refused):
    """This person may not do this."""

    status = 403
    code = "not_allowed"


class Conflict(Refused):
    """The record is no longer what the person saw when they asked."""

    status = 409
    code = "conflict"
