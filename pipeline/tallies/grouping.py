"""Counting deals where they lie: the cells of a line, grouped by the database.

Cells told apart by owner and something else are about as many as the deals, so that keeping them
saves nothing. PostgreSQL adds the deals of a line up by itself, from an index alone. SQLite would
add amounts as floating numbers; there cells that are not kept are counted one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import (
    Case,
    Count,
    DateField,
    F,
    Func,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from pipeline.models import Deal
from pipeline.tallies.cells import NO_DAYS, NOTHING, Cell
from pipeline.tallies.measures import Asked, Grouping, Measure

if TYPE_CHECKING:
    from pipeline.reports.scope import Scope

OPEN, WON = Deal.Status.OPEN, Deal.Status.WON
WHOSE = Coalesce("closed_owner", "owner")
COLUMNS: dict[str, Any] = {
    "owner": WHOSE,
    "team": "closed_team",
    "source": "deal_source",
    "product": "product",
    "segment": "closed_segment",
    "competitor": "competitor",
    "loss_reason": "loss_reason",
    "stage": "stage",
}


def can_group() -> bool:
    """Whether the database adds amounts up exactly."""
    return connection.vendor == "postgresql"


def grouped(
    scope: Scope, measure: Measure, dimension: str, asked: Asked, *, spreads: bool
) -> Iterator[Cell]:
    """The cells of the deals that the scope counts, told apart by the dimension.

    Those of no dimension are of months; others begin where the deals asked for do.
    """
    grouping = measure.grouping
    assert grouping is not None
    deals = Deal.objects.filter(
        asked.on_days(grouping.day), grouping.only, of_team(scope), pipeline=asked.pipeline_id
    )
    if asked.owners is not None:
        deals = deals.alias(whose=WHOSE).filter(whose__in=asked.owners)
    first = asked.spans[0][0]
    told = with_groups(deals, grouping, dimension, spreads=spreads and measure.spreads)
    for month, status, key, owner, currency, count, amount, days in told.iterator():
        spread = Counter(days) if days else NO_DAYS
        of = scope.team_keys.get(f"@{owner}", "") if owner else key_of(key)
        yield Cell(month or first, status, of, currency, count, amount or NOTHING, spread)


def key_of(value: Any) -> str:
    return "" if value is None else str(value).strip()


def of_team(scope: Scope) -> Q:
    """Closed deals of the team they were closed by, open ones of its present members."""
    if scope.team is None:
        return Q()
    return Q(~Q(status=OPEN), closed_team=scope.team) | Q(
        status=OPEN, owner__in=scope.members or ()
    )


def with_groups(
    deals: QuerySet[Any, Any], grouping: Grouping, dimension: str, *, spreads: bool
) -> QuerySet[Any, Any]:
    nothing = Value(None, IntegerField())
    return (
        deals.order_by()
        .values_list(
            Value(None, DateField()) if dimension else month_of(grouping.day),
            "status",
            COLUMNS.get(dimension, Value("")),
            # An open deal is of the team that its owner has now.
            Case(When(status=OPEN, then=F("owner"))) if dimension == "team" else nothing,
            "currency",
        )
        .annotate(
            number=Count("pk"), total=Sum("amount"), days=spread_of_days() if spreads else nothing
        )
    )


def month_of(day: str) -> Func:
    """The month of a day; cut from a moment without a zone, which is six times as quick."""
    template = "DATE_TRUNC('month', %(expressions)s::timestamp)::date"
    return Func(F(day), template=template, output_field=DateField())


def spread_of_days() -> ArrayAgg:
    """How many days it took to win."""
    days = Func(
        F("closed_on"),
        F("opened_on"),
        template="(%(expressions)s)",
        arg_joiner=" - ",
        output_field=IntegerField(),
    )
    return ArrayAgg(days, filter=Q(status=WON, opened_on__lte=F("closed_on")))
