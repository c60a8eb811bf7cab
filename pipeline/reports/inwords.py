"""The report of a period as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from pipeline.metrics import Rate
from pipeline.reports.flow import stage_conversion, time_in_stage, velocity
from pipeline.reports.results import losses, slippage, win_rates
from pipeline.reports.scope import Scope
from pipeline.reports.shapes import Money, WinRateRow, money_text

NOTHING = "n/a"


def in_words(scope: Scope, by: str) -> str:
    lines = [
        f"{scope.pipeline.name}, {scope.since} to {scope.until} (both included), "
        f"money in {scope.company.currency}",
        *results(scope, by),
        *stages(scope),
        *pace(scope),
    ]
    return "\n".join(lines)


def results(scope: Scope, by: str) -> Iterable[str]:
    rates = win_rates(scope, by)
    yield ""
    yield row_of(f"By {by}", "won", "lost", "win rate", "won value", "cycle: mean", "median")
    for row in [*rates.rows, rates.total]:
        yield result_row(row)
    total = rates.total
    yield ""
    cohort = rate_text(total.cohort_rate) if total.cohort_rate else NOTHING
    yield f"Of {total.created} deals opened in the period, won by now: {cohort}"
    yield from apart(total.won_value)
    if total.cycle_unknown:
        yield f"{total.cycle_unknown} won deals do not say when they were opened: no cycle length."
    if rates.unknown_opened:
        yield f"{rates.unknown_opened} deals do not say when they were opened: in no cohort."


def result_row(row: WinRateRow) -> str:
    return row_of(
        row.of.name,
        row.won,
        row.lost,
        rate_text(row.rate),
        money_text(row.won_value.amount),
        number(row.cycle.mean),
        number(row.cycle.median),
    )


def stages(scope: Scope) -> Iterable[str]:
    conversion, times = stage_conversion(scope), time_in_stage(scope)
    yield ""
    yield row_of("Stage", "entered", "skipped", "went on", "left onward", "days: mean", "p90")
    for row, time in zip(conversion.rows, times.rows, strict=True):
        yield row_of(
            row.stage.name,
            row.entered,
            row.skipped,
            rate_text(row.cohort_rate),
            rate_text(row.period_rate),
            number(time.days.mean),
            time.days.p90 if time.days.n else NOTHING,
        )
    if conversion.unknown_entered:
        yield f"{conversion.unknown_entered} stays began nobody knows when: in no cohort."


def pace(scope: Scope) -> Iterable[str]:
    pace_, lost, slipped = velocity(scope), losses(scope), slippage(scope).total
    yield ""
    yield (
        f"Open now: {pace_.open_deals} deals, {money_text(pace_.open_value.amount)}; "
        f"velocity {number(pace_.per_day)} a day"
    )
    quota = money_text(pace_.quota.amount) if pace_.quota else "none"
    yield (
        f"Expected in the period: {money_text(pace_.expected_value.amount)}; quota {quota}; "
        f"coverage {number(pace_.coverage, 2)}"
    )
    yield f"Due as the period began: {slipped.due}; slipped: {rate_text(slipped.rate)}"
    for row in lost.rows:
        yield row_of(f"Lost: {row.reason.name}", row.count, "", rate_text(row.share))


def row_of(first: str, *rest: object) -> str:
    return f"{first[:28]:<28}" + "".join(f" {each!s:>14}" for each in rest)


def rate_text(rate: Rate) -> str:
    if rate.value is None:
        return NOTHING
    if not rate.enough:
        return f"{rate.hits}/{rate.n} (few)"
    return f"{float(rate.value):.1%} of {rate.n}"


def number(value: Fraction | Decimal | int | None, places: int = 1) -> str:
    return NOTHING if value is None else f"{float(value):,.{places}f}"


def apart(money: Money) -> Iterable[str]:
    for currency, amount in money.unconverted.items():
        yield f"Not in it, since there is no rate for it: {money_text(amount)} {currency}"
