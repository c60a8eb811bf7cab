"""Every move that went past a gate: by whom, when, why, and what it went past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q, QuerySet

from pipeline.models import Deal, Move, Pipeline, StageVisit
from pipeline.models.history import BYPASS
from pipeline.models.visibility import LEADS_A_LINE, line_of, sees_all_deals
from pipeline.reports.index import DISCIPLINE, ReportLink, register_report
from revops.company.models import Company
from revops.people.actor import Via
from revops.people.models import User
from revops.refusals import NotAllowed

OVERRIDE, IMPORT, RULES, SYSTEM = "override", "import", "rules", "system"
KINDS = {
    OVERRIDE: "Override by an administrator",
    IMPORT: "Import",
    RULES: "New rules of the pipeline",
    SYSTEM: "System",
}
CONDITIONS = {
    OVERRIDE: Q(is_override=True),
    IMPORT: Q(is_override=False) & (Q(move=Move.IMPORT) | Q(via=Via.IMPORT)) & ~Q(move="restage"),
    RULES: Q(is_override=False, move=Move.RESTAGE),
    SYSTEM: Q(is_override=False, via__in=[Via.SYSTEM, Via.COMMAND])
    & ~Q(move__in=[Move.IMPORT, Move.RESTAGE]),
}
SAYS = {
    IMPORT: "No gate was asked: the source says where the deal stands.",
    RULES: "The stage it was in is no more.",
    SYSTEM: "No person made this move.",
}


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see of the bypasses. Days are the company's, both inclusive."""

    kind: str = ""
    pipeline: str = ""
    person: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Bypass:
    """One of them, as page, file and API say it."""

    visit: StageVisit
    kind: str

    @property
    def label(self) -> str:
        return KINDS[self.kind]

    @property
    def who(self) -> str:
        return self.visit.entered_by.name if self.visit.entered_by else ""

    @property
    def past(self) -> list[str]:
        """What it went past: the items by name where they were noted."""
        labels = [str(each.get("label", "")) for each in self.visit.bypassed]
        return list(dict.fromkeys(labels)) or [SAYS.get(self.kind, "")]


def check_can_see_bypasses(user: User) -> None:
    """Raise NotAllowed unless the report is for this person: who sees all deals, or leads."""
    if not can_see_bypasses(user):
        raise NotAllowed("The report of bypasses is for those who lead others or see every deal.")


def can_see_bypasses(user: User) -> bool:
    return sees_all_deals(user) or user.has_role(*LEADS_A_LINE)


def bypasses(user: User, asked: Asked) -> QuerySet[StageVisit]:
    """The visits that match and whose deals are this person's to see, last written first."""
    visits = StageVisit.objects.filter(BYPASS).select_related(
        "deal__owner", "stage__pipeline", "entered_by"
    )
    if not sees_all_deals(user):
        line = Deal.objects.filter(line_of(user)).order_by()
        visits = visits.filter(deal__in=line.values("pk"))
    if asked.kind in CONDITIONS:
        visits = visits.filter(CONDITIONS[asked.kind])
    if asked.pipeline:
        visits = visits.filter(stage__pipeline__key=asked.pipeline)
    if asked.person:
        visits = visits.filter(entered_by=asked.person)
    return within(visits, asked).order_by("-pk")


def within(visits: QuerySet[StageVisit], asked: Asked) -> QuerySet[StageVisit]:
    """Those between two days; a move nobody knows the day of is in no period."""
    zone = Company.get().zone_info
    if asked.since:
        visits = visits.filter(entered_at__gte=datetime.combine(asked.since, time(), zone))
    if asked.until:
        after = asked.until + timedelta(days=1)
        visits = visits.filter(entered_at__lt=datetime.combine(after, time(), zone))
    return visits


def kind_of(visit: StageVisit) -> str:
    if visit.is_override:
        return OVERRIDE
    if visit.move == Move.RESTAGE:
        return RULES
    if visit.move == Move.IMPORT or visit.via == Via.IMPORT:
        return IMPORT
    return SYSTEM


def told(visits: Sequence[StageVisit]) -> list[Bypass]:
    return [Bypass(visit, kind_of(visit)) for visit in visits]


def counts_by_kind(user: User, asked: Asked) -> dict[str, int]:
    """How many there are of each kind, whatever kind is asked."""
    everything = Asked("", asked.pipeline, asked.person, asked.since, asked.until)
    visits = bypasses(user, everything).order_by()
    each = {kind: Count("pk", filter=condition) for kind, condition in CONDITIONS.items()}
    return visits.aggregate(**each)


def pipelines() -> list[tuple[str, str]]:
    return list(Pipeline.objects.order_by("position", "pk").values_list("key", "name"))


def register() -> None:
    register_report(
        ReportLink(
            "bypasses",
            "Bypasses",
            "Which deals moved past a gate, by whom and why?",
            "pipeline:bypass-report",
            "shield-alert",
            90,
            group=DISCIPLINE,
            visible=can_see_bypasses,
        )
    )
