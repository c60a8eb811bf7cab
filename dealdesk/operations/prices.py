"""The price list and the catalogue of non-standard terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from dealdesk.models import (
    NonStandardTerm,
    Price,
    PriceList,
    Product,
    TermDiscount,
    VolumeTier,
)
from dealdesk.permissions import check_can_govern
from dealdesk.policy import Role
from revops.company.models import validate_currency
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Refused

PRODUCT = frozenset({"name", "family", "kind", "retired_at"})
TERM = frozenset(
    {
        "name",
        "category",
        "standard_wording",
        "standard_value",
        "value_type",
        "owner_roles",
        "other_wording",
        "is_paper",
        "position",
        "retired_at",
    }
)


@transaction.atomic(durable=True)
def add_product(
    *,
    key: str,
    name: str,
    family: str = "",
    kind: str = Product.Kind.RECURRING,
    by: Actor,
    at: datetime,
) -> Product:
    """Add something to sell. It is sold once it has a price."""
    check_can_govern(by=by)
    product = Product(key=key.strip(), name=name.strip(), family=family.strip(), kind=kind)
    _check_fields(product)
    product.save()
    record("product.added", product, by=by, at=at, after={"key": product.key, "name": product.name})
    return product


@transaction.atomic(durable=True)
def change_product(
    *,
    product: Product,
    changes: Mapping[str, Any],
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Product:
    """Change what a product is called, or retire it; its key never changes."""
    check_can_govern(by=by)
    product = Product.objects.select_for_update().get(pk=product.pk)
    check_version(product, version)
    _change(product, changes, PRODUCT, "product.changed", by=by, at=at)
    return product


@transaction.atomic(durable=True)
def set_price(
    *,
    product: Product,
    currency: str,
    amount: Decimal,
    period: str,
    valid_from: date,
    by: Actor,
    at: datetime,
) -> Price:
    """Let a list price hold from a day on; the one before it ends the day before.

    A price of the same day is corrected. Quotes priced by it ask to be saved once more.
    """
    check_can_govern(by=by)
    _check_currency(currency)
    _check_price(amount, period)
    price_list, _ = PriceList.objects.select_for_update().get_or_create(
        currency=currency, defaults={"name": "Price list"}
    )
    prices = Price.objects.filter(price_list=price_list, product=product)
    later = prices.filter(valid_from__gt=valid_from).order_by("valid_from").first()
    until = later.valid_from - timedelta(days=1) if later else None
    before = prices.effective_on(valid_from).order_by("-valid_from").first()
    facts = price_facts(before) if before else None
    prices.filter(valid_from__lt=valid_from, valid_until=None).update(
        valid_until=valid_from - timedelta(days=1)
    )
    prices.filter(valid_from__lt=valid_from, valid_until__gte=valid_from).update(
        valid_until=valid_from - timedelta(days=1)
    )
    price, _ = Price.objects.update_or_create(
        price_list=price_list,
        product=product,
        valid_from=valid_from,
        defaults={"amount": amount, "period": period, "valid_until": until},
    )
    record(
        "price.set",
        product,
        by=by,
        at=at,
        before=facts,
        after=price_facts(price),
        related=[price_list],
    )
    return price


@transaction.atomic(durable=True)
def set_volume_tier(
    *,
    product: Product,
    from_quantity: int,
    discount_percent: Decimal,
    valid_from: date,
    valid_until: date | None = None,
    by: Actor,
    at: datetime,
) -> VolumeTier:
    """Publish the discount that a quantity earns."""
    check_can_govern(by=by)
    _check_percent(discount_percent)
    _check_days(valid_from, valid_until)
    VolumeTier.objects.filter(
        product=product, from_quantity=from_quantity, valid_from__lt=valid_from, valid_until=None
    ).update(valid_until=valid_from - timedelta(days=1))
    tier, _ = VolumeTier.objects.update_or_create(
        product=product,
        from_quantity=from_quantity,
        valid_from=valid_from,
        defaults={"discount_percent": discount_percent, "valid_until": valid_until},
    )
    record(
        "price.volume_tier_set",
        product,
        by=by,
        at=at,
        after={
            "from_quantity": from_quantity,
            "percent": discount_percent,
            "valid_from": valid_from,
            "valid_until": valid_until,
        },
    )
    return tier


@transaction.atomic(durable=True)
def set_term_discount(
    *,
    from_months: int,
    discount_percent: Decimal,
    valid_from: date,
    product: Product | None = None,
    valid_until: date | None = None,
    by: Actor,
    at: datetime,
) -> TermDiscount:
    """Publish the discount that a committed term earns, on one product or on all recurring."""
    check_can_govern(by=by)
    _check_percent(discount_percent)
    _check_days(valid_from, valid_until)
    TermDiscount.objects.filter(
        product=product, from_months=from_months, valid_from__lt=valid_from, valid_until=None
    ).update(valid_until=valid_from - timedelta(days=1))
    discount, _ = TermDiscount.objects.update_or_create(
        product=product,
        from_months=from_months,
        valid_from=valid_from,
        defaults={"discount_percent": discount_percent, "valid_until": valid_until},
    )
    record(
        "price.term_discount_set",
        product or discount,
        by=by,
        at=at,
        after={
            "from_months": from_months,
            "percent": discount_percent,
            "valid_from": valid_from,
            "valid_until": valid_until,
        },
    )
    return discount


@transaction.atomic(durable=True)
def add_term(
    *, key: str, name: str, category: str, by: Actor, at: datetime, **facts: Any
) -> NonStandardTerm:
    """Add a term to the catalogue."""
    check_can_govern(by=by)
    term = NonStandardTerm(key=key.strip(), name=name.strip(), category=category, **facts)
    _check_fields(term)
    _check_owners(term.owner_roles)
    term.save()
    record("term.added", term, by=by, at=at, after={"key": term.key, "category": term.category})
    return term


@transaction.atomic(durable=True)
def change_term(
    *,
    term: NonStandardTerm,
    changes: Mapping[str, Any],
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> NonStandardTerm:
    """Change a term of the catalogue, or retire it. What was judged keeps the wording it had."""
    check_can_govern(by=by)
    term = NonStandardTerm.objects.select_for_update().get(pk=term.pk)
    check_version(term, version)
    _check_owners(changes.get("owner_roles", []))
    if changes.get("category", term.category) != term.category and term.quote_terms.exists():
        # What was judged under one topic would turn into a change of another.
        raise Refused("This term is on quotes: retire it, and add one of the other category.")
    _change(term, changes, TERM, "term.changed", by=by, at=at)
    return term


# Shared by the operations above; all assume the transaction.


def _change(
    row: Product | NonStandardTerm,
    changes: Mapping[str, Any],
    known: frozenset[str],
    verb: str,
    *,
    by: Actor,
    at: datetime,
) -> None:
    unknown = set(changes) - known
    if unknown:
        raise Refused(f"{', '.join(sorted(unknown))} is not changed in this way.", code="invalid")
    before = {name: getattr(row, name) for name in changes}
    for name, value in changes.items():
        setattr(row, name, value)
    changed = {name: value for name, value in changes.items() if before[name] != value}
    if not changed:
        return
    _check_fields(row)
    row.save_version(update_fields=sorted(changed))
    record(verb, row, by=by, at=at, before={name: before[name] for name in changed}, after=changed)


def price_facts(price: Price) -> dict[str, Any]:
    return {
        "currency": price.price_list.currency,
        "amount": price.amount,
        "period": price.period,
        "valid_from": price.valid_from,
        "valid_until": price.valid_until,
    }


def _check_fields(row: Product | NonStandardTerm) -> None:
    """Raise Refused, naming each field, unless the row is well formed."""
    try:
        row.full_clean()
    except ValidationError as fault:
        raise Refused(" ".join(fault.messages), code="invalid") from None


def _check_currency(currency: str) -> None:
    try:
        validate_currency(currency)
    except ValidationError as fault:
        raise Refused(" ".join(fault.messages), code="invalid") from None


def _check_price(amount: Decimal, period: str) -> None:
    if not amount.is_finite() or amount < 0:
        raise Refused("A list price is not negative.", code="invalid")
    if round(amount, 4) != amount:
        raise Refused("A list price has at most four decimals.", code="invalid")
    if period not in Price.Period.values:
        raise Refused("A list price is per unit once, per month or per year.", code="invalid")


def _check_percent(percent: Decimal) -> None:
    if not percent.is_finite() or not 0 <= percent < 100:
        raise Refused("A published discount is from 0 % to below 100 %.", code="invalid")


def _check_days(valid_from: date, valid_until: date | None) -> None:
    if valid_until is not None and valid_until < valid_from:
        raise Refused("The last day comes after the first.", code="invalid")


def _check_owners(roles: Any) -> None:
    unknown = [role for role in roles if role not in {known.value for known in Role}]
    if unknown:
        raise Refused(f"{', '.join(map(str, unknown))} cannot own a term.", code="invalid")
