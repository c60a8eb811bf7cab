"""How deals go through the stages: conversion, time, funnel, age, pushes, velocity."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from pipeline import metrics
from pipeline.models import StageRollup
from pipeline.reports.quotas import quota_of
from pipeline.reports.reading import (
    Lot,
    lots_by_kind,
    lots_of,
    money,
    names_of,
    process_for,
    stage_named,
)
from pipeline.reports.scope import Scope
from pipeline.reports.shapes import (
    Aging,
    AgingRow,
    ConversionRow,
    Funnel,
    FunnelRow,
    Pushes,
    PushRow,
    ReasonRow,
    StageConversion,
    TimeInStage,
    TimeRow,
    Velocity,
)
from pipeline.stages import Rule
from pipeline.tallies.cells import Cell
from pipeline.tallies.reading import read_tallies, unknown

OPEN, WON = "open", "won"


def stage_conversion(scope: Scope) -> StageConversion:
    """Of each open stage: what share went on, of those that entered and of those that left."""
    lots = lots_of(read_tallies(scope, "stays", "stage", spreads=False))
    rows = []
    for rule in process_for(scope).open_rules:
        n = {kind: lots[str(rule.stage_id), kind].count for kind in STAY_KINDS}
        entered = n["passed"] + n["stayed"] + n["skipped"]
        onward = n["onward"] + n["leapt"]
        left = onward + n["back"] + n["lost"]
        rows.append(
            ConversionRow(
                stage=stage_named(rule),
                entered=entered,
                passed=n["passed"] + n["skipped"],
                skipped=n["skipped"],
                cohort_rate=metrics.conversion(n["passed"] + n["skipped"], entered),
                left=left,
                onward=onward,
                skipped_in_period=n["leapt"],
                period_rate=metrics.conversion_in_period(onward, left),
            )
        )
    return StageConversion(rows, unknown_entered(scope))


STAY_KINDS = ("passed", "stayed", "skipped", "onward", "back", "lost", "leapt")
ENDINGS = ("onward", "back", "lost", "away")


def unknown_entered(scope: Scope) -> int:
    """Stays in open stages whose beginning nobody knows."""
    cells = unknown(scope, "stays", "stage")
    return sum(cell.count for cell in cells if cell.kind in ("passed", "stayed"))


def time_in_stage(scope: Scope) -> TimeInStage:
    """How long stays lasted that ended in the period."""
    lots = lots_of(read_tallies(scope, "stays", "stage"))
    rows, unknown_ = [], 0
    for rule in process_for(scope).open_rules:
        stayed = Lot()
        for kind in ENDINGS:
            ended = lots[str(rule.stage_id), kind]
            unknown_ += ended.unknown
            for days, count in ended.days.items():
                stayed.days[days] += count
        spread = metrics.time_in_stage(stayed.days)
        rows.append(TimeRow(stage_named(rule), spread, rule.default_stale_days))
    return TimeInStage(rows, unknown_)


def funnel(scope: Scope) -> Funnel:
    """How many deals came into each stage in the period, and how many are there now."""
    lots = lots_of(read_tallies(scope, "stays", "stage", spreads=False))
    here = present(scope)
    rows = []
    for rule in process_for(scope).open_rules:
        n = {kind: lots[str(rule.stage_id), kind].count for kind in STAY_KINDS}
        entered = n["passed"] + n["stayed"] + n["skipped"]
        passed = n["passed"] + n["skipped"]
        rows.append(funnel_row(scope, rule, entered, passed, n["skipped"], here))
    won = lots_by_kind(read_tallies(scope, "closed", spreads=False))[WON].count
    rows.append(funnel_row(scope, process_for(scope).won, won, won, 0, here))
    return Funnel(rows, unknown_entered(scope))


def funnel_row(
    scope: Scope, rule: Rule, entered: int, passed: int, skipped: int, here: dict[int, Lot]
) -> FunnelRow:
    lot = here.get(rule.stage_id, Lot())
    return FunnelRow(
        stage=stage_named(rule),
        entered=entered,
        passed=passed,
        skipped=skipped,
        rate=metrics.conversion(passed, entered),
        here=lot.count,
        value=money(scope, lot.amounts),
    )


def present(scope: Scope) -> dict[int, Lot]:
    """The deals in each stage now, from the rollups."""
    rows = StageRollup.objects.filter(scope.present(), pipeline=scope.pipeline, count__gt=0)
    lots: defaultdict[int, Lot] = defaultdict(Lot)
    for stage, currency, count, amount in rows.values_list("stage", "currency", "count", "amount"):
        lots[stage].count += count
        lots[stage].amounts[currency] += amount
    return lots


def velocity(scope: Scope) -> Velocity:
    """What the pipeline yields a day, and how far it covers the quota."""
    here, amounts, count = present(scope), defaultdict[str, Decimal](Decimal), 0
    for rule in process_for(scope).open_rules:
        lot = here.get(rule.stage_id, Lot())
        count += lot.count
        for currency, amount in lot.amounts.items():
            amounts[currency] += amount
    closed = lots_by_kind(read_tallies(scope, "closed"))
    rate = metrics.win_rate(closed[WON].count, closed["lost"].count)
    cycle = metrics.cycle_length(closed[WON].days)
    open_value, won_value = money(scope, amounts), money(scope, closed[WON].amounts)
    size = metrics.average_size(open_value.amount, count)
    expected = lots_by_kind(read_tallies(scope, "expected"))[OPEN]
    expected_value = money(scope, expected.amounts)
    quota, people = quota_of(scope)
    goal = quota.amount if quota else Decimal(0)
    return Velocity(
        open_deals=count,
        open_value=open_value,
        average_size=size,
        rate=rate,
        cycle=cycle,
        per_day=metrics.velocity(count, size, rate, cycle.mean),
        expected=expected.count,
        expected_value=expected_value,
        won_value=won_value,
        quota=quota,
        quota_people=people,
        coverage=metrics.coverage(expected_value.amount, goal),
        remaining_coverage=(
            metrics.remaining_coverage(expected_value.amount, goal, won_value.amount)
            if quota
            else None
        ),
        attainment=metrics.attainment(won_value.amount, goal),
    )


def aging(scope: Scope) -> Aging:
    """Open deals of now by the days since they were opened."""
    rules = process_for(scope).open_rules
    rows = []
    for low, high in metrics.BANDS:
        lots = lots_of(opened_between(scope, low, high))
        stages = [(stage_named(rule), lots[str(rule.stage_id), OPEN]) for rule in rules]
        amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
        for _, lot in stages:
            for currency, amount in lot.amounts.items():
                amounts[currency] += amount
        counts = [(name, lot.count) for name, lot in stages]
        rows.append(AgingRow(low, high, sum(n for _, n in counts), money(scope, amounts), counts))
    missing = sum(cell.count for cell in unknown(scope, "opened", "stage") if cell.kind == OPEN)
    return Aging(rows, [stage_named(rule) for rule in rules], missing)


BEFORE_ALL = date(1900, 1, 1)


def opened_between(scope: Scope, low: int, high: int | None) -> list[Cell]:
    """Deals opened from `high` to `low` days ago."""
    since = BEFORE_ALL if high is None else scope.today - timedelta(days=high)
    until = scope.today - timedelta(days=low)
    return read_tallies(scope, "opened", "stage", since=since, until=until)


def pushes(scope: Scope) -> Pushes:
    """How often and how far close dates moved later in the period."""
    lots = lots_of(read_tallies(scope, "dates", "reason"))
    pushed = {key: lot for (key, kind), lot in lots.items() if kind == "pushed"}
    total, pulled = Lot(), lots["", "pulled"]
    for lot in pushed.values():
        total.count += lot.count
        for days, count in lot.days.items():
            total.days[days] += count
    crossed = lots_of(read_tallies(scope, "dates", "crossing", spreads=False))
    quarters = crossed["quarter", "pushed"].count
    names = names_of("reason", pushed)
    reasons = [
        ReasonRow(names[key], lot.count, metrics.Spread(lot.days)) for key, lot in pushed.items()
    ]
    return Pushes(
        rows=[PushRow(*band, n) for band, n in metrics.in_bands(total.days, metrics.PUSH_BANDS)],
        days=metrics.Spread(total.days),
        count=total.count,
        total_days=sum(days * count for days, count in total.days.items()),
        months_crossed=crossed["month", "pushed"].count + quarters,
        quarters_crossed=quarters,
        reasons=sorted(reasons, key=lambda row: (-row.count, row.reason.name)),
        pull_ins=pulled.count,
        pulled_days=sum(days * count for days, count in pulled.days.items()),
    )
