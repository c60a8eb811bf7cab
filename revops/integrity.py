"""What a direct write could have broken across rows, as told by the apps that know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Check = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Finding:
    """One broken rule: the check that found it, and a sentence on what is wrong where."""

    check: str
    sentence: str


_checks: dict[str, Check] = {}


def register_integrity(name: str, check: Check) -> None:
    """Let `check_integrity` ask `check()`, which yields a sentence for each thing broken."""
    _checks[name] = check


def names() -> list[str]:
    return sorted(_checks)


def findings() -> list[Finding]:
    """Run every check."""
    return [Finding(name, sentence) for name in names() for sentence in _checks[name]()]
