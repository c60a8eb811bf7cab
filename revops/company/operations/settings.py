"""Changes of the company's settings and rates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction

from revops.company.models import Company, ExchangeRate, validate_currency
from revops.company.permissions import check_can_administer
from revops.company.registry import tell_settings_changed
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Refused

SETTINGS = ("name", "zone", "currency", "preset", "rate_max_age_days", "close_date_from_start")


@transaction.atomic(durable=True)
def change_company(
    *, changes: Mapping[str, Any], by: Actor, at: datetime, version: int | None = None
) -> Company:
    """Change settings of the company, such as its name, zone or currency."""
    check_can_administer(by)
    return apply_settings(changes, by=by, at=at, version=version)


def apply_settings(
    changes: Mapping[str, Any], *, by: Actor, at: datetime, version: int | None = None
) -> Company:
    """Write the settings that differ, within the caller's transaction."""
    company = Company.objects.select_for_update().get(pk=1)
    check_version(company, version)
    unknown = set(changes) - {*SETTINGS, "set_up_at"}
    if unknown:
        raise Refused(f"There is no setting {', '.join(sorted(unknown))}.")
    changed = {name: value for name, value in changes.items() if getattr(company, name) != value}
    if changed.get("zone", "UTC") not in available_timezones():
        raise Refused(f"{changed['zone']} is no time zone. Take one such as Europe/Madrid.")
    if "currency" in changed:
        check_currency(changed["currency"])
        if ExchangeRate.objects.exists():
            raise Refused(
                "The company currency cannot change while exchange rates against it are kept."
            )
    if not changed:
        return company
    before = {name: getattr(company, name) for name in changed}
    for name, value in changed.items():
        setattr(company, name, value)
    company.save_version(update_fields=changed)
    record("company.changed", company, by=by, at=at, before=before, after=changed)
    tell_settings_changed(frozenset(changed), at=at)
    return company


@transaction.atomic(durable=True)
def set_rate(
    *,
    currency: str,
    per_company_unit: Decimal,
    valid_from: date,
    source: str = "",
    by: Actor,
    at: datetime,
) -> ExchangeRate:
    """Enter, or correct, what one unit of the company currency is worth from a day on."""
    check_can_administer(by)
    return write_rate(
        currency=currency,
        per_company_unit=per_company_unit,
        valid_from=valid_from,
        source=source,
        by=by,
        at=at,
    )


def write_rate(
    *,
    currency: str,
    per_company_unit: Decimal,
    valid_from: date,
    source: str = "",
    by: Actor,
    at: datetime,
) -> ExchangeRate:
    """Write one rate within the caller's transaction."""
    check_currency(currency)
    if per_company_unit <= 0:
        raise Refused("An exchange rate is above zero.")
    company = Company.objects.select_for_update().get(pk=1)
    if currency == company.currency:
        raise Refused(f"{currency} is the company currency and needs no rate.")
    rate = ExchangeRate.objects.filter(currency=currency, valid_from=valid_from).first()
    before = {"per_company_unit": rate.per_company_unit} if rate else None
    rate = rate or ExchangeRate(currency=currency, valid_from=valid_from)
    rate.per_company_unit, rate.source = per_company_unit, source
    rate.save()
    after = {
        "currency": currency,
        "valid_from": valid_from,
        "per_company_unit": per_company_unit,
        "source": source,
    }
    record("rate.set", rate, by=by, at=at, before=before, after=after)
    return rate


def check_currency(currency: str) -> None:
    if validate_currency.regex.match(currency) is None:  # type: ignore[union-attr]
        raise Refused(f"{currency} is no currency. Take three capital letters, such as EUR.")
