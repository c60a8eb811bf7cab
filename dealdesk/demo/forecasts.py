"""Quotas, calls and snapshots of the demo company, as its invented history would have left them.

Only the demo writes snapshots of days gone by: its history is invented whole, and what its deals
came to on a day can be told from how they stood then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from pipeline.forecasting.money import Conversion, conversion_of, exact
from pipeline.forecasting.periods import Period, month_of, quarter_of
from pipeline.forecasting.snapshots import Category, cell, while_open, write_cells
from pipeline.models import (
    Deal,
    DealStanding,
    ForecastCall,
    ForecastSnapshot,
    Pipeline,
    Quota,
)
from revops.company.models import Company
from revops.ledger.operations import Draft, record_many
from revops.people.actor import Actor
from revops.people.models import Role, User

QUARTERS_BACK = 5
MONTHS_BACK = 15
WEEKS_BACK = 26
ROUND = Decimal(5000)
REASONS = (
    "Two deals of the last week will slip; the rest is safe.",
    "Renewals come in stronger than the deals say.",
    "Procurement of the largest one confirmed the date.",
    "Commit is thin, but the best cases are further than their stage.",
)


def invent_forecasts(pipeline: Pipeline, *, seed: int, by: Actor, at: datetime) -> None:
    """Give the sellers quotas, their managers calls, and the past its snapshots."""
    rng = Random(f"{seed}:forecasts")
    company = Company.get()
    today = company.local_day(at)
    won = won_by_quarter(pipeline, today)
    add_quotas(rng, won, today, by=by, at=at)
    add_calls(rng, pipeline, won, today, at=at)
    for day in days_of_snapshots(today):
        write_cells(cells_at(pipeline, day, company))


def won_by_quarter(pipeline: Pipeline, today: date) -> dict[tuple[int, Period], Decimal]:
    """What each owner won in each quarter, in company currency."""
    conversion = conversion_of(today)
    since = quarters(today)[0].starts_on
    rows = (
        Deal.objects.filter(pipeline=pipeline, status=Deal.Status.WON, closed_on__gte=since)
        .order_by()
        .annotate(month=TruncMonth("closed_on"))
        .values_list("closed_owner", "month", "currency")
        .annotate(total=Sum("amount"))
    )
    found: defaultdict[tuple[int, Period], Decimal] = defaultdict(Decimal)
    for owner, month, currency, total in rows:
        found[owner, quarter_of(month)] += converted(conversion, currency, total)
    return dict(found)


def converted(conversion: Conversion, currency: str, total: object) -> Decimal:
    return conversion({currency: exact(total)})


def quarters(today: date) -> list[Period]:
    """This quarter and those before it, oldest first."""
    found = [quarter_of(today)]
    while len(found) <= QUARTERS_BACK:
        found.append(found[-1].previous)
    return found[::-1]


def add_quotas(
    rng: Random,
    won: dict[tuple[int, Period], Decimal],
    today: date,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """A quota a quarter for every rep, somewhat above what reps win on average."""
    reps = list(User.objects.active().holding(Role.REP).order_by("pk"))
    past = quarters(today)
    total = sum((won.get((rep.pk, each), Decimal(0)) for rep in reps for each in past[:-1]), ROUND)
    usual = total / max(1, len(reps) * (len(past) - 1))
    made = []
    for rep in reps:
        share = usual * Decimal(rng.choice(("0.95", "1.05", "1.15", "1.25")))
        amount = max(ROUND, (share / ROUND).to_integral_value() * ROUND)
        for period in [*past, past[-1].next]:
            made.append(
                Quota(
                    person=rep,
                    starts_on=period.starts_on,
                    ends_on=period.ends_on,
                    amount=amount,
                    currency=Company.get().currency,
                )
            )
    Quota.objects.bulk_create(made)
    record_many(
        [
            Draft(
                "quota.set",
                quota,
                after={
                    "person": quota.person_id,
                    "starts_on": quota.starts_on,
                    "ends_on": quota.ends_on,
                    "amount": quota.amount,
                    "currency": quota.currency,
                },
                related=[("user", quota.person_id)],
            )
            for quota in made
        ],
        by=by,
        at=at,
    )


def add_calls(
    rng: Random,
    pipeline: Pipeline,
    won: dict[tuple[int, Period], Decimal],
    today: date,
    *,
    at: datetime,
) -> None:
    """At the beginning of each quarter every manager called theirs, more or less well."""
    calls = []
    company = Company.get()
    for manager in User.objects.active().holding(Role.SALES_MANAGER).order_by("pk"):
        line = [manager.pk, *User.objects.below(manager).values_list("pk", flat=True)]
        usual = Decimal(0)
        for period in quarters(today):
            total = sum((won.get((owner, period), Decimal(0)) for owner in line), Decimal(0))
            is_over = period.ends_on < today
            told = total if is_over else max(usual, total)
            usual = total or usual
            amount = (told * rng.randint(88, 112) / 100 / ROUND).to_integral_value() * ROUND
            made_at = datetime.combine(period.starts_on, time(), company.zone_info)
            calls.append(
                ForecastCall(
                    pipeline=pipeline,
                    person=manager,
                    starts_on=period.starts_on,
                    ends_on=period.ends_on,
                    category=Category.COMMIT,
                    amount=amount,
                    currency=company.currency,
                    reason=rng.choice(REASONS),
                    made_at=min(made_at + timedelta(minutes=5), at),
                    made_by=manager,
                )
            )
    ForecastCall.objects.bulk_create(calls)
    record_many(
        [
            Draft(
                "forecast.called",
                call,
                after={"person": call.person_id, "amount": call.amount, "currency": call.currency},
                why=call.reason,
                related=[("user", call.person_id)],
                at=call.made_at,
            )
            for call in calls
        ],
        by=Actor.system(),
        at=at,
    )


def days_of_snapshots(today: date) -> list[date]:
    """The first of each month, Mondays, and this morning."""
    months = [month_of(today)]
    while len(months) < MONTHS_BACK:
        months.append(months[-1].previous)
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - timedelta(days=7 * week) for week in range(WEEKS_BACK)]
    return sorted({today, *mondays, *(month.starts_on for month in months)})


def cells_at(pipeline: Pipeline, day: date, company: Company) -> Iterator[ForecastSnapshot]:
    """What the deals came to as `day` began, told from how they stood then."""
    moment = datetime.combine(day, time(), company.zone_info)
    standing = DealStanding.objects.filter(
        Q(until=None) | Q(until__gte=moment),
        pipeline=pipeline,
        status=Deal.Status.OPEN,
        since__lt=moment,
    )
    rows = (
        standing.order_by()
        .annotate(month=TruncMonth("close_date"))
        .values_list("owner", "month", "forecast_category", "currency")
        .annotate(number=Count("pk"), total=Sum("amount"))
    )
    sums: defaultdict[tuple[int, date | None, str, str], list[Decimal]]
    sums = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for owner, month, category, currency, number, total in rows:
        held = sums[owner, month, while_open(category), currency]
        held[0] += number
        held[1] += exact(total)
    for (owner, month, category, currency), (number, total) in sums.items():
        yield cell(pipeline, day, owner, month, category, currency, int(number), total)
    yield from won_at(pipeline, day)
    for call in ForecastCall.objects.filter(
        pipeline=pipeline,
        made_at__lte=moment + timedelta(minutes=10),
        ends_on__gte=quarter_of(day).previous.starts_on,
    ):
        found = cell(
            pipeline, day, call.person_id, call.starts_on, call.category, call.currency, 1,
            call.amount,
        )  # fmt: skip
        found.is_call, found.months = True, 3
        yield found


def won_at(pipeline: Pipeline, day: date) -> Iterator[ForecastSnapshot]:
    since = quarter_of(day).previous.starts_on
    rows = (
        Deal.objects.filter(
            pipeline=pipeline, status=Deal.Status.WON, closed_on__gte=since, closed_on__lt=day
        )
        .order_by()
        .annotate(month=TruncMonth("closed_on"))
        .values_list("closed_owner", "month", "currency")
        .annotate(number=Count("pk"), total=Sum("amount"))
    )
    for owner, month, currency, number, total in rows:
        yield cell(pipeline, day, owner, month, Category.CLOSED, currency, number, total)
