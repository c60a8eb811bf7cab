"""The deals of a list as rows of a file, with the fields that the company added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from pipeline.addedfields import Names, names_in
from pipeline.keyset import Order, page_of
from pipeline.models import Deal
from pipeline.stages import Process, process_by_id
from pipeline.timeline import choice_labels
from revops.company.fields import standing_fields, words_of
from revops.company.models import FieldDefinition

ROWS_AT_ONCE = 500
SHOWN = ("account", "owner", "owner__team", "stage", "pipeline")
HEADS = [
    "Number",
    "Deal",
    "Account",
    "Owner",
    "Team",
    "Pipeline",
    "Stage",
    "Status",
    "Amount",
    "Currency",
    "Expected close",
    "Opened",
    "Closed",
    "In stage since",
    "Pushes",
    "Source",
    "Main product",
    "Forecast as",
    "Next step",
    "Next step on",
    "Competitor",
    "Loss reason",
    "Source system",
    "External number",
]
Kind = FieldDefinition.Kind


def header() -> list[str]:
    """The heads of the columns; money of the company's own fields has its currency beside it."""
    return HEADS + [head for field in fields() for head in heads_of(field)]


def fields() -> list[FieldDefinition]:
    return list(standing_fields("deal").values())


def heads_of(field: FieldDefinition) -> list[str]:
    if field.kind == Kind.MONEY:
        return [field.label, f"{field.label}, currency"]
    return [field.label]


def rows_of_deals(deals: QuerySet[Deal], order: Order) -> Iterator[list[Any]]:
    """Every deal as one row, read a few hundred at a time."""
    added, labels, processes = fields(), choice_labels(), {}
    after, more = "", True
    while more:
        page = page_of(deals.select_related(*SHOWN), order, after=after, size=ROWS_AT_ONCE)
        names = names_in(added, [deal.custom for deal in page.rows])
        for deal in page.rows:
            if deal.pipeline_id not in processes:
                processes[deal.pipeline_id] = process_by_id(deal.pipeline_id)
            row = row_of(deal, processes[deal.pipeline_id], labels)
            yield row + [cell for field in added for cell in cells_of(field, deal, names)]
        after, more = page.next, bool(page.next)


def row_of(deal: Deal, process: Process, labels: dict[tuple[str, str], str]) -> list[Any]:
    rule = process.by_stage.get(deal.stage_id)
    team = deal.owner.team
    return [
        deal.pk,
        deal.name,
        deal.account.name if deal.account else "",
        deal.owner.name,
        team.name if team else "",
        deal.pipeline.name,
        rule.name if rule else deal.stage.name,
        Deal.Status(deal.status).label,
        deal.amount,
        deal.currency,
        deal.close_date,
        deal.opened_on,
        deal.closed_on,
        timezone.localdate(deal.entered_stage_at) if deal.entered_stage_at else None,
        deal.push_count,
        labels.get(("source", deal.deal_source), deal.deal_source),
        deal.product,
        deal.get_forecast_category_display(),
        deal.next_step,
        deal.next_step_date,
        deal.competitor,
        labels.get(("loss_reason", deal.loss_reason), deal.loss_reason),
        deal.source,
        deal.external_id,
    ]


def cells_of(field: FieldDefinition, deal: Deal, names: Names) -> Sequence[Any]:
    """A value as cells: figures as figures, everything else in words."""
    value = deal.custom.get(field.key)
    if field.kind == Kind.MONEY:
        return [Decimal(value["amount"]), value["currency"]] if value else [None, None]
    if field.kind == Kind.NUMBER and value is not None:
        return [Decimal(value)]
    if field.kind in (Kind.INTEGER, Kind.BOOLEAN):
        return [value]
    return [words_of(field, value, names)]
