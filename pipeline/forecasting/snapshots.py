"""What deals came to as a day began: taking a snapshot, and reading several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import cast

from django.db.models import Case, CharField, Count, F, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, TruncMonth

from pipeline.forecasting.money import Sums, exact
from pipeline.forecasting.periods import Period, quarter_of
from pipeline.models import Deal, ForecastCall, ForecastSnapshot, Pipeline, StageRule
from pipeline.stages import Process, process_of
from revops.company.models import Company
from revops.refusals import Refused

Category = StageRule.ForecastCategory
BATCH = 2000


FROM = time(0, 10)
"""When the day's snapshot is taken, where the company is."""


def snapshot_is_due(at: datetime) -> bool:
    """Whether the time of today's snapshot has come; whether it is there is another question."""
    return at.astimezone(Company.get().zone_info).time() >= FROM


def category_now(process: Process) -> Case:
    """The forecast category of an open deal, in SQL: its own, or that of its stage.

    What is open is never closed: where rules or a deal say so, it is committed.
    """
    by_category: dict[str, list[int]] = {}
    for rule in process.rules:
        by_category.setdefault(while_open(rule.forecast_category), []).append(rule.stage_id)
    whens = [
        When(stage__in=stages, then=Value(category))
        for category, stages in sorted(by_category.items())
    ]
    of_stage = Case(*whens, default=Value(Category.OMITTED.value), output_field=CharField())
    return Case(
        When(forecast_category="", then=of_stage),
        When(forecast_category=Category.CLOSED, then=Value(Category.COMMIT.value)),
        default=F("forecast_category"),
        output_field=CharField(),
    )


def while_open(category: str) -> str:
    return Category.COMMIT.value if category == Category.CLOSED else category


def process_or_none(pipeline: Pipeline) -> Process | None:
    try:
        return process_of(pipeline)
    except Refused:
        return None


def cells_of(pipeline: Pipeline, day: date) -> Iterator[ForecastSnapshot]:
    """What the pipeline's deals come to now, as the snapshot of `day`.

    Open deals of every month; closed ones of this quarter and the one before; standing calls.
    """
    process = process_or_none(pipeline)
    if process is None:
        return
    deals = Deal.objects.filter(pipeline=pipeline).order_by()
    yield from open_cells(pipeline, day, deals.open(), process)
    since = quarter_of(day).previous.starts_on
    won = (
        deals.filter(status=Deal.Status.WON, closed_on__gte=since, closed_on__lte=day)
        .annotate(who=Coalesce("closed_owner", "owner"), month=TruncMonth("closed_on"))
        .values_list("who", "month", "currency")
        .annotate(number=Count("*"), total=Sum("amount"))
    )
    for who, month, currency, number, total in won:
        yield cell(pipeline, day, who, month, Category.CLOSED, currency, number, total)
    yield from call_cells(pipeline, day, since)


def open_cells(
    pipeline: Pipeline, day: date, deals: QuerySet[Deal], process: Process
) -> Iterator[ForecastSnapshot]:
    rows = (
        deals.annotate(month=TruncMonth("close_date"), category=category_now(process))
        .values_list("owner", "month", "category", "currency")
        .annotate(number=Count("*"), total=Sum("amount"))
    )
    for owner, month, category, currency, number, total in rows:
        yield cell(pipeline, day, owner, month, category, currency, number, total)


def call_cells(pipeline: Pipeline, day: date, since: date) -> Iterator[ForecastSnapshot]:
    calls = ForecastCall.objects.filter(pipeline=pipeline, ended_at=None, ends_on__gte=since)
    for call in calls.order_by("pk"):
        found = cell(
            pipeline, day, call.person_id, call.starts_on, call.category, call.currency, 1,
            call.amount,
        )  # fmt: skip
        found.is_call = True
        found.months = len(Period(call.starts_on, call.ends_on).months)
        yield found


def cell(
    pipeline: Pipeline,
    day: date,
    owner: int,
    month: date | None,
    category: str,
    currency: str,
    number: int,
    total: object,
) -> ForecastSnapshot:
    return ForecastSnapshot(
        taken_on=day,
        pipeline=pipeline,
        owner_id=owner,
        month=month,
        category=category,
        currency=currency,
        count=number,
        amount=exact(total),
    )


def write_cells(cells: Iterable[ForecastSnapshot]) -> int:
    """Write them; within the caller's transaction."""
    return len(ForecastSnapshot.objects.bulk_create(cells, batch_size=BATCH))


# Reading


@dataclass(frozen=True)
class Morning:
    """What a snapshot says of a period: deals by category and currency, commits called by whom."""

    sums: defaultdict[str, dict[str, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    calls: dict[int, Sums] = field(default_factory=dict)


def days_kept(pipeline: Pipeline, period: Period, since: date, until: date) -> list[date]:
    """The days from `since` to `until` of which there is a snapshot about this period."""
    found = kept_between(pipeline, period, since, until).order_by("taken_on")
    return list(found.values_list("taken_on", flat=True).distinct())


def first_kept(pipeline: Pipeline, period: Period, since: date, until: date) -> date | None:
    """The first of these days; None where there is none."""
    found = kept_between(pipeline, period, since, until).aggregate(first=Min("taken_on"))
    return cast("date | None", found["first"])


def kept_between(
    pipeline: Pipeline, period: Period, since: date, until: date
) -> QuerySet[ForecastSnapshot]:
    return ForecastSnapshot.objects.filter(
        pipeline=pipeline, month__in=period.months, taken_on__gte=since, taken_on__lte=until
    )


def first_day_kept(pipeline: Pipeline) -> date | None:
    """The day of the first snapshot; nothing is known of earlier ones."""
    found = ForecastSnapshot.objects.filter(pipeline=pipeline).order_by("taken_on")
    return found.values_list("taken_on", flat=True).first()


def about(pipeline: Pipeline, period: Period, whose: Q) -> QuerySet[ForecastSnapshot]:
    """The cells of a period's deals."""
    return ForecastSnapshot.objects.filter(
        whose, pipeline=pipeline, month__in=period.months, is_call=False
    ).order_by()


def mornings(
    pipeline: Pipeline, period: Period, days: Collection[date], whose: Q
) -> dict[date, Morning]:
    """What the snapshots of these days say about a period, in one query."""
    found = {day: Morning() for day in days}
    called = Q(is_call=True, month=period.starts_on, months=len(period.months))
    cells = ForecastSnapshot.objects.filter(
        Q(is_call=False) | called,
        whose,
        pipeline=pipeline,
        month__in=period.months,
        taken_on__in=days,
    ).order_by()
    # A caller is told by name; deals are added up where they lie, whoever owns them.
    caller = Case(When(is_call=True, then=F("owner")))
    rows = cells.annotate(caller=caller).values_list("taken_on", "caller", "category", "currency")
    for day, person, category, currency, total in rows.annotate(total=Sum("amount")):
        if person is None:
            found[day].sums[category][currency] = exact(total)
        elif category == Category.COMMIT:
            found[day].calls[person] = {currency: exact(total)}
    return found


def mornings_by_owner(
    pipeline: Pipeline, period: Period, days: Collection[date], whose: Q
) -> dict[int, dict[date, Morning]]:
    """The same of each owner's own deals; who has none on any of the days is not there."""
    found: dict[int, dict[date, Morning]] = {}
    rows = about(pipeline, period, whose).filter(taken_on__in=days)
    told = rows.values_list("owner", "taken_on", "category", "currency")
    for owner, day, category, currency, total in told.annotate(total=Sum("amount")):
        if owner not in found:
            found[owner] = {each: Morning() for each in days}
        found[owner][day].sums[category][currency] = exact(total)
    return found


def sure_of(pipeline: Pipeline, period: Period, whose: Q) -> dict[date, dict[str, Decimal]]:
    """What was closed and committed, by the day of the snapshot and currency."""
    found: defaultdict[date, dict[str, Decimal]] = defaultdict(dict)
    rows = about(pipeline, period, whose).filter(category__in=(Category.CLOSED, Category.COMMIT))
    told = rows.values_list("taken_on", "currency").annotate(total=Sum("amount"))
    for day, currency, total in told:
        found[day][currency] = exact(total)
    return found
