"""The terms of a quote, frozen as they were judged, with one digest for each topic."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from dealdesk.canonical import ADDED, canonical_json, digest, from_json, sha256
from dealdesk.ladder import Rung
from dealdesk.policy import Policy, Role, TermCategory, Topic
from dealdesk.pricing import PricedQuote, exact

SCHEMA = 1


class SegmentSource(StrEnum):
    """Where a segment comes from."""

    HEAD_COUNT = "head_count"
    PARENT_HEAD_COUNT = "parent_head_count"
    OVERRIDE = "override"
    IMPORT = "import"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Segment:
    """The size class of the account and its source. `reason` goes with an override."""

    key: str = "unknown"
    source: SegmentSource = SegmentSource.UNKNOWN
    head_count: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """When an invoice is due. A higher rank (days) is later cash."""

    key: str
    name: str
    rank: int


@dataclass(frozen=True, slots=True)
class Billing:
    """How far ahead is invoiced. A higher rank (see `billing_rank`) is later cash."""

    key: str
    name: str
    rank: int


@dataclass(frozen=True, slots=True)
class NonStandardTerm:
    """A term of the catalogue as it is asked for: value and exact text.

    `rung` is where that text stands on the term's ladder, `rung_name` what the catalogue calls
    it, `rung_roles` whom a fallback asks. `is_paper`: the contract is not ours.
    """

    key: str
    name: str
    category: TermCategory
    standard_value: str = ""
    requested_value: str = ""
    requested_text: str = ""
    owner_roles: tuple[Role, ...] = ()
    rung: Rung = field(default=Rung.FREE, metadata=ADDED)
    rung_name: str = field(default="", metadata=ADDED)
    rung_roles: tuple[Role, ...] = field(default=(), metadata=ADDED)
    is_paper: bool = field(default=False, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class CompanyMoney:
    """The dated rate at which money rules compare: `per_company_unit` of the quote's currency.

    Without a rate nothing can be compared, and submission is refused by name.
    """

    currency: str
    per_company_unit: Decimal | None = Decimal(1)
    rate_date: date | None = None

    def convert(self, amount: Fraction) -> Fraction | None:
        """The amount in company currency, exact; None without a rate."""
        if not self.per_company_unit or self.per_company_unit <= 0:
            return None
        return amount / exact(self.per_company_unit)


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that is judged of one quote, and nothing else.

    `region` is that of the owner's team, where the policy has standards by region. `redlines`
    are the SHA-256 of the files in which the customer changed our contract.
    """

    price: PricedQuote
    payment: PaymentTerms
    billing: Billing
    segment: Segment
    company: CompanyMoney
    kind: str = "new"
    nonstandard: tuple[NonStandardTerm, ...] = ()
    schema: int = SCHEMA
    region: str = field(default="", metadata=ADDED)
    redlines: tuple[str, ...] = field(default=(), metadata=ADDED)

    @property
    def currency(self) -> str:
        return self.price.currency

    @property
    def term_months(self) -> int | None:
        """Months of service, free ones too; None for one-offs only."""
        return self.price.term_months

    @property
    def on_paper(self) -> bool:
        """Whether legal goes through its checklist: the customer's paper, or redlines on ours."""
        return bool(self.redlines) or any(term.is_paper for term in self.nonstandard)

    @property
    def one_off_only(self) -> bool:
        return self.price.term_months is None

    @property
    def annual_value(self) -> Fraction | None:
        """The largest contract year with its one-offs, in company currency; None without a rate."""
        return self.company.convert(self.price.annual_value)


@dataclass(frozen=True, slots=True)
class Digests:
    """SHA-256 of each topic; `overall` is of the three together and leaves out the rate."""

    price: str
    commercial: str
    legal: str
    overall: str

    def of(self, topic: Topic) -> str:
        return {
            Topic.PRICE: self.price,
            Topic.COMMERCIAL: self.commercial,
            Topic.LEGAL: self.legal,
        }[topic]


def freeze(
    price: PricedQuote,
    *,
    payment: PaymentTerms,
    billing: Billing,
    segment: Segment,
    company: CompanyMoney,
    kind: str = "new",
    nonstandard: tuple[NonStandardTerm, ...] = (),
    region: str = "",
    redlines: tuple[str, ...] = (),
) -> Terms:
    """Return the terms as they are judged: texts cleaned, terms in the order of their keys."""
    cleaned = (
        replace(
            term,
            requested_value=clean_text(term.requested_value),
            requested_text=clean_text(term.requested_text),
        )
        for term in nonstandard
    )
    return Terms(
        price=price,
        payment=payment,
        billing=billing,
        segment=segment,
        company=company,
        kind=kind,
        nonstandard=tuple(sorted(cleaned, key=lambda term: (term.key, term.requested_text))),
        region=region,
        redlines=tuple(sorted(set(redlines))),
    )


def clean_text(text: str) -> str:
    """Return a text as it is compared: one spelling of letters and of line ends, edges trimmed."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()


def segment_of(
    policy: Policy,
    head_count: int | None,
    *,
    override: str = "",
    reason: str = "",
    of_parent: bool = False,
) -> Segment:
    """Return the segment of an account with its source. An override carries its reason."""
    if override:
        return Segment(override, SegmentSource.OVERRIDE, head_count, reason)
    key = policy.segment_for(head_count)
    if key == "unknown":
        return Segment(key, SegmentSource.UNKNOWN, head_count)
    source = SegmentSource.PARENT_HEAD_COUNT if of_parent else SegmentSource.HEAD_COUNT
    return Segment(key, source, head_count)


def canonical(terms: Terms) -> str:
    """Return the one JSON text of the terms: what is stored with a submission."""
    return canonical_json(terms)


def from_canonical(text: str) -> Terms:
    return from_json(Terms, text)


def snapshot_digest(terms: Terms) -> str:
    """SHA-256 of everything frozen, the rate of the day too."""
    return digest(terms)


def digests(terms: Terms) -> Digests:
    """Return the digest of each topic. Equal digests mean nothing in that topic changed."""
    price = topic_digest(terms, Topic.PRICE)
    commercial = topic_digest(terms, Topic.COMMERCIAL)
    legal = topic_digest(terms, Topic.LEGAL)
    overall = sha256(f"terms/{SCHEMA}\n{price}\n{commercial}\n{legal}")
    return Digests(price, commercial, legal, overall)


def topic_digest(terms: Terms, topic: Topic) -> str:
    """Return the digest of what one topic judges."""
    return digest(topic_content(terms, topic))


def topic_content(terms: Terms, topic: Topic) -> dict[str, Any]:
    """Return what one topic judges, and nothing that only describes it (names, notes, typing)."""
    if topic is Topic.PRICE:
        content = _price_content(terms.price)
    elif topic is Topic.COMMERCIAL:
        content = _commercial_content(terms)
    else:
        content = {"redlines": list(terms.redlines)} if terms.redlines else {}
    nonstandard = [
        [term.key, term.requested_value, term.requested_text]
        for term in terms.nonstandard
        if term.category.topic is topic
    ]
    return {"topic": topic.value, "terms": nonstandard, **content}


def _price_content(price: PricedQuote) -> dict[str, Any]:
    return {
        "currency": price.currency,
        "lines": [
            {
                "key": line.key,
                "product": line.product,
                "period": line.period,
                "list_price": line.list_price,
                "included": line.included,
                "years": [
                    [y.year, y.quantity, y.free_quantity, y.claimed_percent, y.standard, y.net]
                    for y in line.years
                ],
            }
            for line in price.lines
        ],
        "concessions": [[c.kind, c.value, c.line_key] for c in price.concessions],
    }


def _commercial_content(terms: Terms) -> dict[str, Any]:
    price = terms.price
    return {
        **({"region": terms.region} if terms.region else {}),
        "term_months": price.term_months,
        "paid_months": price.paid_months,
        "payment": [terms.payment.key, terms.payment.rank],
        "billing": [terms.billing.key, terms.billing.rank],
        "segment": terms.segment.key,
        "kind": terms.kind,
        "periods": [[line.key, line.period] for line in price.lines],
    }


_CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def terms_code(overall_digest: str) -> str:
    """Return a short code a person can read aloud, such as K7QF-2M9X: 40 bits of the digest."""
    number = int(overall_digest[:10], 16)
    letters = "".join(_CODE_LETTERS[number >> shift & 31] for shift in range(35, -5, -5))
    return f"{letters[:4]}-{letters[4:]}"
