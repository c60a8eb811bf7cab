"""How deals ended: win rates, cycle length, losses, slippage, and their course by month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline import metrics
from pipeline.reports.reading import (
    Lot,
    Lots,
    lots_by_kind,
    lots_of,
    money,
    names_of,
)
from pipeline.reports.scope import Scope
from pipeline.reports.shapes import (
    CompetitorRow,
    CycleLength,
    CycleRow,
    Losses,
    LossRow,
    Named,
    Slippage,
    SlippageRow,
    Trend,
    TrendRow,
    WinRateRow,
    WinRates,
)
from pipeline.tallies.due import DUE, due_sums
from pipeline.tallies.measures import Asked
from pipeline.tallies.reading import read_tallies, unknown
from pipeline.tallies.spans import by_month, end_of, months_between

WON, LOST, OPEN = "won", "lost", "open"
ALL = Named("", "All")
COHORTS = ("source", "owner", "team", "product", "competitor")
"""What deals can be told apart by while they are open; their segment is known at the close."""


def win_rates(scope: Scope, by: str = "owner", *, cycles: bool = True) -> WinRates:
    """Won and lost in the period, apart by source, owner, team, product, segment or competitor.

    Owner, team and segment are those stamped when the deal closed. Without `cycles` nobody reads
    how long the deals took.
    """
    closed = read_tallies(scope, "closed", by, spreads=cycles)
    opened = read_tallies(scope, "opened", by) if by in COHORTS else None
    ended, begun = lots_of(closed), lots_of(opened or [])
    names = names_of(by, {key for key, _ in [*ended, *begun]})
    rows = [
        win_rate_row(scope, name, ended, begun, has_cohort=opened is not None)
        for name in names.values()
    ]
    return WinRates(
        by,
        sorted(rows, key=lambda row: (-row.won - row.lost, row.of.name)),
        total_row(scope, cycles=cycles),
        sum(cell.count for cell in unknown(scope, "opened")),
    )


def total_row(scope: Scope, *, cycles: bool) -> WinRateRow:
    """All of them as one row."""
    ended = read_tallies(scope, "closed", spreads=cycles)
    return win_rate_row(
        scope, ALL, lots_of(ended), lots_of(read_tallies(scope, "opened")), has_cohort=True
    )


def win_rate_row(
    scope: Scope, of: Named, ended: Lots, begun: Lots, *, has_cohort: bool
) -> WinRateRow:
    won, lost = ended[of.key, WON], ended[of.key, LOST]
    cohort = {kind: begun[of.key, kind].count for kind in (WON, LOST, OPEN)}
    created = sum(cohort.values())
    return WinRateRow(
        of=of,
        won=won.count,
        lost=lost.count,
        rate=metrics.win_rate(won.count, lost.count),
        won_value=money(scope, won.amounts),
        lost_value=money(scope, lost.amounts),
        cycle=metrics.cycle_length(won.days),
        cycle_unknown=won.unknown,
        created=created if has_cohort else None,
        created_won=cohort[WON] if has_cohort else None,
        created_lost=cohort[LOST] if has_cohort else None,
        cohort_rate=metrics.win_rate_of_cohort(cohort[WON], created) if has_cohort else None,
    )


def cycle_length(scope: Scope, by: str = "owner") -> CycleLength:
    """Days from opening to winning, of the deals won in the period."""
    ended = lots_of(read_tallies(scope, "closed", by))
    won = {key: lot for (key, kind), lot in ended.items() if kind == WON}
    names = names_of(by, won)
    rows = [cycle_row(names[key], lot) for key, lot in won.items()]
    total = lots_by_kind(read_tallies(scope, "closed"))[WON]
    return CycleLength(
        by, sorted(rows, key=lambda row: (-row.days.n, row.of.name)), cycle_row(ALL, total)
    )


def cycle_row(of: Named, won: Lot) -> CycleRow:
    return CycleRow(of, metrics.cycle_length(won.days), won.unknown)


def losses(scope: Scope) -> Losses:
    """Why deals were lost in the period, and against whom."""
    lots = lots_of(read_tallies(scope, "closed", "loss_reason", spreads=False))
    lost = {key: lot for (key, kind), lot in lots.items() if kind == LOST}
    total = sum(lot.count for lot in lost.values())
    names = names_of("loss_reason", lost)
    rows = [
        LossRow(names[key], lot.count, metrics.Rate(lot.count, total), money(scope, lot.amounts))
        for key, lot in lost.items()
    ]
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for lot in lost.values():
        for currency, amount in lot.amounts.items():
            amounts[currency] += amount
    return Losses(
        sorted(rows, key=lambda row: (-row.count, row.reason.name)),
        total,
        money(scope, amounts),
        competitors(scope),
    )


def competitors(scope: Scope) -> list[CompetitorRow]:
    """Won and lost against each competitor that is named, the one most met first."""
    lots = lots_of(read_tallies(scope, "closed", "competitor", spreads=False))
    names = names_of("competitor", {key for key, _ in lots if key})
    rows = []
    for key, name in names.items():
        won, lost = lots[key, WON].count, lots[key, LOST].count
        rows.append(CompetitorRow(name, won, lost, metrics.win_rate(won, lost)))
    return sorted(rows, key=lambda row: (-row.won - row.lost, row.competitor.name))


# Slippage


@dataclass(frozen=True)
class Due:
    """A part of what was due, and what came of it in time; "due" is all of it."""

    kind: str
    currency: str
    count: int
    amount: Decimal


def slippage(scope: Scope) -> Slippage:
    """Of the deals due in the period as it began, those that did not close in it.

    Each month is judged as it began, so that the months need not add up to the period.
    """
    months = months_between(scope.since, min(scope.until, scope.today))
    rows = []
    for month in months:
        since, until = max(month, scope.since), min(end_of(month), scope.until)
        rows.append(slippage_row(scope, since, until))
    return Slippage(rows, slippage_row(scope, scope.since, scope.until))


def slippage_row(scope: Scope, since: date, until: date) -> SlippageRow:
    n: Counter[str] = Counter()
    left: defaultdict[str, Lot] = defaultdict(Lot)
    for part in due_parts(scope, since, until):
        n[part.kind] += part.count
        sign = 1 if part.kind == DUE else -1
        left[part.currency].count += sign * part.count
        left[part.currency].amounts[part.currency] += sign * part.amount
    amounts = {currency: lot.amounts[currency] for currency, lot in left.items() if lot.count}
    slipped = n[DUE] - n[WON] - n[LOST]
    rate = metrics.slippage(slipped, n[DUE])
    return SlippageRow(since, until, rate.n, n[WON], n[LOST], slipped, rate, money(scope, amounts))


def due_parts(scope: Scope, since: date, until: date) -> Iterable[Due]:
    """What was due in these days as they began, and what of it was closed by their end."""
    if since.day == 1 and until == end_of(until):
        return due_of_months(scope, since, until)
    if since.day == 1 and scope.is_whole:
        return due_from_first(scope, since, until)
    return due_of_days(scope, since, until)


def due_of_months(scope: Scope, since: date, until: date) -> Iterator[Due]:
    """From the tally of the first day: by month due and month closed."""
    months = {f"{month:%Y-%m}" for month in months_between(since, until)}
    for cell in read_tallies(scope, "due", "due", since=since, until=since):
        if cell.key in months:
            kind, _, closed = cell.kind.partition(" ")
            yield Due(DUE, cell.currency, cell.count, cell.amount)
            if kind != OPEN and closed <= until.isoformat():
                yield Due(kind, cell.currency, cell.count, cell.amount)


def due_from_first(scope: Scope, since: date, until: date) -> Iterator[Due]:
    """From the tally of the first day: by day due, and day both due and closed."""
    last = until.isoformat()
    for cell in read_tallies(scope, "due", "day", since=since, until=since):
        if cell.key <= last:
            yield Due(cell.kind, cell.currency, cell.count, cell.amount)


def due_of_days(scope: Scope, since: date, until: date) -> Iterator[Due]:
    """From the standings, for periods that do not begin with a month."""
    asked = Asked(scope.pipeline.pk, (), scope.company.zone_info, scope.members)
    for status, in_time, *part in due_sums(asked, since, until):
        yield Due(DUE, *part)
        if status != OPEN and in_time:
            yield Due(status, *part)


# The course of things


def trend(scope: Scope) -> Trend:
    """Deals opened, won and lost in each month of the period."""
    ended = by_month(read_tallies(scope, "closed", spreads=False))
    begun = by_month(read_tallies(scope, "opened"))
    rows = []
    for month in months_between(scope.since, min(scope.until, scope.today)):
        lots = lots_by_kind(ended.get(month, []))
        won, lost = lots[WON], lots[LOST]
        whole = scope.since <= month and end_of(month) <= min(scope.until, scope.today)
        rows.append(
            TrendRow(
                month=month,
                created=sum(cell.count for cell in begun.get(month, [])),
                won=won.count,
                lost=lost.count,
                rate=metrics.win_rate(won.count, lost.count),
                won_value=money(scope, won.amounts),
                is_whole=whole,
            )
        )
    return Trend(rows)
