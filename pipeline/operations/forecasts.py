"""What managers call for a line, and what the deals came to each morning."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from pipeline.forecasting.periods import whole_months
from pipeline.forecasting.snapshots import cells_of, write_cells
from pipeline.junk import is_junk
from pipeline.models import ForecastCall, ForecastSnapshot, Pipeline, StageRule
from pipeline.operations.quotas import LARGEST, lock_person, read_currency
from pipeline.permissions import check_can_call
from revops.company.models import Company
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Missing, Refused

CALLED = (StageRule.ForecastCategory.COMMIT, StageRule.ForecastCategory.BEST_CASE)
"""What can be called: what is expected for certain, and what it could come to at best."""


@transaction.atomic(durable=True)
def call_forecast(
    *,
    pipeline: Pipeline,
    person: User,
    starts_on: date,
    ends_on: date,
    amount: Decimal,
    reason: str,
    category: str = StageRule.ForecastCategory.COMMIT,
    currency: str = "",
    by: Actor,
    at: datetime,
) -> ForecastCall:
    """Say what a person's line will bring in a period, closed deals included, and why.

    It stands beside what the deals add up to until it is ended or called anew. By the person
    themself or a manager above them.
    """
    check_can_call(person, by=by)
    currency = read_currency(currency)
    reason = reason.strip()
    check_call(starts_on, ends_on, category, amount, reason)
    lock_person(person)
    standing = ForecastCall.objects.filter(
        pipeline=pipeline,
        person=person,
        starts_on=starts_on,
        ends_on=ends_on,
        category=category,
        ended_at=None,
    )
    before = standing.first()
    standing.update(ended_at=at, ended_by=by.user)
    call = ForecastCall.objects.create(
        pipeline=pipeline,
        person=person,
        starts_on=starts_on,
        ends_on=ends_on,
        category=category,
        amount=amount,
        currency=currency,
        reason=reason,
        made_at=at,
        made_by=by.user,
    )
    record(
        "forecast.called",
        call,
        by=by,
        at=at,
        before={"amount": before.amount, "currency": before.currency} if before else None,
        after=facts_of(call),
        why=reason,
        related=[person],
    )
    return call


@transaction.atomic(durable=True)
def end_call(*, call: ForecastCall, by: Actor, at: datetime) -> ForecastCall:
    """End a standing call, so that the line counts as its deals add up; Refused when it ended."""
    call = (
        ForecastCall.objects.select_for_update(of=("self",))
        .select_related("person")
        .get(pk=call.pk)
    )
    check_can_call(call.person, by=by)
    if call.ended_at is not None:
        raise Refused("This call has ended already.", code="ended")
    call.ended_at, call.ended_by = at, by.user
    call.save(update_fields=["ended_at", "ended_by"])
    record("forecast.call_ended", call, by=by, at=at, before=facts_of(call), related=[call.person])
    return call


def check_call(starts_on: date, ends_on: date, category: str, amount: Decimal, reason: str) -> None:
    """Raise Refused, naming every fault, unless these can be a call."""
    faults = []
    if ends_on < starts_on or not whole_months(starts_on, ends_on):
        faults.append(Missing("period", "Period", "A call is for whole months."))
    if category not in CALLED:
        faults.append(Missing("category", "Category", "Commit or best case can be called."))
    if amount < 0:
        faults.append(Missing("amount", "Amount", "A call is nought or more."))
    elif amount >= LARGEST:
        faults.append(Missing("amount", "Amount", "This is more than anybody sells."))
    if is_junk(reason):
        faults.append(Missing("reason", "Reason", "Say why the line will not bring its sum."))
    if faults:
        text = " ".join(fault.sentence for fault in faults)
        raise Refused(text, code="invalid", missing=faults)


def facts_of(call: ForecastCall) -> dict[str, object]:
    return {
        "pipeline": call.pipeline_id,
        "person": call.person_id,
        "starts_on": call.starts_on,
        "ends_on": call.ends_on,
        "category": call.category,
        "amount": call.amount,
        "currency": call.currency,
    }


@transaction.atomic(durable=True)
def take_snapshots(*, by: Actor, at: datetime) -> dict[str, int]:
    """Keep what each pipeline's deals come to now as the snapshot of today, once a day.

    A pipeline that has today's snapshot is left alone, and no other day is ever written: what
    was not kept then is not known. Returns the cells written by the pipeline's key.
    """
    today = Company.get().local_day(at)
    written = {}
    # The rows are held so that two who start together do not mix the cells of two moments.
    pipelines = Pipeline.objects.filter(retired_at=None).order_by("pk")
    for pipeline in pipelines.select_for_update(no_key=True):
        if not ForecastSnapshot.objects.filter(pipeline=pipeline, taken_on=today).exists():
            written[pipeline.key] = write_cells(cells_of(pipeline, today))
    return written
