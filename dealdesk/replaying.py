"""Replaying a policy over what was submitted: the facts are read in one pass and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from dealdesk.models import ApprovalRequest, JudgedFacts, PolicyVersion, ReplayRun, TermsSnapshot
from dealdesk.policy import Policy, policy_from_json
from dealdesk.replaycompare import Comparison, happened
from dealdesk.replayfacts import VERSION, facts_from, facts_text, net_of
from dealdesk.replayjudge import Judge, Outcome
from dealdesk.terms import Terms, from_canonical
from revops.company.models import Company

BATCH = 1000
TOLD_EVERY = 5000
QUICK, IN_FULL = 0.00005, 0.002
"""Seconds for one submission, from its facts and from its whole terms; on the safe side."""

Progress = Callable[[int, int], None]


def submissions(since: date, until: date) -> QuerySet[ApprovalRequest]:
    """What was submitted on the days from `since` to `until`, both inclusive, in company time."""
    zone = Company.get().zone_info
    return ApprovalRequest.objects.filter(
        submitted_at__gte=datetime.combine(since, time.min, zone),
        submitted_at__lt=datetime.combine(until + timedelta(days=1), time.min, zone),
    )


def without_facts(asked: QuerySet[ApprovalRequest]) -> QuerySet[TermsSnapshot]:
    """Snapshots of these whose facts were not taken yet, or by an older reading."""
    current = JudgedFacts.objects.filter(snapshot=OuterRef("pk"), schema=VERSION)
    return TermsSnapshot.objects.filter(~Exists(current), request__in=asked)


def seconds_needed(asked: QuerySet[ApprovalRequest], judges: list[Judge]) -> float:
    """About how long a replay takes, so that a short one is done at once."""
    each = QUICK if all(judge.is_quick for judge in judges) else IN_FULL
    return asked.count() * each + without_facts(asked).count() * IN_FULL


def facts_rows(snapshots: QuerySet[TermsSnapshot]) -> list[JudgedFacts]:
    """The facts of some snapshots, unsaved."""
    return [
        JudgedFacts(snapshot_id=pk, schema=VERSION, body=facts_text(from_canonical(body)))
        for pk, body in snapshots.values_list("pk", "body")
    ]


@dataclass
class Comparer:
    """One replay at work: the run's policy on one side, on the other what it is held against."""

    run_row: ReplayRun
    comparison: Comparison = field(default_factory=Comparison)
    pinned: dict[int, Policy] = field(default_factory=dict)
    taken: dict[tuple[int, str], Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        row = self.run_row
        self.tried = Judge(policy_from_json(row.policy_body))
        other = row.version_against
        self.other = Judge(policy_from_json(other.body)) if other else None

    def run(self, progress: Progress = lambda done, total: None) -> Comparison:
        """Judge every submission of the run's days by both sides."""
        asked = submissions(self.run_row.since, self.run_row.until)
        total = self.run_row.rows_total
        for number, row in enumerate(self._rows(asked), start=1):
            self._add(*row)
            if number % TOLD_EVERY == 0:
                progress(number, max(total, number))
        return self.comparison

    def _rows(self, asked: QuerySet[ApprovalRequest]) -> Iterator[tuple[Any, ...]]:
        rows = asked.order_by("submitted_at", "pk").values_list(
            "pk", "snapshot", "policy", "route_key", "snapshot__facts__schema",
            "snapshot__facts__body",
        )  # fmt: skip
        return rows.iterator(chunk_size=2000)

    def _add(
        self, pk: int, snapshot: int, policy: int, key: str, schema: int | None, body: str | None
    ) -> None:
        @cache
        def full() -> Terms:
            bodies = TermsSnapshot.objects.values_list("body", flat=True)
            return from_canonical(bodies.get(pk=snapshot))

        facts = facts_from(body) if body and schema == VERSION else None
        after = self.tried.outcome(facts, full)
        before = self.other.outcome(facts, full) if self.other else self._happened(policy, key)
        net = facts.net if facts else net_of(full())
        self.comparison.add(pk, before, after, net)

    def _happened(self, policy: int, key: str) -> Outcome:
        at = (policy, key)
        if at not in self.taken:
            if policy not in self.pinned:
                body = PolicyVersion.objects.values_list("body", flat=True).get(pk=policy)
                self.pinned[policy] = policy_from_json(body)
            self.taken[at] = happened(key, self.pinned[policy])
        return self.taken[at]
