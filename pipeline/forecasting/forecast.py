"""The forecast of a period, read from the deals as they are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Q, Sum
from django.db.models.functions import Coalesce

from pipeline.forecasting.lines import Call, Figures, Line, lines_of, together
from pipeline.forecasting.money import Conversion, conversion_of, exact
from pipeline.forecasting.periods import Period
from pipeline.forecasting.snapshots import category_now
from pipeline.forecasting.targets import quotas_in
from pipeline.forecasting.whose import Whose
from pipeline.models import Deal, ForecastCall, Pipeline
from pipeline.stages import process_of
from revops.people.models import ReportingLink, User


@dataclass(frozen=True)
class Forecast:
    """The lines somebody sees, and all of them together, in company currency."""

    pipeline: Pipeline
    period: Period
    lines: list[Line]
    total: Line
    conversion: Conversion
    missing: list[str]
    counts_all: bool
    """Whether it is about everybody, and not about one line or team."""


def forecast_of(pipeline: Pipeline, period: Period, whose: Whose, *, today: date) -> Forecast:
    """What the deals that close in the period come to, by owner along the reporting line."""
    own = figures_by_owner(pipeline, period, whose)
    quotas = quotas_in(pipeline, period, whose.owners)
    calls = standing_calls(pipeline, period, whose)
    concerned = {*own, *quotas, *(call.person_id for call in calls)}
    people = people_of(concerned, whose)
    conversion = conversion_of(min(period.ends_on, today))
    lines = lines_of(
        {person.pk: person.manager_id for person in people},
        {person.pk: person.name for person in people},
        own,
        quotas,
        {(call.person_id, call.category): call_of(call, conversion) for call in calls},
        conversion,
    )
    sums = [part for figures in own.values() for part in figures.sums.values()]
    sums += [*quotas.values(), *({call.currency: call.amount} for call in calls)]
    missing = conversion.missing(*sums)
    return Forecast(
        pipeline, period, lines, together(lines), conversion, missing, whose.owners is None
    )


def figures_by_owner(pipeline: Pipeline, period: Period, whose: Whose) -> dict[int, Figures]:
    """Open deals by when they are expected to close, won ones by when they did."""
    process = process_of(pipeline)
    sums: defaultdict[int, defaultdict[str, dict[str, Decimal]]]
    sums = defaultdict(lambda: defaultdict(dict))
    counts: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for owner, category, currency, number, total in [
        *open_rows(pipeline, period, whose, category_now(process)),
        *won_rows(pipeline, period, whose),
    ]:
        sums[owner][category][currency] = exact(total)
        counts[owner][category] += number
    return {owner: Figures(dict(counts[owner]), dict(sums[owner])) for owner in sums}


def open_rows(
    pipeline: Pipeline, period: Period, whose: Whose, category: Case
) -> Iterable[tuple[Any, ...]]:
    deals = Deal.objects.open().filter(whose.condition(), pipeline=pipeline)
    return (
        deals.filter(close_date__gte=period.starts_on, close_date__lte=period.ends_on)
        .order_by()
        .annotate(category=category)
        .values_list("owner", "category", "currency")
        .annotate(number=Count("*"), total=Sum("amount"))
    )


def won_rows(pipeline: Pipeline, period: Period, whose: Whose) -> Iterable[tuple[Any, ...]]:
    """Won deals count for who owned them when they were won."""
    deals = Deal.objects.filter(
        pipeline=pipeline,
        status=Deal.Status.WON,
        closed_on__gte=period.starts_on,
        closed_on__lte=period.ends_on,
    ).annotate(who=Coalesce("closed_owner", "owner"))
    return [
        (who, "closed", currency, number, total)
        for who, currency, number, total in deals.filter(whose.condition("who"))
        .order_by()
        .values_list("who", "currency")
        .annotate(number=Count("*"), total=Sum("amount"))
    ]


def standing_calls(pipeline: Pipeline, period: Period, whose: Whose) -> list[ForecastCall]:
    found = ForecastCall.objects.filter(
        whose.condition("person"),
        pipeline=pipeline,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        ended_at=None,
    )
    return list(found.select_related("made_by").order_by("pk"))


def call_of(call: ForecastCall, conversion: Conversion) -> Call:
    return Call(
        call.pk,
        conversion({call.currency: call.amount}),
        call.made_by.name if call.made_by else "the system",
        call.made_at,
        call.reason,
        call.amount,
        call.currency,
    )


def people_of(concerned: set[int], whose: Whose) -> list[User]:
    """Who has figures, and the managers above them that may be seen."""
    above = ReportingLink.objects.filter(descendant__in=concerned).values("ancestor")
    people = User.objects.only("name", "manager").filter(Q(pk__in=concerned) | Q(pk__in=above))
    if whose.owners is not None:
        people = people.filter(pk__in=whose.owners)
    return list(people.order_by("pk"))
