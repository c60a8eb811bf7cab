"""From the rows of a quote to what is judged: rows → pricing input → terms.

Everything loads in batches, so that a replay over every quote asks as many queries as one over
a thousand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from dealdesk import policy as policies
from dealdesk import pricing
from dealdesk import terms as judged
from dealdesk.ladder import Ladder, Rung, Wording, wording_of
from dealdesk.models import (
    BillingFrequency,
    Concession,
    LineYear,
    NonStandardTerm,
    PaymentTerms,
    PolicyVersion,
    Price,
    Quote,
    QuoteLine,
    QuoteTerm,
    TermDiscount,
    TermRung,
    VolumeTier,
)
from pipeline.models import Account
from revops.company.models import Company, ExchangeRate
from revops.frame.formats import minor_unit
from revops.models import subject_of
from revops.people.models import User
from revops.refusals import Refused
from revops.work.models import Attachment

BATCH = 1000


@dataclass(frozen=True)
class LineRows:
    """A line with the years of its ramp, saved or not."""

    line: QuoteLine
    years: tuple[LineYear, ...] = ()


@dataclass(frozen=True)
class QuoteRows:
    """All rows that make up one quote, saved or not: what an editor sends is read like a quote.

    `redlines` are the SHA-256 of the files in which the customer changed our contract.
    """

    quote: Quote
    lines: tuple[LineRows, ...]
    concessions: tuple[Concession, ...]
    terms: tuple[QuoteTerm, ...]
    redlines: tuple[str, ...] = ()


HEADER = ("deal__account", "payment_terms", "billing")
"""What every quote refers to. Read with the quotes themselves: a prefetch of many single rows
asks for them in a chain of ORs that SQLite refuses beyond a thousand."""


def related() -> list[Prefetch]:
    return [
        Prefetch("lines", QuoteLine.objects.select_related("product")),
        Prefetch("lines__years", LineYear.objects.order_by("year")),
        Prefetch("concessions", Concession.objects.select_related("line")),
        Prefetch("terms", QuoteTerm.objects.select_related("term")),
        Prefetch("terms__term__rungs", TermRung.objects.standing()),
    ]


def rows_of(quote: Quote) -> QuoteRows:
    """Return the rows of one saved quote, read once."""
    return next(iter(load_rows([quote])))


def load_rows(quotes: Sequence[Quote]) -> list[QuoteRows]:
    """Return the rows of many quotes, by a number of queries that does not depend on how many."""
    for quote in quotes:
        # What was prefetched earlier may be older than the rows.
        quote.__dict__.pop("_prefetched_objects_cache", None)
    prefetch_related_objects(list(quotes), *HEADER, *related())
    files = redlines_of(quotes)
    return [
        QuoteRows(
            quote=quote,
            lines=tuple(
                LineRows(line, tuple(line.years.all()))
                for line in sorted(quote.lines.all(), key=lambda line: line.position)
            ),
            concessions=tuple(sorted(quote.concessions.all(), key=lambda row: row.pk)),
            terms=tuple(quote.terms.all()),
            redlines=files.get(quote.pk, ()),
        )
        for quote in quotes
    ]


REDLINE = "redline"
"""The kind of an attachment of a quote in which the customer changed our contract."""


def redlines_of(quotes: Iterable[Quote]) -> dict[int, tuple[str, ...]]:
    """The SHA-256 of each quote's redlines, as they are now."""
    kind, _ = subject_of(Quote())
    found: dict[int, tuple[str, ...]] = {}
    rows = Attachment.objects.filter(
        about_type=kind,
        about_id__in=[quote.pk for quote in quotes if quote.pk],
        kind=REDLINE,
        removed_at=None,
    )
    for quote, mark in rows.order_by("pk").values_list("about_id", "sha256"):
        found[quote] = (*found.get(quote, ()), mark)
    return found


# Pricing


def quote_input(rows: QuoteRows) -> pricing.QuoteInput:
    """Return what was typed into the quote, as the pricing takes it."""
    return pricing.QuoteInput(
        currency=rows.quote.currency,
        minor_digits=minor_unit(rows.quote.currency),
        term_months=rows.quote.term_months,
        lines=tuple(line_input(line) for line in rows.lines),
        concessions=tuple(concession_input(row) for row in rows.concessions),
    )


def line_input(rows: LineRows) -> pricing.LineInput:
    line = rows.line
    return pricing.LineInput(
        key=line.stable_key,
        product=line.product.key,
        name=line.product.name,
        family=line.product.family,
        list_price=line.list_unit_price,
        period=pricing.Period(line.period),
        term_percent=line.term_percent,
        included=line.is_included,
        periods=tuple(year_input(line, year) for year in rows.years)
        or (
            pricing.PeriodInput(
                quantity=line.quantity,
                ask=ask(line, line.typed, line.typed_value),
                earned_percent=line.tier_percent,
            ),
        ),
    )


def year_input(line: QuoteLine, year: LineYear) -> pricing.PeriodInput:
    """One year of a ramp; where nothing was typed for the year, the line's wish holds."""
    own = year.typed != QuoteLine.Typed.NOTHING
    return pricing.PeriodInput(
        quantity=year.quantity,
        ask=ask(line, year.typed, year.typed_value)
        if own
        else ask(line, line.typed, line.typed_value),
        earned_percent=year.tier_percent,
    )


def ask(line: QuoteLine, typed: str, value: Decimal | None) -> pricing.Ask:
    return pricing.Ask(
        kind=pricing.DiscountKind(line.discount_kind), typed=pricing.Typed(typed), value=value
    )


def concession_input(row: Concession) -> pricing.Concession:
    value = row.months if row.months is not None else row.amount or row.quantity
    return pricing.Concession(
        kind=pricing.ConcessionKind(row.kind),
        value=Decimal(value or 0),
        line_key=row.line.stable_key if row.line else "",
        note=row.note,
    )


# Terms


@dataclass
class RateBook:
    """The company's dated exchange rates, each currency read once."""

    company: Company
    _rates: dict[str, tuple[list[date], list[Decimal]]] = field(default_factory=dict)

    def money(self, currency: str, day: date) -> judged.CompanyMoney:
        """The rate that counts on a day; without one that is fresh enough there is no rate."""
        own = self.company.currency
        if currency == own:
            return judged.CompanyMoney(own)
        if currency not in self._rates:
            rows = ExchangeRate.objects.filter(currency=currency).order_by("valid_from")
            pairs = list(rows.values_list("valid_from", "per_company_unit"))
            self._rates[currency] = ([row[0] for row in pairs], [row[1] for row in pairs])
        days, rates = self._rates[currency]
        at = bisect_right(days, day) - 1
        oldest = day - timedelta(days=self.company.rate_max_age_days)
        if at < 0 or days[at] < oldest:
            return judged.CompanyMoney(own, per_company_unit=None)
        return judged.CompanyMoney(own, per_company_unit=rates[at], rate_date=days[at])


class TermsReader:
    """Turns the rows of quotes into the terms that a policy judges."""

    def __init__(self, policy: policies.Policy, company: Company | None = None) -> None:
        self.policy = policy
        self.company = company or Company.get()
        self.rates = RateBook(self.company)
        self.of_parent = policy.segment_of_parent
        self._parents: dict[int, Account] = {}
        self._regions: dict[int, str] | None = None

    def terms(self, rows: QuoteRows, *, rate_day: date | None = None) -> judged.Terms:
        """Return the terms of one quote at the rate of `rate_day` (the day it was priced)."""
        quote = rows.quote
        return judged.freeze(
            pricing.price_quote(quote_input(rows)),
            payment=payment_input(quote.payment_terms),
            billing=billing_input(quote.billing),
            segment=self.segment(quote.deal.account),
            company=self.rates.money(quote.currency, rate_day or quote.priced_on),
            kind=quote.kind,
            nonstandard=tuple(term_input(row) for row in rows.terms),
            region=self.region(quote.deal.owner_id),
            redlines=rows.redlines,
        )

    def region(self, owner: int) -> str:
        """The region of the owner's team; "" where the policy has no standard by region."""
        if not any(row.region for row in self.policy.terms.timings):
            return ""
        if self._regions is None:
            people = User.objects.exclude(team=None).exclude(team__region="")
            self._regions = dict(people.values_list("pk", "team__region"))
        return self._regions.get(owner, "")

    def segment(self, account: Account | None) -> judged.Segment:
        """The segment of an account: its override, else by head count, else unknown."""
        if account is None:
            return judged.segment_of(self.policy, None)
        parent = self.ultimate_parent(account) if self.of_parent else account
        return judged.segment_of(
            self.policy,
            parent.employees,
            override=account.segment_override,
            reason=account.segment_override_reason,
            of_parent=parent is not account,
        )

    def ultimate_parent(self, account: Account) -> Account:
        """The account at the top of the group; a circle in the data ends where it closes."""
        seen = {account.pk}
        while account.parent_id and account.parent_id not in seen:
            seen.add(account.parent_id)
            if account.parent_id not in self._parents:
                self._parents[account.parent_id] = Account.objects.get(pk=account.parent_id)
            account = self._parents[account.parent_id]
        return account


def payment_input(row: PaymentTerms) -> judged.PaymentTerms:
    return judged.PaymentTerms(key=row.key, name=row.name, rank=row.net_days)


def billing_input(row: BillingFrequency) -> judged.Billing:
    rank = policies.billing_rank(row.months_ahead, in_arrears=row.in_arrears)
    return judged.Billing(key=row.key, name=row.name, rank=rank)


def term_input(row: QuoteTerm) -> judged.NonStandardTerm:
    """A term as it is asked for, with the rung of the catalogue its exact text stands on."""
    term = row.term
    wording = wording_of(ladder_of(term), row.requested_text, row.requested_value)
    return judged.NonStandardTerm(
        key=term.key,
        name=term.name,
        category=policies.TermCategory(term.category),
        standard_value=term.standard_value,
        requested_value=row.requested_value,
        requested_text=row.requested_text,
        owner_roles=tuple(policies.Role(role) for role in term.owner_roles),
        rung=wording.rung,
        rung_name=wording.name,
        rung_roles=wording.roles,
        is_paper=term.is_paper and wording.rung is not Rung.STANDARD,
    )


def ladder_of(term: NonStandardTerm) -> Ladder:
    """What the catalogue says of one term now; its rungs are read with it or now."""
    return Ladder(
        standard_text=term.standard_wording,
        standard_value=term.standard_value,
        wordings=tuple(
            Wording(
                rung=Rung(rung.kind),
                name=rung.name,
                text=rung.text,
                value=rung.value,
                roles=tuple(policies.Role(role) for role in rung.roles),
            )
            for rung in term.rungs.all()
            if rung.retired_at is None
        ),
        closed=term.other_wording == NonStandardTerm.OtherWording.PROHIBITED,
    )


def terms_of(quote: Quote, *, reader: TermsReader, rate_day: date | None = None) -> judged.Terms:
    """Return the terms of one saved quote as its rows are now."""
    return reader.terms(rows_of(quote), rate_day=rate_day)


def stream_terms(
    quotes: QuerySet[Quote], *, reader: TermsReader
) -> Iterator[tuple[Quote, judged.Terms]]:
    """Yield every quote with its terms, a batch at a time."""
    found = quotes.select_related(*HEADER).order_by("pk").iterator(chunk_size=BATCH)
    while batch := list(islice(found, BATCH)):
        for rows in load_rows(batch):
            yield rows.quote, reader.terms(rows)


# The price list


@dataclass(frozen=True)
class ListPrice:
    """What the price list says of one product on one day, in one currency."""

    amount: Decimal
    period: str


class PriceBook:
    """The published prices, volume tiers and term discounts of one currency and day."""

    def __init__(self, currency: str, day: date, products: Iterable[int]) -> None:
        wanted = list(products)
        self.currency, self.day = currency, day
        self._prices: dict[int, ListPrice] = {}
        for row in (
            Price.objects.effective_on(day)
            .filter(price_list__currency=currency, product__in=wanted)
            .order_by("valid_from", "pk")
        ):
            self._prices[row.product_id] = ListPrice(row.amount, row.period)
        self._tiers: dict[int, list[pricing.VolumeTier]] = {}
        for tier in (
            VolumeTier.objects.effective_on(day).filter(product__in=wanted).order_by("valid_from")
        ):
            self._tiers.setdefault(tier.product_id, []).append(
                pricing.VolumeTier(Decimal(tier.from_quantity), tier.discount_percent)
            )
        self._general: list[pricing.TermDiscount] = []
        self._own: dict[int, list[pricing.TermDiscount]] = {}
        for discount in TermDiscount.objects.effective_on(day).order_by("valid_from"):
            row_of = pricing.TermDiscount(discount.from_months, discount.discount_percent)
            if discount.product_id is None:
                self._general.append(row_of)
            else:
                self._own.setdefault(discount.product_id, []).append(row_of)

    def price(self, product_id: int, name: str) -> ListPrice:
        """The list price of a product. Raises Refused when the list has none."""
        if product_id not in self._prices:
            raise Refused(
                f"The {self.currency} price list has no price for {name} on {self.day}.",
                code="no_list_price",
            )
        return self._prices[product_id]

    def tier_percent(self, product_id: int, quantity: Decimal) -> Decimal:
        return pricing.earned_tier(self._tiers.get(product_id, ()), quantity)

    def term_percent(self, product_id: int, months: int | None, period: str) -> Decimal:
        """The published term discount; a product's own table stands in for the general one."""
        if period == Price.Period.ONCE:
            return Decimal(0)
        table = self._own.get(product_id, self._general)
        return pricing.published_term_discount(table, months)


# The policy in force


def policy_in_force() -> tuple[PolicyVersion, policies.Policy]:
    """Return the published policy. Raises Refused while there is none."""
    row = PolicyVersion.objects.filter(in_force=True).first()
    if row is None:
        raise Refused("No policy is published. Ask a RevOps administrator to publish one.")
    return row, policies.policy_from_json(row.body)
