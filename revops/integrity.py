"""What a direct write could have broken across rows, as told by the apps that know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

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


def findings(*, processes: int = 1) -> list[Finding]:
    """Run every check: here, or several at a time by processes with connections of their own."""
    asked = names()
    answers = map(sentences, asked) if processes == 1 else sentences_of_all(asked, processes)
    return [
        Finding(name, sentence)
        for name, answer in zip(asked, answers, strict=True)
        for sentence in answer
    ]


def sentences(name: str) -> list[str]:
    return list(_checks[name]())


def sentences_of_all(asked: list[str], processes: int) -> list[list[str]]:
    # Forked, they would share this process's connection.
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=make_ready
    ) as pool:
        return list(pool.map(sentences, asked))


def make_ready() -> None:
    import django

    django.setup()
