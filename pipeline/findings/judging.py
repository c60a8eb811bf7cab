"""Finding deals of a kind in the database, and judging deals that are at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from pipeline import registry
from pipeline.findings.context import Context
from pipeline.findings.kinds import NEVER, OWN_KINDS
from pipeline.models import Deal
from pipeline.registry import BAD, INFO, WARN, FindingKind

PROBLEMS = (BAD, WARN)
"""The severities that say something is wrong; the rest is good to know."""
WORST_FIRST = (BAD, WARN, INFO)

Facts = Mapping[str, Any]
"""What kinds read beside one deal, by the key of the kind."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one deal, since when, and the one act that clears it."""

    kind: str
    label: str
    severity: str
    sentence: str
    act_label: str
    act_url: str
    since: date | None = None

    @property
    def key(self) -> str:
        return self.kind

    @property
    def place(self) -> str:
        """The part of the deal's own page where it is cleared; empty where a page of its own."""
        _, mark, part = self.act_url.partition("#")
        return mark + part

    @property
    def is_problem(self) -> bool:
        return self.severity in PROBLEMS


def kinds() -> list[FindingKind]:
    """Every kind, the worst first: our own, then those of other apps."""
    known = [*OWN_KINDS, *registry.finding_kinds()]
    return sorted(known, key=lambda kind: WORST_FIRST.index(kind.severity))


def kind_of(key: str) -> FindingKind | None:
    return next((kind for kind in kinds() if kind.key == key), None)


def problem_keys() -> list[str]:
    """The kinds that say something is wrong."""
    return [kind.key for kind in kinds() if kind.severity in PROBLEMS]


def condition(key: str, context: Context) -> Q:
    """The condition under which an open deal has this finding."""
    kind = kind_of(key)
    return kind.condition(context) if kind else NEVER


def has_problem(context: Context) -> Q:
    """The condition for open deals that something is wrong with."""
    return Q(status=Deal.Status.OPEN) & reduce(
        or_, (condition(key, context) for key in problem_keys())
    )


def find(deals: QuerySet[Deal], keys: str | Sequence[str], context: Context) -> QuerySet[Deal]:
    """The open deals among `deals` that have a finding of one of these kinds."""
    wanted = [keys] if isinstance(keys, str) else keys
    found = reduce(or_, (condition(key, context) for key in wanted), NEVER)
    return deals.filter(found, status=Deal.Status.OPEN)


def facts_for(deals: Sequence[Deal], context: Context) -> dict[int, dict[str, Any]]:
    """What kinds read beside the deals, in one batch for each kind that reads anything."""
    wanted = [deal for deal in deals if deal.is_open]
    facts: dict[int, dict[str, Any]] = {deal.pk: {} for deal in wanted}
    if not wanted:
        return facts
    for kind in kinds():
        if kind.read:
            for pk, value in kind.read(wanted, context).items():
                facts[pk][kind.key] = value
    return facts


def findings_for(deals: Sequence[Deal], context: Context) -> dict[int, list[Finding]]:
    """The findings of many deals; the number of queries does not grow with them."""
    facts = facts_for(deals, context)
    return {deal.pk: findings_of(deal, context, facts.get(deal.pk, {})) for deal in deals}


def findings_of(deal: Deal, context: Context, extra: Facts | None = None) -> list[Finding]:
    """Everything to be said of one deal, the worst first; nothing of a closed one."""
    if not deal.is_open:
        return []
    if extra is None:
        extra = facts_for([deal], context)[deal.pk]
    found = []
    for kind in kinds():
        seen = kind.judge(deal, context, extra.get(kind.key))
        if seen:
            found.append(
                Finding(
                    kind=kind.key,
                    label=kind.label,
                    severity=kind.severity,
                    sentence=seen.sentence,
                    act_label=kind.act_label,
                    act_url=kind.act_url(deal, context),
                    since=seen.since,
                )
            )
    return found
