"""Whether an approval holds, and every change that says it does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dealdesk.cover.changes import Direction, FieldChange
from dealdesk.cover.commercial import commercial_changes
from dealdesk.cover.price import price_changes
from dealdesk.cover.roles import new_roles
from dealdesk.cover.wordings import term_changes, wish_of
from dealdesk.policy import Policy, Topic
from dealdesk.terms import Terms, digests


@dataclass(frozen=True, slots=True)
class Cover:
    """Whether the approval holds, and every change that says it does not."""

    ok: bool
    worsened: tuple[FieldChange, ...] = ()

    @property
    def worsened_topics(self) -> frozenset[Topic]:
        """Topics whose own judgement no longer holds; a newly asked role alone voids none."""
        return frozenset(c.topic for c in self.worsened if c.direction is not Direction.NEW_ROLE)

    def holds_for(self, topics: Iterable[Topic]) -> bool:
        """Whether a decision on these topics may be carried forward."""
        return not self.worsened_topics & set(topics)


def covers(approved: Terms, current: Terms, policy: Policy) -> Cover:
    """Judge current terms against approved ones, under the policy of the approval.

    In the same currency the rate of the approval counts: a rate that moved re-opens nothing.
    """
    if current.currency == approved.currency:
        current = replace(current, company=approved.company)
    current = _as_catalogued(approved, current)
    worsened = [change for change in diff(approved, current, policy) if change.loses_cover]
    worsened += new_roles(approved, current, policy)
    return Cover(not worsened, tuple(worsened))


def _as_catalogued(approved: Terms, current: Terms) -> Terms:
    """The current terms, each unchanged wish with what the catalogue said when it was approved."""
    before = {term.key: term for term in approved.nonstandard}
    return replace(
        current,
        nonstandard=tuple(
            old if (old := before.get(term.key)) and wish_of(old) == wish_of(term) else term
            for term in current.nonstandard
        ),
    )


def worsened_topics(before: Terms, after: Terms, policy: Policy) -> frozenset[Topic]:
    """Topics that an edit made worse for us: its author may not decide on them."""
    return frozenset(change.topic for change in diff(before, after, policy) if change.loses_cover)


def unchanged_topics(before: Terms, after: Terms) -> frozenset[Topic]:
    """Topics in which nothing judged differs at all."""
    was, now = digests(before), digests(after)
    return frozenset(topic for topic in Topic if was.of(topic) == now.of(topic))


def diff(was: Terms, now: Terms, policy: Policy) -> list[FieldChange]:
    """Return every change between two sets of terms in words, each with what it means for us."""
    return [
        *price_changes(was, now, policy),
        *commercial_changes(was, now, policy),
        *term_changes(was, now, policy),
    ]
