"""What was read once while one page is made is not asked again.

Only requests that read remember anything: an operation always sees the rows as they are now.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar, cast

T = TypeVar("T")

_held: ContextVar[dict[Hashable, object] | None] = ContextVar("held", default=None)
_names: ContextVar[frozenset[str]] = ContextVar("names", default=frozenset())
_kept: ContextVar[dict[Hashable, object] | None] = ContextVar("kept", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Remember what is read until the end of the block, and what is held around it."""
    token = _kept.set(dict(_held.get() or {}))
    try:
        yield
    finally:
        _kept.reset(token)


@contextmanager
def holding(*names: str) -> Iterator[None]:
    """Remember only what these names begin, such as the rules in force, until the block ends.

    For an operation that judges by one set of rules from its first question to its last.
    """
    around = _held.get()
    held = _held.set({} if around is None else around)
    known = _names.set(_names.get() | set(names))
    try:
        yield
    finally:
        _names.reset(known)
        _held.reset(held)


def kept_for(key: Hashable) -> dict[Hashable, object] | None:
    """Where an answer is remembered: for the page that is made, or for an operation."""
    kept = _kept.get()
    if kept is not None:
        return kept
    name = key[0] if isinstance(key, tuple) else key
    return _held.get() if name in _names.get() else None


def remembered(key: Hashable, read: Callable[[], T]) -> T:
    """What `read` answers; the same answer for the same key while one page is made."""
    kept = kept_for(key)
    if kept is None:
        return read()
    if key not in kept:
        kept[key] = read()
    return cast(T, kept[key])
