"""Importing quotas: a person, a month or quarter, an amount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from pipeline.forecasting.periods import Period, read_period, whole_months
from pipeline.imports.accounts import PERSON
from pipeline.models import Pipeline, Quota
from revops.company.models import Company
from revops.imports.drafts import Drafts, Outcome, Progress, Record
from revops.imports.fieldtypes import Currency, Day, FieldType, Formats, Number, Text, shown
from revops.imports.kinds import Entity, Field, Kind
from revops.imports.problems import BadValue
from revops.imports.writing import Found, Plan, by_external_id, import_rows, resolve
from revops.people.actor import Actor
from revops.people.imports import find_person

LEAST = Decimal("0.01")
SPANS = ("period", "starts_on", "ends_on")


@dataclass(frozen=True)
class PeriodKey(FieldType):
    """A month or quarter: 2026-11 or 2026-Q4."""

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> str:
        if read_period(text.upper()) is None:
            raise BadValue(f"{shown(text)} is no month or quarter, such as 2026-11 or 2026-Q4")
        return text.upper()


def quotas_kind() -> Kind:
    fields = (
        Field("person", PERSON, required=True),
        Field("amount", Number(minimum=LEAST), required=True),
        Field("currency", Currency()),
        Field("period", PeriodKey()),
        Field("starts_on", Day()),
        Field("ends_on", Day()),
        Field("pipeline", Text(50)),
    )
    return Kind("quotas", "quota", (Entity("quota", fields),), import_quotas)


@transaction.atomic(durable=True)
def import_quotas(
    *,
    drafts: Drafts,
    dry_run: bool = False,
    skip_bad: bool = False,
    progress: Progress | None = None,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Take over quotas; a row for a period that a person has a quota for already is bad.

    Raises BadRows when rows are bad and are not to be skipped.
    """
    company = Company.get()
    records = drafts.records.get("quota", {})
    there = by_external_id(Quota.objects.all(), drafts.source, records.values())
    resolve(drafts, "quota", "person", find_person)
    pipelines = dict(Pipeline.objects.values_list("key", "pk"))
    spans = read_spans(drafts, pipelines)
    reject_doubles(drafts, spans, pipelines, there)

    def make(each: Plan[Quota]) -> Quota:
        period = spans[each.record.external_id]
        return Quota(
            source=drafts.source,
            external_id=each.record.external_id,
            starts_on=period.starts_on,
            ends_on=period.ends_on,
            pipeline_id=pipelines.get(each.record.values.get("pipeline") or ""),
            currency=company.currency,
        )

    def finish(each: Plan[Quota]) -> None:
        """What a changed row says of period and pipeline; a blank currency is the company's."""
        period = spans[each.record.external_id]
        wanted = {
            "starts_on": period.starts_on,
            "ends_on": period.ends_on,
            "pipeline_id": pipelines.get(each.record.values.get("pipeline") or ""),
            "currency": each.record.values.get("currency") or company.currency,
        }
        for name, value in wanted.items():
            if each.row.pk is None or getattr(each.row, name) != value:
                each.before[name], each.after[name] = getattr(each.row, name), value
                setattr(each.row, name, value)

    return import_rows(
        drafts,
        "quota",
        there,
        make=make,
        finish=finish,
        apart=(*SPANS, "pipeline", "currency"),
        dry_run=dry_run,
        skip_bad=skip_bad,
        by=by,
        at=at,
    )


def read_spans(drafts: Drafts, pipelines: dict[str, int]) -> dict[str, Period]:
    """The period of each row; rows without whole months, or of an unknown pipeline, are bad."""
    spans = {}
    for record in drafts.standing("quota"):
        values = record.values
        key = values.get("pipeline")
        if key and key not in pipelines:
            drafts.reject_record(record, f"pipeline: “{key}” is no pipeline")
        elif (period := span_of(values.get("period"), values)) is None:
            drafts.reject_record(
                record, "period is blank, and starts_on and ends_on are not whole months"
            )
        else:
            spans[record.external_id] = period
    return spans


def span_of(key: str | None, values: dict[str, date]) -> Period | None:
    if key:
        return read_period(key)
    first, last = values.get("starts_on"), values.get("ends_on")
    if first is None or last is None or last < first or not whole_months(first, last):
        return None
    return Period(first, last)


def reject_doubles(
    drafts: Drafts,
    spans: dict[str, Period],
    pipelines: dict[str, int],
    there: dict[str, Quota],
) -> None:
    """A person has one quota for a period and pipeline, in the file and here."""
    seen: dict[tuple[object, ...], str] = {}
    mine = {quota.pk for quota in there.values()}
    for record in drafts.standing("quota"):
        place = place_of(record, spans[record.external_id], pipelines)
        if place in seen:
            drafts.reject_record(record, f"period: the same as in “{seen[place]}”")
            continue
        seen[place] = record.external_id
        person, first, last, pipeline = place
        taken = Quota.objects.filter(
            Q(pipeline=pipeline) if pipeline else Q(pipeline=None),
            person=person,
            starts_on=first,
            ends_on=last,
        ).exclude(pk__in=mine)
        if taken.exists():
            drafts.reject_record(record, "period: the person has a quota for it already")


def place_of(
    record: Record, period: Period, pipelines: dict[str, int]
) -> tuple[int, date, date, int | None]:
    person = record.values["person"]
    number = person.number if isinstance(person, Found) else person
    pipeline = pipelines.get(record.values.get("pipeline") or "")
    return (number, period.starts_on, period.ends_on, pipeline)
