"""Another system's export, read row by row as past deals that a policy can judge.

Nothing is written: a row becomes the facts that a route depends on and is forgotten again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dealdesk.inputs import RateBook
from dealdesk.models import BillingFrequency, NonStandardTerm, PaymentTerms
from dealdesk.policy import Policy, TermCategory, billing_rank
from dealdesk.pricing import exact
from dealdesk.terms import CompanyMoney, segment_of
from dealdesk.terms import NonStandardTerm as JudgedTerm
from revops.imports.drafts import read_field
from revops.imports.fieldtypes import (
    Choice,
    Currency,
    Day,
    FieldType,
    Formats,
    Integer,
    Number,
    shown,
)
from revops.imports.kinds import Entity, Field, Kind
from revops.imports.mapping import Mapping
from revops.imports.problems import BadFile, BadMapping, BadRow, BadValue
from revops.imports.reading import cut, decode, row_problem

PAST_DEAL = "past_deal"
SOURCE = "replay"
MOST_TERMS = 20
TERM_LENGTH = 80


@dataclass(frozen=True)
class Percent(Number):
    """A discount in percent, with or without the sign: 25, 25.0, 25 %."""

    digits: int = 20
    places: int = 10

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> Decimal:
        value = super().read(text.rstrip("% \u00a0"), formats, scale)
        if not -1000 <= value <= 100:
            raise BadValue(f"{shown(text)} is no discount in percent")
        return value


@dataclass(frozen=True)
class NetDays(Choice):
    """Payment terms by code or label, or any text with the number of days: "NET60"."""

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> str:
        try:
            return super().read(text, formats)
        except BadValue:
            found = re.fullmatch(r"\D{0,20}?(\d{1,3})\D{0,20}", text)
            if found:
                return found[1]
            if text.casefold() in ("prepaid", "upfront", "due on receipt", "immediate"):
                return "0"
            raise


MONTHS_AHEAD = {"month": 1, "quarter": 3, "half": 6, "semi": 6, "annual": 12, "year": 12}


@dataclass(frozen=True)
class BillingWords(Choice):
    """A billing frequency by code or label, or by the words of another system.

    `known` are the frequencies there are: months ahead and arrears, with their code.
    """

    known: tuple[tuple[tuple[int, bool], str], ...] = ()

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> str:
        try:
            return super().read(text, formats)
        except BadValue:
            said = text.casefold()
            months = next((count for word, count in MONTHS_AHEAD.items() if word in said), None)
            found = dict(self.known).get((months or 0, "arrears" in said))
            if months is None or found is None:
                raise
            return found


@dataclass(frozen=True)
class TermList(FieldType):
    """Non-standard terms, separated by semicolons."""

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> tuple[str, ...]:
        parts = [" ".join(part.split()) for part in text.split(";")]
        found = tuple(dict.fromkeys(part for part in parts if part))
        if len(found) > MOST_TERMS or any(len(part) > TERM_LENGTH for part in found):
            raise BadValue(
                f"{shown(text)} is no list of at most {MOST_TERMS} terms, separated by ;"
            )
        return found


def file_kind(policy: Policy) -> Kind:
    """What a column of another system's export may mean."""
    payment = PaymentTerms.objects.order_by("net_days").values_list("key", "name")
    billing = list(BillingFrequency.objects.order_by("pk"))
    frequencies = BillingWords(
        options=tuple((row.key, row.name) for row in billing),
        known=tuple(((row.months_ahead, row.in_arrears), row.key) for row in billing),
    )
    fields = (
        Field("discount_percent", Percent()),
        Field("amount", Number(digits=20, minimum=Decimal(0))),
        Field("list_amount", Number(digits=20, minimum=Decimal(0))),
        Field("currency", Currency()),
        Field("submitted_on", Day()),
        Field("term_months", Integer(1, 600)),
        Field("payment", NetDays(tuple(payment))),
        Field("billing", frequencies),
        Field("segment", Choice(tuple((band.key, band.label) for band in policy.segments))),
        Field("employees", Integer(0, 100_000_000)),
        Field("non_standard_terms", TermList()),
    )
    entity = Entity(PAST_DEAL, fields, attached_to="row")
    return Kind("replay", PAST_DEAL, (entity,), run=never)


PRICE = frozenset({"discount_percent", "amount", "list_amount"})


def check_says_enough(mapping: Mapping) -> None:
    """Raise BadMapping unless two of the three are mapped that say the discount."""
    given = {rule.target.key for record in mapping.records for rule in record.fields}
    if len(given & PRICE) < 2:
        sentence = "Choose columns for two of discount percent, amount and list amount."
        raise BadMapping([sentence])


def never(**_: Any) -> Any:
    raise NotImplementedError("A replayed file is never imported.")


@dataclass(frozen=True, slots=True)
class PastDeal:
    """One row, understood: amounts exact in its own currency, and the rate they convert at."""

    standard: Fraction
    net: Fraction
    money: CompanyMoney
    months: int
    payment: int
    billing: int
    segment: str
    heads: int | None
    terms: tuple[JudgedTerm, ...]


@dataclass
class Words:
    """What codes in the file stand for here, each read once."""

    policy: Policy
    rates: RateBook
    today: date

    def __post_init__(self) -> None:
        self.days = dict(PaymentTerms.objects.values_list("key", "net_days"))
        self.ranks = {
            row.key: billing_rank(row.months_ahead, in_arrears=row.in_arrears)
            for row in BillingFrequency.objects.all()
        }
        self.catalogue = {
            name.casefold(): row
            for row in NonStandardTerm.objects.all()
            for name in (row.key, row.name)
        }
        self.seen: dict[str, JudgedTerm] = {}

    def money(self, currency: str, day: date | None) -> CompanyMoney:
        """The rate of the day, else today's. Raises BadValue without either."""
        own = self.rates.company.currency
        for each in filter(None, (day, self.today)):
            money = self.rates.money(currency or own, each)
            if money.per_company_unit:
                return money
        raise BadValue(f"currency: there is no exchange rate of {currency} to {own}")

    def term(self, text: str) -> JudgedTerm:
        """A term of the catalogue by its name, else one of the category "other"."""
        if text not in self.seen:
            row = self.catalogue.get(text.casefold())
            category = TermCategory(row.category) if row else TermCategory.OTHER
            key = row.key if row else f"file:{text.casefold()}"
            self.seen[text] = JudgedTerm(key, row.name if row else text, category)
        return self.seen[text]


def past_deal(values: dict[str, Any], words: Words) -> PastDeal:
    """What a row says. Raises BadValue where it does not say enough to be judged."""
    standard, net = amounts(values)
    segment, heads = values.get("segment") or "", values.get("employees")
    return PastDeal(
        standard=standard,
        net=net,
        money=words.money(values.get("currency") or "", values.get("submitted_on")),
        months=values.get("term_months") or 12,
        payment=net_days(values.get("payment"), words),
        billing=words.ranks.get(values.get("billing") or "", 0),
        segment=segment or segment_of(words.policy, heads).key,
        heads=None if segment else heads,
        terms=tuple(words.term(text) for text in values.get("non_standard_terms") or ()),
    )


def net_days(value: str | None, words: Words) -> int:
    """How late payment is; a row that does not say pays as early as can be."""
    if not value:
        return 0
    return words.days[value] if value in words.days else int(value)


def amounts(values: dict[str, Any]) -> tuple[Fraction, Fraction]:
    """Standard and net: two of list amount, net amount and discount say the third."""
    net, listed, off = (values.get(k) for k in ("amount", "list_amount", "discount_percent"))
    if listed is not None and net is not None:
        found = exact(listed), exact(net)
    elif listed is not None and off is not None:
        found = exact(listed), exact(listed) * (1 - Fraction(off) / 100)
    elif net is not None and off is not None:
        if off == 100:
            raise BadValue("discount_percent: 100 % off says nothing without a list amount")
        found = exact(net) / (1 - Fraction(off) / 100), exact(net)
    else:
        raise BadValue("Two of discount_percent, amount and list_amount are needed")
    if found[0] <= 0:
        raise BadValue("amount: a standard price of zero cannot be judged")
    return found


# Reading


@dataclass
class FileReader:
    """One file by its mapping: good rows are yielded, bad ones kept by line and reason."""

    data: bytes
    mapping: Mapping
    words: Words

    def __post_init__(self) -> None:
        self.bad: list[BadRow] = []
        self.rows = 0
        self.rules = [rule for record in self.mapping.records for rule in record.fields]

    def __iter__(self) -> Iterator[PastDeal]:
        for line, cells in self._records():
            self.rows += 1
            try:
                yield past_deal(self._values(cells), self.words)
            except BadValue as problem:
                self.bad.append(BadRow(line, str(problem)))
        self.bad.sort()

    def _records(self) -> Iterable[tuple[int, dict[str, str]]]:
        file = self.mapping.file
        text, _ = decode(
            self.data, file.get("encoding", "utf-8"), file.get("fallback_encoding", "")
        )
        records = cut(text, file.get("delimiter", ","), self.bad)
        header = next(records, (1, []))[1]
        while header and not header[-1]:
            header.pop()
        self.mapping.check_columns(header)
        if not header:
            raise BadFile("The file has no header row.")
        for line, cells in records:
            if problem := row_problem(cells, len(header)):
                self.rows += 1
                self.bad.append(BadRow(line, problem))
            elif any(cells):
                yield line, dict(zip(header, cells, strict=False))

    def _values(self, cells: dict[str, str]) -> dict[str, Any]:
        return {rule.target.key: read_field(rule, cells, source=SOURCE) for rule in self.rules}
