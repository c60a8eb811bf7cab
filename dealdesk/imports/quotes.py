"""The quotes that imported closed deals get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dealdesk import pricing
from dealdesk.defaults import STANDARD_BILLING, STANDARD_PAYMENT_TERMS
from dealdesk.drafts import LineDraft, line_rows
from dealdesk.imports.products import NOTHING, find_product
from dealdesk.inputs import PriceBook, QuoteRows, TermsReader, policy_in_force, quote_input
from dealdesk.models import BillingFrequency, PaymentTerms, Product, Quote, QuoteLine
from dealdesk.operations.shared import write_figures
from pipeline.imports.deals import DealPlan
from pipeline.models import Account, Deal
from revops.company.models import Company
from revops.imports.drafts import Drafts, Record
from revops.imports.fieldtypes import Integer, Number, Reference, Text
from revops.imports.kinds import Entity, Field
from revops.imports.writing import BATCH, Found, in_batches, resolve
from revops.ledger.operations import Draft
from revops.people.actor import Actor
from revops.refusals import Refused


@dataclass
class Offer:
    """The quote that an imported closed deal gets, priced and not yet saved."""

    quote: Quote
    line: QuoteLine
    previous: Quote | None


class QuoteOfDeal:
    """A closed deal with a product and a value above zero gets a quote, frozen as history.

    It is dated by the close, at standard by the price list of that day, and its net is what the
    deal was worth: so a policy can be judged on it. No approval is asked or claimed.
    """

    def __init__(self) -> None:
        self.company = Company.get()
        self.books: dict[tuple[str, date], PriceBook] = {}
        self.offers: dict[str, Offer] = {}
        self.primaries: dict[int, Quote] = {}
        self.payment = PaymentTerms.objects.in_bulk(field_name="key")
        self.billing = BillingFrequency.objects.in_bulk(field_name="key")

    @staticmethod
    def entity() -> Entity:
        fields = (
            Field("product", Reference("product", ("external_id", "key", "name"))),
            Field("quantity", Number(digits=14, places=4)),
            Field("net_amount", Number(digits=16, places=2)),
            Field("term_months", Integer(minimum=1, maximum=240)),
            Field("payment_terms", Text(30)),
            Field("billing", Text(30)),
        )
        return Entity("quote", fields, attached_to="deal")

    def check(self, drafts: Drafts, plans: Sequence[DealPlan]) -> None:
        resolve(drafts, "quote", "product", find_product)
        self._read_primaries(plans)
        self.products = Product.objects.in_bulk(
            {
                record.values["product"].number
                for record in drafts.standing("quote")
                if getattr(record.values.get("product"), "number", None)
            }
        )
        for each in plans:
            record = each.attached.get("quote")
            if record and self._is_due(each, record):
                try:
                    self._offer(each, record)
                except Refused as refusal:
                    drafts.reject_record(each.record, f"quote: {str(refusal).rstrip('.')}")

    def keeps(self, plan: DealPlan) -> bool:
        primary = self.primaries.get(plan.row.pk)
        return primary is not None and primary.origin == Deal.Origin.IMPORT

    def stamp(self, plans: Sequence[DealPlan]) -> None:
        """Segment at the close, and the amount that the quote will have."""
        closed = [each for each in plans if each.row.closed_on]
        accounts = _accounts_of(closed)
        try:
            _, policy = policy_in_force()
        except Refused:
            return
        reader = TermsReader(policy, self.company)
        for each in closed:
            account = accounts.get(each.row.account_id or 0)
            each.row.closed_segment = reader.segment(account).key

    def write(self, plans: Sequence[DealPlan], *, by: Actor, at: datetime) -> list[Draft]:
        due = [
            (each, offer)
            for each in plans
            if (offer := self.offers.get(each.record.external_id)) is not None
        ]
        Quote.objects.filter(
            pk__in=[offer.previous.pk for _, offer in due if offer.previous]
        ).update(is_primary=False)
        for each, offer in due:
            offer.quote.deal = each.row
            offer.quote.created_at = at
            offer.quote.created_by = by.user
        Quote.objects.bulk_create([offer.quote for _, offer in due], batch_size=BATCH)
        for _, offer in due:
            offer.line.quote = offer.quote
        QuoteLine.objects.bulk_create([offer.line for _, offer in due], batch_size=BATCH)
        self._freeze([offer.quote for _, offer in due])
        self._set_amounts(due)
        return [_entry(each, offer) for each, offer in due]

    # What the steps above share

    def _read_primaries(self, plans: Sequence[DealPlan]) -> None:
        numbers = [each.row.pk for each in plans if not each.is_new]
        for batch in in_batches(numbers):
            found = Quote.objects.primary().filter(deal__in=batch).prefetch_related("lines")
            self.primaries |= {quote.deal_id: quote for quote in found}

    def _is_due(self, each: DealPlan, record: Record) -> bool:
        if each.status == Deal.Status.OPEN or not record.values.get("product"):
            return False
        if self._net(each, record) <= 0 or not isinstance(record.values["product"], Found):
            return False
        if each.is_new:
            return True
        primary = self.primaries.get(each.row.pk)
        if primary is not None and primary.origin != Deal.Origin.IMPORT:
            return False
        return bool(each.attached_news or each.moves or {"amount", "currency"} & set(each.news))

    def _net(self, each: DealPlan, record: Record) -> Decimal:
        net = record.values.get("net_amount")
        if net is None:
            net = each.record.values.get("amount")
        return net if net is not None else NOTHING

    def _offer(self, each: DealPlan, record: Record) -> None:
        """Price the quote. Raises Refused where the price list or the terms do not allow it."""
        values, deal = record.values, each.record.values
        currency = deal.get("currency") or self.company.currency
        closed_on = each.place.closed_on if each.place else each.row.closed_on
        if closed_on is None:
            raise Refused("The day of the close is not known.")
        product = self.products[values["product"].number]
        previous = None if each.is_new else self.primaries.get(each.row.pk)
        quote = Quote(
            revision=previous.revision + 1 if previous else 1,
            based_on=previous,
            is_primary=True,
            currency=currency,
            priced_on=closed_on,
            term_months=values.get("term_months"),
            payment_terms=_named(self.payment, values.get("payment_terms"), STANDARD_PAYMENT_TERMS),
            billing=_named(self.billing, values.get("billing"), STANDARD_BILLING),
            origin=Deal.Origin.IMPORT,
        )
        if quote.term_months is None and product.kind == Product.Kind.RECURRING:
            quote.term_months = 12
        line = line_rows(
            quote,
            1,
            LineDraft(
                product=product,
                quantity=_or(values.get("quantity"), Decimal(1)),
                key="line-1",
                typed=QuoteLine.Typed.NET_AMOUNT,
                typed_value=self._net(each, record),
            ),
            self._book(currency, closed_on),
            set(),
        )
        price = pricing.price_quote(quote_input(QuoteRows(quote, (line,), (), ())))
        if price.problems:
            raise Refused(price.problems[0].sentence)
        write_figures(quote, price)
        if previous is None or _differ(quote, line.line, previous):
            self.offers[each.record.external_id] = Offer(quote, line.line, previous)

    def _book(self, currency: str, day: date) -> PriceBook:
        if (currency, day) not in self.books:
            self.books[currency, day] = PriceBook(currency, day, self.products)
        return self.books[currency, day]

    def _moment(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.company.zone_info)

    def _freeze(self, quotes: Sequence[Quote]) -> None:
        """Submit the quotes as of the day of the close: with their lines, they change no more."""
        days: dict[date, list[int]] = {}
        for quote in quotes:
            days.setdefault(quote.priced_on, []).append(quote.pk)
            quote.status = Quote.Status.SUBMITTED
            quote.submitted_at = self._moment(quote.priced_on)
        for day, numbers in days.items():
            for batch in in_batches(numbers):
                Quote.objects.filter(pk__in=batch).update(
                    status=Quote.Status.SUBMITTED, submitted_at=self._moment(day)
                )

    def _set_amounts(self, due: Sequence[tuple[DealPlan, Offer]]) -> None:
        """A deal is worth the net of its primary quote, and mainly sells the product on it."""
        names = ["amount", "currency", "product"]
        differing = []
        for each, offer in due:
            deal, quote, sold = each.row, offer.quote, offer.line.product.name
            if (deal.amount, deal.currency, deal.product) == (
                quote.net_amount,
                quote.currency,
                sold,
            ):
                continue
            deal.amount, deal.currency, deal.product = quote.net_amount, quote.currency, sold
            differing.append(deal)
        Deal.objects.bulk_update(differing, names, batch_size=BATCH)


def _named(rows: dict[str, Any], key: str | None, standard: str) -> Any:
    try:
        return rows[key or standard]
    except KeyError:
        raise Refused(f"“{key or standard}” is none of {', '.join(sorted(rows))}.") from None


def _or(value: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if value is None else value


def _differ(quote: Quote, line: QuoteLine, previous: Quote) -> bool:
    """Whether the source now says another offer than the imported quote already holds."""
    header = ("currency", "priced_on", "term_months", "payment_terms_id", "billing_id")
    if any(getattr(quote, name) != getattr(previous, name) for name in header):
        return True
    lines = list(previous.lines.all())
    facts = ("product_id", "quantity", "typed_value")
    return len(lines) != 1 or any(getattr(line, name) != getattr(lines[0], name) for name in facts)


def _accounts_of(plans: Sequence[DealPlan]) -> dict[int, Account]:
    numbers = {each.row.account_id for each in plans if each.row.account_id}
    found: dict[int, Account] = {}
    for batch in in_batches(numbers):
        found |= Account.objects.in_bulk(batch)
    return found


def _entry(each: DealPlan, offer: Offer) -> Draft:
    quote, line = offer.quote, offer.line
    return Draft(
        "quote.imported",
        quote,
        after={
            "revision": quote.revision,
            "currency": quote.currency,
            "priced_on": quote.priced_on,
            "term_months": quote.term_months,
            "product": line.product.key,
            "quantity": line.quantity,
            "standard": quote.standard_amount,
            "net": quote.net_amount,
            "origin": Deal.Origin.IMPORT,
        },
        related=[each.row],
    )
