"""Changes of non-standard terms and of files with redlines."""

from __future__ import annotations

from collections.abc import Iterator

from dealdesk.cover.changes import Direction, FieldChange
from dealdesk.ladder import Rung
from dealdesk.policy import Policy, TermCategory, Topic
from dealdesk.routing import term_asks
from dealdesk.terms import NonStandardTerm, Terms


def term_changes(was: Terms, now: Terms, policy: Policy) -> Iterator[FieldChange]:
    """A new term, or another value or text of one, is worse; a dropped one is better."""
    before = {term.key: term for term in was.nonstandard}
    after = {term.key: term for term in now.nonstandard}
    for key, term in after.items():
        free = Direction.SAME if _is_free(policy, term) else None
        if key not in before:
            yield _wording_change(term, None, term, f"{term.name} was added.", free)
        elif wish_of(before[key]) != wish_of(term):
            kept = free if term.rung in (Rung.STANDARD, Rung.FALLBACK) else None
            yield _wording_change(
                term, before[key], term, f"{term.name} is worded differently now.", kept
            )
    for key, term in before.items():
        if key not in after:
            yield _wording_change(term, term, None, f"{term.name} was dropped.", Direction.BETTER)
    yield from _redline_changes(was, now)


def _redline_changes(was: Terms, now: Terms) -> Iterator[FieldChange]:
    """Another file with redlines must be read again; one taken away only leaves our wording."""
    new, gone = set(now.redlines) - set(was.redlines), set(was.redlines) - set(now.redlines)
    if new:
        sentence, direction = "A file with redlines was added.", Direction.WORSE
    elif gone:
        sentence, direction = "A file with redlines was taken away.", Direction.BETTER
    else:
        return
    before, after = str(len(was.redlines)), str(len(now.redlines))
    yield FieldChange(Topic.LEGAL, "redlines", before, after, sentence, direction)


def _is_free(policy: Policy, term: NonStandardTerm) -> bool:
    """Whether the wording is one that nobody need approve: ours, adopted, or pre-approved."""
    roles, _ = term_asks(policy, term)
    return not roles and (
        term.key in policy.terms.adopted or term.rung in (Rung.STANDARD, Rung.FALLBACK)
    )


def wish_of(term: NonStandardTerm) -> tuple[TermCategory, str, str]:
    return term.category, term.requested_value, term.requested_text


def _wording_change(
    term: NonStandardTerm,
    was: NonStandardTerm | None,
    now: NonStandardTerm | None,
    sentence: str,
    direction: Direction | None,
) -> FieldChange:
    return FieldChange(
        term.category.topic,
        f"terms.{term.key}",
        _wording(was),
        _wording(now),
        sentence,
        direction or Direction.WORSE,
    )


def _wording(term: NonStandardTerm | None) -> str:
    if term is None:
        return ""
    return term.requested_text or term.requested_value or term.name
