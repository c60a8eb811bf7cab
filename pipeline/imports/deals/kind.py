"""The fields that a file of deals may have."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pipeline.imports.accounts import ACCOUNT, PERSON
from pipeline.imports.deals.importing import import_deals
from pipeline.imports.deals.plans import PLACED
from pipeline.imports.extensions import begin_extensions
from pipeline.models import Deal, Pipeline, StageRule
from pipeline.stages import process_of
from revops.imports.fieldtypes import Choice as OneOf
from revops.imports.fieldtypes import Currency, Day, Integer, Number, Text
from revops.imports.kinds import Entity, Field, Kind, Stages, custom_fields

FORECAST = tuple(each for each in StageRule.ForecastCategory.choices if each[0] != "closed")


def deals_kind() -> Kind:
    long = Text(20_000, long=True)
    fields = (
        Field("name", Text(200), required=True),
        Field("account", ACCOUNT),
        Field("owner", PERSON, required=True),
        Field("pipeline", Text(50)),
        Field("stage", Text(50)),
        Field("status", OneOf(tuple(Deal.Status.choices))),
        Field("amount", Number(digits=16, places=2, minimum=Decimal(0))),
        Field("currency", Currency()),
        Field("close_date", Day()),
        Field("closed_on", Day()),
        Field("opened_on", Day()),
        Field("entered_stage_on", Day()),
        Field("deal_source", Text(50)),
        Field("fit_score", Integer(maximum=100)),
        *(
            Field(name, long)
            for name in (
                "pain_points",
                "current_solution",
                "timeline",
                "technical_requirements",
                "stakeholder_map",
                "redlines",
                "loss_note",
            )
        ),
        Field("next_step", Text(200)),
        Field("next_step_date", Day()),
        Field("loss_reason", Text(50)),
        Field("competitor", Text(200)),
        Field("product", Text(200)),
        Field("forecast_category", OneOf(FORECAST)),
        *custom_fields("deal"),
    )
    dates = ("close_date", "closed_on", "opened_on", "entered_stage_on", "next_step_date")
    return Kind(
        key="deals",
        main="deal",
        entities=(Entity("deal", fields), *(each.entity() for each in begin_extensions())),
        run=import_deals,
        stages=Stages(
            entity="deal",
            sets=("pipeline", "stage", "status"),
            dates=dates,
            options=tuple(_stages()),
            closing_date="closed_on",
            placed=PLACED,
        ),
    )


def _stages() -> Iterator[tuple[str, str, str]]:
    """The stages there are, each key once, with whether it is open, won or lost."""
    seen: set[str] = set()
    published = Pipeline.objects.filter(versions__published_at__isnull=False).distinct()
    for pipeline in published.order_by("position", "pk"):
        for rule in process_of(pipeline).rules:
            if rule.key not in seen:
                seen.add(rule.key)
                yield rule.key, rule.name, rule.kind
