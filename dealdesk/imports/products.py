"""Importing products with their list prices."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.text import slugify

from dealdesk.models import Price, PriceList, Product
from revops.company.models import Company
from revops.imports.drafts import Drafts, Outcome, Progress, Record
from revops.imports.fieldtypes import Choice, Currency, Day, Number, Text
from revops.imports.kinds import Entity, Field, Kind
from revops.imports.writing import Plan, by_external_id, finder, import_rows
from revops.people.actor import Actor

PRICED = ("list_price", "price_period", "price_currency", "valid_from")
FOREVER = date(2000, 1, 1)
NOTHING = Decimal(0)
find_product = finder(Product.objects.all())


def products_kind() -> Kind:
    fields = (
        Field("name", Text(200), required=True),
        Field("key", Text(60)),
        Field("family", Text(100)),
        Field("kind", Choice(tuple(Product.Kind.choices))),
        Field("list_price", Number(digits=16, places=4, minimum=NOTHING)),
        Field("price_period", Choice(tuple(Price.Period.choices))),
        Field("price_currency", Currency()),
        Field("valid_from", Day()),
    )
    return Kind("products", "product", (Entity("product", fields),), import_products)


@transaction.atomic(durable=True)
def import_products(
    *,
    drafts: Drafts,
    dry_run: bool = False,
    skip_bad: bool = False,
    progress: Progress | None = None,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Take over products and their list prices; a new price ends the one before it.

    Raises BadRows when rows are bad and are not to be skipped.
    """
    company = Company.get()
    records = drafts.records.get("product", {})
    there = by_external_id(Product.objects.all(), drafts.source, records.values())
    _check_products(drafts, there)

    def make(each: Plan[Product]) -> Product:
        return Product(
            key=_key(each.record), source=drafts.source, external_id=each.record.external_id
        )

    def follow(new: list[Plan[Product]], changed: list[Plan[Product]]) -> None:
        for each in [*new, *changed]:
            _set_price(each, company, at=at)

    return import_rows(
        drafts,
        "product",
        there,
        make=make,
        apart=PRICED,
        follow=follow,
        dry_run=dry_run,
        skip_bad=skip_bad,
        by=by,
        at=at,
    )


def _key(record: Record) -> str:
    return record.values.get("key") or slugify(record.values["name"])[:60]


def _check_products(drafts: Drafts, there: dict[str, Product]) -> None:
    keys: dict[str, str] = {}
    for record in drafts.standing("product"):
        values, key = record.values, _key(record)
        if not key or slugify(key) != key:
            drafts.reject_record(record, f"key: “{key}” is no key, such as gtx-pro")
        elif key in keys:
            drafts.reject_record(record, f"key: {key} is also that of “{keys[key]}”")
        elif record.external_id in there and values.get("key") not in (
            None,
            there[record.external_id].key,
        ):
            drafts.reject_record(record, "key: the key of a product never changes")
        elif values.get("list_price") is not None and not values.get("price_period"):
            drafts.reject_record(record, "price_period is blank, and there is a list_price")
        keys.setdefault(key, record.external_id)
    mine = {product.pk for product in there.values()}
    for product in Product.objects.filter(key__in=keys).exclude(pk__in=mine):
        record = drafts.records["product"][keys[product.key]]
        drafts.reject_record(record, f"key: {product.key} already belongs to {product.name}")


def _set_price(each: Plan[Product], company: Company, *, at: datetime) -> None:
    """Publish what the source now says a product costs, from the day it says or from today."""
    values = each.record.values
    if not set(PRICED) & set(each.news) or values.get("list_price") is None:
        return
    currency = values.get("price_currency") or company.currency
    price_list, _ = PriceList.objects.get_or_create(
        currency=currency, defaults={"name": "Price list"}
    )
    prices = Price.objects.filter(price_list=price_list, product=each.row)
    facts = {"amount": values["list_price"], "period": values["price_period"]}
    start = values.get("valid_from") or (company.local_day(at) if prices.exists() else FOREVER)
    present = prices.effective_on(start).order_by("-valid_from").first()
    if present and all(getattr(present, name) == value for name, value in facts.items()):
        return
    if present and present.valid_from == start:
        prices.filter(pk=present.pk).update(**facts)
    else:
        end = present.valid_until if present else None
        if present:
            prices.filter(pk=present.pk).update(valid_until=start - timedelta(days=1))
        elif later := prices.filter(valid_from__gt=start).order_by("valid_from").first():
            end = later.valid_from - timedelta(days=1)
        Price.objects.create(
            price_list=price_list, product=each.row, valid_from=start, valid_until=end, **facts
        )
    if present:
        each.before["list_price"] = present.amount
    each.after |= {"list_price": facts["amount"], "currency": currency, "valid_from": start}
