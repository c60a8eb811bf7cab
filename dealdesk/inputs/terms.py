"""Rows of quotes as the terms that a policy judges."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

from django.db.models import QuerySet

from dealdesk import policy as policies
from dealdesk import pricing
from dealdesk import terms as judged
from dealdesk.inputs.prices import quote_input
from dealdesk.inputs.rows import BATCH, HEADER, QuoteRows, load_rows, rows_of
from dealdesk.ladder import Ladder, Rung, Wording, wording_of
from dealdesk.models import BillingFrequency, NonStandardTerm, PaymentTerms, Quote, QuoteTerm
from pipeline.models import Account
from revops.company.models import Company, ExchangeRate
from revops.people.models import User


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
