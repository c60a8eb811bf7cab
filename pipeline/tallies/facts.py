"""The facts that the pipeline itself tallies: from deals, visits, moves of dates and standings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from pipeline.marks import UNKNOWN_DAY
from pipeline.models import (
    ClosePullIn,
    ClosePush,
    Deal,
    Move,
    Stage,
    StageRule,
    StageVisit,
)
from pipeline.tallies.cells import NOTHING
from pipeline.tallies.due import due_facts
from pipeline.tallies.folding import follow_zone
from pipeline.tallies.measures import Asked, Fact, Grouping, Measure, register_measure
from revops.company.registry import register_settings_changed

OPEN, WON, LOST = Deal.Status.OPEN, Deal.Status.WON, Deal.Status.LOST
WHOSE = Coalesce("closed_owner", "owner")
WHOSE_DEAL = Coalesce("deal__closed_owner", "deal__owner")


def whose(asked: Asked, prefix: str = "") -> Q:
    """The condition for deals of the owners asked for, as they were when closed."""
    if asked.owners is None:
        return Q()
    closed, present = f"{prefix}closed_owner", f"{prefix}owner"
    return Q(**{f"{closed}__in": asked.owners}) | Q(
        **{f"{closed}__isnull": True, f"{present}__in": asked.owners}
    )


def of_owners(rows: QuerySet[Any, Any], asked: Asked, prefix: str = "") -> Iterator[Any]:
    """The rows of the owners asked for: first by the stamp, then those without, each by index."""
    if asked.owners is None:
        yield from rows.iterator()
        return
    closed, present = f"{prefix}closed_owner", f"{prefix}owner"
    yield from rows.filter(**{f"{closed}__in": asked.owners}).iterator()
    unstamped = {f"{closed}__isnull": True, f"{present}__in": asked.owners}
    yield from rows.filter(**unstamped).iterator()


# Deals by the day they closed, began, or are expected


def closed_facts(asked: Asked) -> Iterator[Fact]:
    """Deals won and lost, by the day they closed; how long it took to win."""
    rows = (
        Deal.objects.filter(asked.on_days("closed_on"), pipeline=asked.pipeline_id)
        .exclude(status=OPEN)
        .values_list(
            "closed_on",
            "status",
            WHOSE,
            "closed_team",
            "deal_source",
            "product",
            "closed_segment",
            "competitor",
            "loss_reason",
            "currency",
            "amount",
            "opened_on",
        )
    )
    for day, status, owner, team, source, product, segment, rival, reason, *rest in of_owners(
        rows, asked
    ):
        currency, amount, opened = rest
        knows = status == WON and opened and opened <= day
        days = (day - opened).days if knows else None
        keys = (str(team or ""), source, product, segment, rival.strip(), reason)
        yield Fact(day, status, owner, keys, currency, amount or NOTHING, days)


def opened_facts(asked: Asked) -> Iterator[Fact]:
    """Deals by the day they were opened, and what became of them by now."""
    rows = Deal.objects.filter(asked.on_days("opened_on"), pipeline=asked.pipeline_id).values_list(
        "opened_on",
        "status",
        WHOSE,
        "closed_team",
        "deal_source",
        "product",
        "competitor",
        "stage",
        "currency",
        "amount",
    )
    for day, status, owner, team, source, product, rival, stage, *money in of_owners(rows, asked):
        currency, amount = money
        of_team = f"@{owner}" if status == OPEN else str(team or "")
        keys = (of_team, source, product, rival.strip(), str(stage))
        yield Fact(day or UNKNOWN_DAY, status, owner, keys, currency, amount or NOTHING)


def expected_facts(asked: Asked) -> Iterator[Fact]:
    """Open deals by the day they are expected to close."""
    rows = (
        Deal.objects.filter(asked.on_days("close_date"), pipeline=asked.pipeline_id, status=OPEN)
        .filter(Q() if asked.owners is None else Q(owner__in=asked.owners))
        .values_list("close_date", "owner", "currency", "amount")
    )
    for day, owner, currency, amount in rows.iterator():
        yield Fact(day or UNKNOWN_DAY, OPEN, owner, (), currency, amount or NOTHING)


# Stays in stages


@dataclass(frozen=True)
class Stay:
    """One visit, as far as conversion asks."""

    stage_id: int
    version_id: int | None
    move: str
    skipped: tuple[str, ...]
    moment: datetime | None
    entered: date
    left: date | None
    days: int | None


class Map:
    """Where stages stood in each published version of a pipeline's rules.

    Versions never change, so that a day counted again is counted alike. A stay without a version
    (from an import) is read by the one in force when it began.
    """

    def __init__(self, pipeline_id: int) -> None:
        rules = StageRule.objects.filter(
            stage__pipeline=pipeline_id, version__published_at__isnull=False
        )
        self.ids: dict[str, int] = {}
        self.versions: dict[int, dict[int, tuple[int, str]]] = {}
        self.published: list[tuple[datetime, int]] = []
        self.asked: dict[tuple[int, ...], list[tuple[int, str]]] = {}
        rows = rules.order_by("version__number").values_list(
            "version", "version__published_at", "stage", "stage__key", "position", "kind"
        )
        for version, published_at, stage, key, position, kind in rows:
            if published_at and version not in self.versions:
                self.published.append((published_at, version))
            self.ids[key] = stage
            self.versions.setdefault(version, {})[stage] = (position, kind)

    def places(self, stay: Stay, *stages: int) -> list[tuple[int, str]]:
        """Position and kind of these stages as the stay found them; empty where nobody says."""
        if not stay.version_id:
            return self.look_up(stay, stages)
        asked = (stay.version_id, *stages)
        if asked not in self.asked:
            self.asked[asked] = self.look_up(stay, stages)
        return self.asked[asked]

    def look_up(self, stay: Stay, stages: tuple[int, ...]) -> list[tuple[int, str]]:
        for version in self.versions_for(stay):
            known = self.versions.get(version, {})
            if all(stage in known for stage in stages):
                return [known[stage] for stage in stages]
        return []

    def versions_for(self, stay: Stay) -> Iterator[int]:
        """The version of a stay, else that in force when it began; then the oldest that knows."""
        if stay.version_id:
            yield stay.version_id
        elif stay.moment:
            in_force = [version for at, version in self.published if at <= stay.moment]
            yield from in_force[-1:]
        yield from self.versions

    def kind(self, stay: Stay) -> str:
        found = self.places(stay, stay.stage_id)
        return found[0][1] if found else OPEN

    def is_later(self, stay: Stay, stage_id: int) -> bool:
        """Whether a stay lies behind a stage on the way to winning."""
        kind = self.kind(stay)
        if kind != OPEN:
            return kind == WON
        found = self.places(stay, stay.stage_id, stage_id)
        return found[0][0] > found[1][0] if found else stay.move in (Move.ADVANCE, Move.SKIP)

    def end(self, stay: Stay, following: Stay | None) -> str:
        """How a stay that is over ended."""
        if following is None or following.move in (Move.RESTAGE, Move.TRANSFER, Move.REOPEN):
            return "away"
        if self.kind(following) == LOST:
            return "lost"
        return "onward" if self.is_later(following, stay.stage_id) else "back"


def stay_facts(asked: Asked) -> Iterator[Fact]:
    """What deals did in the open stages of a pipeline.

    By the day they first entered: "passed" when they went on by now, else "stayed"; "skipped"
    when they jumped it. By the day a stay ended: "onward", "back", "lost", or "away" to where
    conversion does not look; "leapt" on the day of a jump.
    """
    map_ = Map(asked.pipeline_id)
    for owner, stays in stays_of_deals(asked):
        yield from entries(owner, stays, map_)
        yield from endings(owner, stays, map_)


def stays_of_deals(asked: Asked) -> Iterator[tuple[int, list[Stay]]]:
    """All stays in the pipeline of every deal that entered or left a stage on the days asked."""
    stages = list(Stage.objects.filter(pipeline=asked.pipeline_id).values_list("pk", flat=True))
    here = StageVisit.objects.filter(whose(asked, "deal__"), stage__in=stages).order_by()
    entered = here.filter(asked.at_moments("entered_at")).values("deal")
    left = here.filter(asked.at_moments("left_at"), left_at__isnull=False).values("deal")
    rows = here.filter(Q(deal__in=entered) | Q(deal__in=left)).order_by(
        "deal", F("entered_at").asc(nulls_first=True), "pk"
    )
    columns = ("deal", WHOSE_DEAL, "stage", "version", "move", "skipped", "entered_at", "left_at")
    for (_, owner), visits in groupby(rows.values_list(*columns).iterator(), lambda row: row[:2]):
        yield owner, [stay_of(asked, *visit[2:]) for visit in visits]


def stay_of(
    asked: Asked,
    stage_id: int,
    version_id: int | None,
    move: str,
    skipped: list[str],
    entered: datetime | None,
    left: datetime | None,
) -> Stay:
    return Stay(
        stage_id,
        version_id,
        move,
        tuple(skipped),
        entered,
        asked.day_of(entered),
        asked.day_of(left) if left else None,
        (left - entered).days if left and entered else None,
    )


def entries(owner: int, stays: list[Stay], map_: Map) -> Iterator[Fact]:
    """The first time that a deal came to each stage, or jumped it."""
    seen: set[int] = set()
    for number, stay in enumerate(stays):
        for key in stay.skipped:
            if (jumped := map_.ids.get(key)) and jumped not in seen:
                seen.add(jumped)
                yield Fact(stay.entered, "skipped", owner, (str(jumped),))
        if stay.stage_id in seen or map_.kind(stay) != OPEN:
            continue
        seen.add(stay.stage_id)
        passed = any(map_.is_later(later, stay.stage_id) for later in stays[number + 1 :])
        kind = "passed" if passed else "stayed"
        yield Fact(stay.entered, kind, owner, (str(stay.stage_id),))


def endings(owner: int, stays: list[Stay], map_: Map) -> Iterator[Fact]:
    """How stays ended, and the stages that were jumped."""
    for stay, following in zip(stays, [*stays[1:], None], strict=True):
        for key in stay.skipped:
            if key in map_.ids:
                yield Fact(stay.entered, "leapt", owner, (str(map_.ids[key]),))
        if stay.left and map_.kind(stay) == OPEN:
            kind = map_.end(stay, following)
            yield Fact(stay.left, kind, owner, (str(stay.stage_id),), days=stay.days)


# Close dates


def date_facts(asked: Asked) -> Iterator[Fact]:
    """Close dates that moved: later with a reason, or earlier."""
    of = {"deal__pipeline": asked.pipeline_id}
    pushes = ClosePush.objects.filter(asked.at_moments("pushed_at"), whose(asked, "deal__"), **of)
    rows = pushes.values_list(
        "pushed_at",
        WHOSE_DEAL,
        "reason_key",
        "from_date",
        "to_date",
        "crosses_month",
        "crosses_quarter",
    )
    for at, owner, reason, first, to, month, quarter in rows.iterator():
        crossing = "quarter" if quarter else "month" if month else ""
        days = (to - first).days
        yield Fact(asked.day_of(at), "pushed", owner, (reason, crossing), days=days)
    pull_ins = ClosePullIn.objects.filter(
        asked.at_moments("pulled_at"), whose(asked, "deal__"), **of
    )
    moves = pull_ins.values_list("pulled_at", WHOSE_DEAL, "from_date", "to_date")
    for at, owner, first, to in moves.iterator():
        yield Fact(asked.day_of(at), "pulled", owner, ("", ""), days=(first - to).days)


CLOSED = Measure(
    "closed",
    closed_facts,
    ("team", "source", "product", "segment", "competitor", "loss_reason"),
    grouping=Grouping("closed_on", ~Q(status=OPEN)),
    spreads=True,
)
OPENED = Measure(
    "opened",
    opened_facts,
    ("team", "source", "product", "competitor", "stage"),
    owned=("stage",),
    grouping=Grouping("opened_on"),
)
EXPECTED = Measure("expected", expected_facts)
STAYS = Measure("stays", stay_facts, ("stage",), owned=("stage",), plain=False, spreads=True)
DATES = Measure(
    "dates",
    date_facts,
    ("reason", "crossing"),
    owned=("reason", "crossing"),
    plain=False,
    spreads=True,
)
DUE = Measure("due", due_facts, ("due", "day"), owned=("due",), on_first=True, plain=False)


def register() -> None:
    for measure in (CLOSED, OPENED, EXPECTED, STAYS, DATES, DUE):
        register_measure(measure)
    register_settings_changed(follow_zone)
