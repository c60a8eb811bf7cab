"""Rule changes that would remove approvals, each judged by replay on the same past deals. Pure.

Every candidate is one small step that a policy can take: a band that starts later, a term that is
adopted, a longer standard payment, a higher size threshold, a role dropped from an axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dealdesk.policy import (
    CashTiming,
    EnterpriseWith,
    Policy,
    Role,
    SizeMode,
    billing_rank,
)
from dealdesk.replaycells import Cells
from dealdesk.replayjudge import Judge, Outcome
from dealdesk.wording import capital, money_text, percent_text, roles_text

RAISES = (Decimal(2), Decimal(5))
PAYMENTS = (45, 60, 90)
BILLINGS = ((3, "quarterly, ahead"), (1, "monthly, ahead"))
SIZES = (2, 4)
TERMS = (24, 36)
SHOWN = 3

Step = Callable[[Policy], Policy]


@dataclass(frozen=True)
class Candidate:
    """One change of one rule. Candidates of a family are sizes of the same change."""

    family: str
    sentence: str
    apply: Step


@dataclass(frozen=True)
class Effect:
    """What a change does: approvals fewer, deals that become automatic, and the amount exposed.

    Exposed is the net of the deals that lose at least one approver, in ten-thousandths.
    """

    sentence: str
    removed: int
    freed: int
    deals: int
    exposed: int


def candidates(policy: Policy, term_names: dict[str, str], currency: str) -> list[Candidate]:
    """Every change that is tried; `term_names` are the terms that the deals ask for."""
    return [
        *_bands(policy),
        *_terms(policy, term_names),
        *_timings(policy),
        *_size(policy, currency),
        *_structure(policy),
        *_dropped(policy),
    ]


def _bands(policy: Policy) -> Iterator[Candidate]:
    for number, table in enumerate(policy.prices):
        for at, band in enumerate(table.bands[1:], start=1):
            after = table.bands[at + 1].lower if at + 1 < len(table.bands) else Decimal(100)
            for points in RAISES:
                lower = band.lower + points
                if band.roles and lower < after:
                    yield Candidate(
                        f"band {number}.{at}",
                        f"Ask {roles_text(band.roles)} from {percent_text(lower)} instead of"
                        f" {percent_text(band.lower)} off",
                        raised(number, at, lower),
                    )


def raised(number: int, at: int, lower: Decimal) -> Step:
    """Let one band of a price table start later."""

    def apply(policy: Policy) -> Policy:
        tables = list(policy.prices)
        bands = list(tables[number].bands)
        bands[at] = replace(bands[at], lower=lower)
        tables[number] = replace(tables[number], bands=tuple(bands))
        return replace(policy, prices=tuple(tables))

    return apply


def _terms(policy: Policy, names: dict[str, str]) -> Iterator[Candidate]:
    for key, name in names.items():
        if key not in policy.terms.adopted:
            yield Candidate(f"adopt {key}", f"Adopt “{name}” as a standard term", adopting(key))


def adopting(key: str) -> Step:
    def apply(policy: Policy) -> Policy:
        adopted = (*policy.terms.adopted, key)
        return replace(policy, terms=replace(policy.terms, adopted=adopted))

    return apply


def _timings(policy: Policy) -> Iterator[Candidate]:
    payment, billing = policy.terms.payment, policy.terms.billing
    for days in PAYMENTS:
        if payment.roles and days > payment.rank:
            timing = CashTiming(f"net {days}", days, payment.roles)
            yield Candidate(
                "payment", f"Make net {days} the standard payment", timed("payment", timing)
            )
    for months, label in BILLINGS:
        if billing.roles and billing_rank(months) > billing.rank:
            timing = CashTiming(label, billing_rank(months), billing.roles)
            yield Candidate(
                "billing", f"Make {label} the standard billing", timed("billing", timing)
            )


def timed(name: str, timing: CashTiming) -> Step:
    """Make another timing the standard of "payment" or "billing"."""

    def apply(policy: Policy) -> Policy:
        change: dict[str, Any] = {name: timing}
        return replace(policy, terms=replace(policy.terms, **change))

    return apply


def _size(policy: Policy, currency: str) -> Iterator[Candidate]:
    size = policy.size
    for times in SIZES:
        if size.mode is SizeMode.REVIEW and size.threshold > 0:
            threshold = size.threshold * times
            yield Candidate(
                "size",
                f"Raise the size threshold to {money_text(threshold, currency)} a year",
                sized(threshold),
            )


def sized(threshold: Decimal) -> Step:
    def apply(policy: Policy) -> Policy:
        return replace(policy, size=replace(policy.size, threshold=threshold))

    return apply


def _structure(policy: Policy) -> Iterator[Candidate]:
    axis = policy.structure
    for months in TERMS:
        if months > axis.standard_months:
            yield Candidate(
                "term", f"Call up to {months} months a standard term", structured(months=months)
            )
    if axis.only_with is None and axis.enterprise_roles:
        yield Candidate(
            "enterprise",
            f"Ask {roles_text(axis.enterprise_roles)} about large accounts only with a"
            " non-standard term or a discount beyond the rep's authority",
            structured(only_with=EnterpriseWith()),
        )


def structured(*, months: int = 0, only_with: EnterpriseWith | None = None) -> Step:
    def apply(policy: Policy) -> Policy:
        axis = policy.structure
        if months:
            axis = replace(axis, standard_months=months)
        if only_with:
            axis = replace(axis, only_with=only_with)
        return replace(policy, structure=axis)

    return apply


AXES = {
    "long_term_roles": "longer terms",
    "custom_multiyear_roles": "longer terms at a custom price",
    "enterprise_roles": "large accounts",
}


def _dropped(policy: Policy) -> Iterator[Candidate]:
    for name, about in AXES.items():
        for role in getattr(policy.structure, name):
            yield Candidate(
                f"drop {name} {role.value}",
                f"Ask {role.label} no longer about {about} alone",
                without(name, role),
            )
    for rule in policy.terms.categories:
        for role in rule.roles:
            yield Candidate(
                f"drop category {rule.category.value} {role.value}",
                f"Ask {role.label} no longer about terms of the kind {rule.category.value}",
                without_category(rule.category.value, role),
            )


def without(name: str, role: Role) -> Step:
    def apply(policy: Policy) -> Policy:
        left = tuple(each for each in getattr(policy.structure, name) if each is not role)
        change: dict[str, Any] = {name: left}
        return replace(policy, structure=replace(policy.structure, **change))

    return apply


def without_category(category: str, role: Role) -> Step:
    def apply(policy: Policy) -> Policy:
        rules = tuple(
            replace(rule, roles=tuple(each for each in rule.roles if each is not role))
            if rule.category == category
            else rule
            for rule in policy.terms.categories
        )
        return replace(policy, terms=replace(policy.terms, categories=rules))

    return apply


# Judging them


def best(cells: Cells, policy: Policy, tried: Sequence[Candidate]) -> list[Candidate]:
    """Choose one change after the other, each time what removes most on top of those chosen.

    Of a family only one is chosen; of two that remove as much, the one that exposes less.
    """
    chosen: list[Candidate] = []
    while len(chosen) < SHOWN:
        now = outcomes(cells, Judge(policy))
        taken = {each.family for each in chosen}
        open_ = [each for each in tried if each.family not in taken]
        ranked = sorted(
            ((effect_of(each, cells, now, policy), each) for each in open_),
            key=lambda pair: rank(pair[0]),
        )
        if not ranked or ranked[0][0].removed <= 0:
            break
        chosen.append(ranked[0][1])
        policy = ranked[0][1].apply(policy)
    return chosen


def outcomes(cells: Cells, judge: Judge) -> list[Outcome]:
    return [outcome for _, outcome in cells.judged(judge)]


def rank(effect: Effect) -> tuple[int, int, str]:
    return -effect.removed, effect.exposed, effect.sentence


def effect_of(
    candidate: Candidate, cells: Cells, before: Iterable[Outcome], policy: Policy
) -> Effect:
    """Hold a changed policy against what the one before asks of the same deals."""
    judge = Judge(candidate.apply(policy))
    removed = freed = deals = exposed = 0
    for (cell, after), was in zip(cells.judged(judge), before, strict=True):
        if after.is_refused or was.is_refused:
            continue
        removed += cell.count * (len(was.roles) - len(after.roles))
        if set(was.roles) - set(after.roles):
            deals += cell.count
            exposed += cell.net
            freed += cell.count if after.is_automatic else 0
    return Effect(capital(candidate.sentence), removed, freed, deals, exposed)


def together(chosen: Sequence[Candidate]) -> Candidate:
    """Several changes as one."""

    def apply(policy: Policy) -> Policy:
        for each in chosen:
            policy = each.apply(policy)
        return policy

    return Candidate("together", "All of them together", apply)
