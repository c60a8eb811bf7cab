"""What people are to win: quotas of persons for whole months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction

from pipeline.forecasting.periods import Period, whole_months
from pipeline.models import Pipeline, Quota
from revops.company.models import Company, validate_currency
from revops.company.permissions import check_can_administer
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Missing, Refused

LARGEST = Decimal(10) ** 14


@dataclass(frozen=True)
class Target:
    """What one person is to win in one period; an amount of None takes the quota away."""

    person: User
    period: Period
    amount: Decimal | None


@dataclass(frozen=True)
class SetQuotas:
    """How many quotas were entered, changed and taken away."""

    entered: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def total(self) -> int:
        return self.entered + self.changed + self.removed


@transaction.atomic(durable=True)
def set_quota(
    *,
    person: User,
    starts_on: date,
    ends_on: date,
    amount: Decimal,
    currency: str = "",
    pipeline: Pipeline | None = None,
    by: Actor,
    at: datetime,
) -> Quota:
    """Give a person a quota for whole months; Refused when they have one for the same period.

    Without a pipeline it counts every pipeline.
    """
    check_can_administer(by)
    currency = read_currency(currency)
    check_quota(starts_on, ends_on, amount)
    lock_person(person)
    if quotas_of(person, pipeline, starts_on, ends_on).exists():
        raise Refused(
            f"{person.name} has a quota for this period already. Change that one.",
            code="quota_exists",
        )
    return enter(person, Period(starts_on, ends_on), amount, currency, pipeline, by=by, at=at)


@transaction.atomic(durable=True)
def change_quota(
    *,
    quota: Quota,
    amount: Decimal,
    currency: str = "",
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Quota:
    """Give a quota another amount; its person and its period stay."""
    check_can_administer(by)
    quota = Quota.objects.select_for_update().get(pk=quota.pk)
    check_version(quota, version)
    currency = read_currency(currency or quota.currency)
    check_quota(quota.starts_on, quota.ends_on, amount)
    change(quota, amount, currency, by=by, at=at)
    return quota


@transaction.atomic(durable=True)
def remove_quota(*, quota: Quota, version: int | None = None, by: Actor, at: datetime) -> None:
    """Take a quota away; the ledger keeps what it was."""
    check_can_administer(by)
    quota = Quota.objects.select_for_update().get(pk=quota.pk)
    check_version(quota, version)
    remove(quota, by=by, at=at)


@transaction.atomic(durable=True)
def set_quotas(
    *,
    targets: Sequence[Target],
    currency: str = "",
    pipeline: Pipeline | None = None,
    by: Actor,
    at: datetime,
) -> SetQuotas:
    """Bring many quotas to what a table says, all of them or none; what agrees is left alone."""
    check_can_administer(by)
    currency = read_currency(currency)
    for target in targets:
        check_quota(target.period.starts_on, target.period.ends_on, target.amount or Decimal(1))
    entered = changed = removed = 0
    for target in sorted(targets, key=lambda target: (target.person.pk, target.period)):
        lock_person(target.person)
        quota = quotas_of(
            target.person, pipeline, target.period.starts_on, target.period.ends_on
        ).first()
        if target.amount is None:
            if quota:
                remove(quota, by=by, at=at)
                removed += 1
        elif quota is None:
            enter(target.person, target.period, target.amount, currency, pipeline, by=by, at=at)
            entered += 1
        elif (quota.amount, quota.currency) != (target.amount, currency):
            change(quota, target.amount, currency, by=by, at=at)
            changed += 1
    return SetQuotas(entered, changed, removed)


# What they share; all of it within the transaction


def lock_person(person: User) -> None:
    """Hold the person, so that two people cannot enter a first quota for one period at once."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)


def quotas_of(person: User, pipeline: Pipeline | None, starts_on: date, ends_on: date):  # type: ignore[no-untyped-def]
    return Quota.objects.filter(
        person=person, pipeline=pipeline, starts_on=starts_on, ends_on=ends_on
    )


def read_currency(currency: str) -> str:
    currency = currency.strip().upper() or Company.get().currency
    try:
        validate_currency(currency)
    except ValidationError as fault:
        raise Refused(" ".join(fault.messages), code="invalid") from None
    return currency


def check_quota(starts_on: date, ends_on: date, amount: Decimal) -> None:
    """Raise Refused, naming every fault, unless these can be a quota."""
    faults = []
    if ends_on < starts_on or not whole_months(starts_on, ends_on):
        faults.append(Missing("period", "Period", "A quota is for whole months."))
    if amount <= 0:
        faults.append(Missing("amount", "Amount", "A quota is above nought."))
    elif amount >= LARGEST:
        faults.append(Missing("amount", "Amount", "This is more than anybody sells."))
    if faults:
        raise Refused(" ".join(fault.sentence for fault in faults), code="invalid", missing=faults)


def enter(
    person: User,
    period: Period,
    amount: Decimal,
    currency: str,
    pipeline: Pipeline | None,
    *,
    by: Actor,
    at: datetime,
) -> Quota:
    quota = Quota.objects.create(
        person=person,
        pipeline=pipeline,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        amount=amount,
        currency=currency,
    )
    record("quota.set", quota, by=by, at=at, after=facts_of(quota), related=[person])
    return quota


def change(quota: Quota, amount: Decimal, currency: str, *, by: Actor, at: datetime) -> None:
    before = {"amount": quota.amount, "currency": quota.currency}
    after = {"amount": amount, "currency": currency}
    if before == after:
        return
    quota.amount, quota.currency = amount, currency
    quota.save_version(update_fields=["amount", "currency"])
    person = ("user", quota.person_id)
    record("quota.changed", quota, by=by, at=at, before=before, after=after, related=[person])


def remove(quota: Quota, *, by: Actor, at: datetime) -> None:
    person = ("user", quota.person_id)
    record("quota.removed", quota, by=by, at=at, before=facts_of(quota), related=[person])
    quota.delete()


def facts_of(quota: Quota) -> dict[str, object]:
    return {
        "person": quota.person_id,
        "pipeline": quota.pipeline_id,
        "starts_on": quota.starts_on,
        "ends_on": quota.ends_on,
        "amount": quota.amount,
        "currency": quota.currency,
    }
