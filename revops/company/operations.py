"""Changes of the company's settings, rates and fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction

from revops.company.models import Company, ExchangeRate, FieldDefinition, validate_currency
from revops.company.permissions import check_can_administer
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


@transaction.atomic(durable=True)
def define_field(
    *,
    entity: str,
    key: str,
    kind: str,
    label: str,
    options: list[dict[str, str]] | None = None,
    help_text: str = "",
    position: int = 0,
    by: Actor,
    at: datetime,
) -> FieldDefinition:
    """Add a field of the company's own to a kind of record."""
    check_can_administer(by)
    if entity not in FieldDefinition.Entity.values or kind not in FieldDefinition.Kind.values:
        raise Refused(f"A {entity} cannot have a field of the kind {kind}.")
    if FieldDefinition.objects.filter(entity=entity, key=key).exists():
        raise Refused(f"There is a field {key} already. A key is never used twice.")
    check_options(kind, options or [])
    definition = FieldDefinition.objects.create(
        entity=entity,
        key=key,
        kind=kind,
        label=label,
        options=options or [],
        help_text=help_text,
        position=position,
    )
    after = {"entity": entity, "key": key, "kind": kind, "label": label, "options": options or []}
    record("field.defined", definition, by=by, at=at, after=after)
    return definition


def check_options(kind: str, options: list[dict[str, str]]) -> None:
    needs = kind in (FieldDefinition.Kind.CHOICE, FieldDefinition.Kind.MULTI_CHOICE)
    keys = [option.get("key") for option in options]
    if needs and (not keys or not all(keys) or len(set(keys)) < len(keys)):
        raise Refused("A list needs options, each with a key of its own.")
    if options and not needs:
        raise Refused("Only a list has options.")


@transaction.atomic(durable=True)
def change_field(
    *,
    definition: FieldDefinition,
    changes: Mapping[str, Any],
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> FieldDefinition:
    """Change what a field is called, its help, its position or its options."""
    check_can_administer(by)
    definition = FieldDefinition.objects.select_for_update().get(pk=definition.pk)
    check_version(definition, version)
    if set(changes) - {"label", "help_text", "position", "options"}:
        raise Refused("The key and the kind of a field never change. Define another field.")
    changed = {name: new for name, new in changes.items() if getattr(definition, name) != new}
    if not changed:
        return definition
    if "options" in changed:
        check_options(definition.kind, changed["options"])
    before = {name: getattr(definition, name) for name in changed}
    for name, value in changed.items():
        setattr(definition, name, value)
    definition.save_version(update_fields=changed)
    record("field.changed", definition, by=by, at=at, before=before, after=changed)
    return definition


@transaction.atomic(durable=True)
def archive_field(*, definition: FieldDefinition, by: Actor, at: datetime) -> FieldDefinition:
    """Offer a field no longer; the values it has are kept."""
    check_can_administer(by)
    definition = FieldDefinition.objects.select_for_update().get(pk=definition.pk)
    if definition.archived_at:
        raise Refused(f"{definition.label} is archived already.")
    definition.archived_at = at
    definition.save_version(update_fields=["archived_at"])
    record("field.archived", definition, by=by, at=at)
    return definition
