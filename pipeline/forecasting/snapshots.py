"""What deals came to as a day began: taking a snapshot, and reading several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, TruncMonth

from pipeline.forecasting.money import exact
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
class Kept:
    """One cell of a snapshot."""

    taken_on: date
    owner_id: int
    category: str
    is_call: bool
    currency: str
    amount: Decimal


def days_kept(pipeline: Pipeline, period: Period, since: date, until: date) -> list[date]:
    """The days from `since` to `until` of which there is a snapshot about this period."""
    found = ForecastSnapshot.objects.filter(
        pipeline=pipeline, month__in=period.months, taken_on__gte=since, taken_on__lte=until
    )
    return list(found.order_by("taken_on").values_list("taken_on", flat=True).distinct())


def first_day_kept(pipeline: Pipeline) -> date | None:
    """The day of the first snapshot; nothing is known of earlier ones."""
    found = ForecastSnapshot.objects.filter(pipeline=pipeline).order_by("taken_on")
    return found.values_list("taken_on", flat=True).first()


def kept(pipeline: Pipeline, period: Period, days: Iterable[date], whose: Q) -> list[Kept]:
    """What snapshots of these days say about a period: deals by owner, calls for all of it."""
    rows = ForecastSnapshot.objects.filter(
        whose, pipeline=pipeline, month__in=period.months, taken_on__in=list(days)
    )
    rows = rows.filter(
        Q(is_call=False) | Q(is_call=True, month=period.starts_on, months=len(period.months))
    )
    fields = ("taken_on", "owner", "category", "is_call", "currency")
    return [
        Kept(row[0], row[1], row[2], row[3], row[4], exact(row[5]))
        for row in rows.order_by().values_list(*fields).annotate(total=Sum("amount"))
    ]
