"""A policy made ready to judge 100,000 submissions: the same answer as `evaluate`, sooner.

The facts of a submission are reduced to its class: which price bands it falls into, and which
roles each other axis asks. All submissions of a class take the same route, so `evaluate` is asked
once for each class, with the terms of its first member. What the facts cannot decide (a policy
that uses a rule unknown here, terms that say more) is evaluated one by one.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dealdesk import policy as rules
from dealdesk.policy import JudgedBasis, Policy, Role, SizeMode
from dealdesk.replayfacts import (
    BY_HEADS,
    MONEY_PLACES,
    PERCENT_PLACES,
    Facts,
    limit,
    named,
    term_of,
)
from dealdesk.routing import (
    AUTOMATIC,
    REFUSED,
    Route,
    evaluate,
    judged_segment,
    standard_for,
    term_asks,
)
from dealdesk.terms import Terms

Full = Callable[[], Terms]
"""Gives the whole terms of a submission; asked only where its facts do not do."""


@dataclass(frozen=True)
class Outcome:
    """What a policy makes of one submission: who is asked, in which steps, for how many hours."""

    key: str
    roles: tuple[Role, ...] = ()
    hours: tuple[int, ...] = ()
    steps: tuple[tuple[str, int, str, tuple[tuple[int, int], ...]], ...] = ()

    @property
    def is_automatic(self) -> bool:
        return self.key == AUTOMATIC

    @property
    def is_refused(self) -> bool:
        return self.key == REFUSED


def outcome_of(route: Route) -> Outcome:
    """What counts of a route when many are compared."""
    groups = sorted((g for step in route.steps for g in step.groups), key=lambda g: g.role.value)
    return Outcome(
        key=route.key,
        roles=tuple(group.role for group in groups),
        hours=tuple(group.hours for group in groups),
        steps=tuple(
            (
                step.key,
                step.wave,
                step.mode.value,
                tuple((g.needed, g.percent) for g in step.groups),
            )
            for step in route.steps
        ),
    )


def restated(policy: Policy, terms: Terms) -> Terms:
    """The terms with the segment that this policy makes of the head count frozen with them."""
    segment = terms.segment
    if segment.source not in BY_HEADS or segment.head_count is None:
        return terms
    key = policy.segment_for(segment.head_count)
    return terms if key == segment.key else replace(terms, segment=replace(segment, key=key))


def judge_in_full(policy: Policy, terms: Terms) -> Outcome:
    """The slow way, which the quick one agrees with."""
    return outcome_of(evaluate(policy, restated(policy, terms)))


# What the quick way knows

KNOWN: dict[Any, frozenset[str]] = {
    Policy: named(
        "version name prices terms structure size segments roles segment_of_parent "
        "price_ladder ladder order groups one_veto materiality tolerance_percent "
        "validity_days pending_days revoke_hours same_person floors"
    ),
    rules.PriceTable: named("bases bands"),
    rules.PriceBand: named("lower roles"),
    rules.Materiality: named("share_percent amount"),
    rules.TermsAxis: named("payment billing volume_roles categories adopted owners_too timings"),
    rules.CashTimingFor: named("kind segment region timing"),
    rules.Floor: named("basis percent"),
    rules.CashTiming: named("label rank roles"),
    rules.CategoryRule: named("category roles"),
    rules.StructureAxis: named(
        "standard_months long_term_roles custom_multiyear_roles enterprise_segments "
        "enterprise_roles unknown_as only_with"
    ),
    rules.EnterpriseWith: named("nonstandard_term beyond_rep_authority annual_value_above"),
    rules.SizeAxis: named("mode threshold roles"),
}
"""The fields of each part of a policy that are understood; another must have its default."""


def is_understood(value: Any) -> bool:
    """Whether nothing in this part of a policy uses a rule that came later."""
    if isinstance(value, tuple):
        return all(is_understood(item) for item in value)
    known = KNOWN.get(type(value))
    if known is None:
        return True
    return all(
        is_understood(getattr(value, each.name))
        if each.name in known
        else getattr(value, each.name) == each.default
        for each in dataclasses.fields(value)
    )


@dataclass(frozen=True)
class _Table:
    number: int
    bases: tuple[JudgedBasis, ...]
    lowers: list[int]
    asks: tuple[bool, ...]


class Judge:
    """One policy, compiled. `is_quick` says whether facts do for it."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.known: dict[Any, Outcome] = {}
        self.outcomes: dict[Outcome, Outcome] = {}
        self.in_full = 0
        self.segments: dict[Any, str] = {}
        self.terms_asked: dict[str, frozenset[Role]] = {}
        self.timings: dict[Any, tuple[rules.CashTiming, rules.CashTiming]] = {}
        self.is_quick = is_understood(policy) and self._compile()

    def _compile(self) -> bool:
        """Turn every limit into a whole number; False where one has too many places."""
        policy, structure = self.policy, self.policy.structure
        needs = structure.only_with
        above = needs.annual_value_above if needs else None
        money = [policy.materiality.amount, policy.size.threshold, above or Decimal(0)]
        limits = [limit(policy.materiality.share_percent, PERCENT_PLACES)]
        limits += [limit(value, MONEY_PLACES) for value in money]
        floors = [limit(floor.percent, PERCENT_PLACES) for floor in policy.floors]
        lowers = [[limit(b.lower, PERCENT_PLACES) for b in t.bands] for t in policy.prices]
        if None in limits or None in floors or any(None in each for each in lowers):
            return False
        whole = [[value or 0 for value in each] for each in lowers]
        if any(each != sorted(set(each)) for each in whole):
            return False
        self.share, self.amount, self.size_above, self.value_above = (v or 0 for v in limits)
        self.floors = [(f.basis, v or 0) for f, v in zip(policy.floors, floors, strict=True)]
        self.tables = [
            _Table(number, table.bases, each, tuple(bool(b.roles) for b in table.bands))
            for number, (table, each) in enumerate(zip(policy.prices, whole, strict=True))
        ]
        return True

    def outcome(self, facts: Facts | None, full: Full) -> Outcome:
        """What the policy makes of one submission."""
        if facts is None or not self.is_quick:
            return self._in_full(full)
        if facts.refused or (self.floors and self._below_floor(facts)):
            return REFUSAL
        key = self.class_of(facts)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._in_full(full)
        return found

    def _in_full(self, full: Full) -> Outcome:
        """Evaluate one submission; like outcomes are one object, so that they compare quickly."""
        self.in_full += 1
        outcome = judge_in_full(self.policy, full())
        return self.outcomes.setdefault(outcome, outcome)

    def class_of(self, facts: Facts) -> tuple[Any, ...]:
        """All that decides the route: price bands, and the roles of each other axis."""
        hits, custom, beyond = self._price(facts)
        terms = self._terms(facts)
        structure = self._structure(facts, custom, beyond, bool(terms))
        size = self.policy.size
        large = size.mode is SizeMode.REVIEW and facts.annual_value > self.size_above
        return hits, terms, structure, large

    def _price(self, facts: Facts) -> tuple[frozenset[tuple[int, int]], bool, bool]:
        hits = set()
        custom = beyond = False
        for table in self.tables:
            for basis in table.bases:
                percent = self.measured(facts, basis)
                if percent is None or percent <= 0:
                    continue
                custom = custom or basis is not JudgedBasis.OFF_LIST
                band = bisect_right(table.lowers, percent) - 1
                if band >= 0:
                    hits.add((table.number, band))
                    beyond = beyond or table.asks[band]
        return frozenset(hits), custom, beyond

    def _below_floor(self, facts: Facts) -> bool:
        """Whether a discount is one that nobody can approve."""
        measured = ((self.measured(facts, basis), floor) for basis, floor in self.floors)
        return any(off is not None and off > 0 and off >= floor for off, floor in measured)

    def measured(self, facts: Facts, basis: JudgedBasis) -> int | None:
        """The discount on one basis, as a whole number; None where there is nothing to measure."""
        if basis is JudgedBasis.BLENDED:
            return facts.blended
        if basis is JudgedBasis.WORST_LINE:
            found = None
            for share, amount, percent in facts.lines:
                if share < self.share and amount < self.amount:
                    break
                found = percent
            return found
        if basis is JudgedBasis.WORST_YEAR:
            return facts.worst_year
        if basis is JudgedBasis.RECURRING:
            return facts.recurring
        if basis is JudgedBasis.ONE_OFF:
            return facts.one_off
        return facts.off_list

    def _terms(self, facts: Facts) -> frozenset[Role]:
        payment, billing = self._timings(facts)
        asked: frozenset[Role] = frozenset()
        if facts.payment > payment.rank:
            asked |= frozenset(payment.roles)
        if facts.billing > billing.rank:
            asked |= frozenset(billing.roles)
        if facts.volume_beyond:
            asked |= frozenset(self.policy.terms.volume_roles)
        for term in facts.terms:
            asked |= self._term(term)
        return asked | {Role.LEGAL} if facts.redlined else asked

    def _timings(self, facts: Facts) -> tuple[rules.CashTiming, rules.CashTiming]:
        """The standards of payment and billing for a segment and region."""
        axis = self.policy.terms
        if not axis.timings:
            return axis.payment, axis.billing
        at = (self._segment(facts), facts.region)
        found = self.timings.get(at)
        if found is None:
            payment, billing = (standard_for(self.policy, kind, *at) for kind in rules.TimingKind)
            found = self.timings[at] = (payment, billing)
        return found

    def _term(self, term: list[Any]) -> frozenset[Role]:
        """Who is asked about one term of the catalogue."""
        at = str(term)
        found = self.terms_asked.get(at)
        if found is None:
            roles, _ = term_asks(self.policy, term_of(term))
            found = self.terms_asked[at] = frozenset(roles)
        return found

    def _structure(
        self, facts: Facts, custom: bool, beyond: bool, nonstandard: bool
    ) -> frozenset[Role]:
        axis = self.policy.structure
        asked: frozenset[Role] = frozenset()
        if facts.months > axis.standard_months:
            asked |= frozenset(axis.long_term_roles)
            if custom:
                asked |= frozenset(axis.custom_multiyear_roles)
        if self._segment(facts) in axis.enterprise_segments and self._together(
            facts, beyond, nonstandard
        ):
            asked |= frozenset(axis.enterprise_roles)
        return asked

    def _segment(self, facts: Facts) -> str:
        at = (facts.segment, facts.heads)
        found = self.segments.get(at)
        if found is None:
            key = facts.segment if facts.heads is None else self.policy.segment_for(facts.heads)
            found = self.segments[at] = judged_segment(self.policy, key)
        return found

    def _together(self, facts: Facts, beyond: bool, nonstandard: bool) -> bool:
        needs = self.policy.structure.only_with
        if needs is None:
            return True
        if (needs.nonstandard_term and nonstandard) or (needs.beyond_rep_authority and beyond):
            return True
        return needs.annual_value_above is not None and facts.annual_value > self.value_above


REFUSAL = Outcome(REFUSED)
