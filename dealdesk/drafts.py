"""What an editor sends: the rows of a quote before they are saved."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import prefetch_related_objects

from dealdesk.inputs import LineRows, PriceBook, QuoteRows, redlines_of
from dealdesk.models import (
    BillingFrequency,
    Concession,
    LineYear,
    NonStandardTerm,
    PaymentTerms,
    Product,
    Quote,
    QuoteLine,
    QuoteTerm,
)
from revops.refusals import Missing, Refused

MOST_PLACES = 10
HEADER = frozenset(
    {"kind", "currency", "priced_on", "term_months", "payment_terms", "billing", "note"}
)


@dataclass(frozen=True)
class YearDraft:
    """One contract year of a ramped line, from the first on."""

    quantity: Decimal
    typed: str = QuoteLine.Typed.NOTHING
    typed_value: Decimal | None = None


@dataclass(frozen=True)
class LineDraft:
    """One line as it was typed. `key` is that of the line it changes; blank for a new line."""

    product: Product
    quantity: Decimal
    key: str = ""
    discount_kind: str = QuoteLine.DiscountKind.DISCRETIONARY
    typed: str = QuoteLine.Typed.NOTHING
    typed_value: Decimal | None = None
    is_included: bool = False
    years: Sequence[YearDraft] = ()


@dataclass(frozen=True)
class ConcessionDraft:
    """One concession: its kind and the one value that kind has. `line_key` names its line."""

    kind: str
    months: int | None = None
    amount: Decimal | None = None
    quantity: Decimal | None = None
    line_key: str = ""
    note: str = ""


@dataclass(frozen=True)
class TermDraft:
    """One non-standard term of the catalogue, as it is asked for."""

    term: NonStandardTerm
    requested_value: str = ""
    requested_text: str = ""


@dataclass(frozen=True)
class QuoteDraft:
    """Everything an editor sends for one quote."""

    header: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[LineDraft] = ()
    concessions: Sequence[ConcessionDraft] = ()
    terms: Sequence[TermDraft] = ()


def build_rows(quote: Quote, draft: QuoteDraft) -> QuoteRows:
    """Return unsaved rows for `quote` with what was typed and what the price list says of it.

    The header is written onto `quote` itself. Raises Refused naming everything that cannot be.
    """
    apply_header(quote, draft.header)
    found = problems(quote, draft)
    if found:
        raise Refused(
            " ".join(problem.sentence for problem in found), code="invalid", missing=found
        )
    book = PriceBook(quote.currency, quote.priced_on, [d.product.pk for d in draft.lines])
    taken = {line.key for line in draft.lines if line.key}
    lines = []
    for position, line in enumerate(draft.lines, 1):
        lines.append(line_rows(quote, position, line, book, taken))
    by_key = {rows.line.stable_key: rows.line for rows in lines}
    prefetch_related_objects([row.term for row in draft.terms], "rungs")
    return QuoteRows(
        quote=quote,
        lines=tuple(lines),
        concessions=tuple(
            Concession(
                quote=quote,
                kind=row.kind,
                months=row.months,
                amount=row.amount,
                quantity=row.quantity,
                line=by_key[row.line_key] if row.line_key else None,
                note=row.note,
            )
            for row in draft.concessions
        ),
        terms=tuple(
            QuoteTerm(
                quote=quote,
                term=row.term,
                requested_value=row.requested_value,
                requested_text=row.requested_text,
            )
            for row in draft.terms
        ),
        redlines=redlines_of([quote]).get(quote.pk, ()),
    )


def line_rows(
    quote: Quote, position: int, draft: LineDraft, book: PriceBook, taken: set[str]
) -> LineRows:
    product, months = draft.product, quote.term_months
    price = book.price(product.pk, product.name)
    line = QuoteLine(
        quote=quote,
        position=position,
        key=draft.key or new_key(taken),
        product=product,
        period=price.period,
        list_unit_price=price.amount,
        tier_percent=book.tier_percent(product.pk, draft.quantity),
        term_percent=book.term_percent(product.pk, months, price.period),
        quantity=draft.quantity,
        discount_kind=draft.discount_kind,
        typed=draft.typed,
        typed_value=draft.typed_value,
        is_included=draft.is_included,
    )
    years = tuple(
        LineYear(
            line=line,
            year=number,
            quantity=year.quantity,
            tier_percent=book.tier_percent(product.pk, year.quantity),
            typed=year.typed,
            typed_value=year.typed_value,
        )
        for number, year in enumerate(draft.years, 1)
    )
    return LineRows(line, years)


def new_key(taken: set[str]) -> str:
    while (key := secrets.token_hex(4)) in taken:
        continue
    taken.add(key)
    return key


def apply_header(quote: Quote, header: Mapping[str, Any]) -> None:
    unknown = set(header) - HEADER
    if unknown:
        raise Refused(f"A quote has no {', '.join(sorted(unknown))}.", code="invalid")
    for name, value in header.items():
        setattr(quote, name, value)


def problems(quote: Quote, draft: QuoteDraft) -> list[Missing]:
    """Everything that cannot be, at once; what only pricing can tell is told by judging."""
    found = [*header_problems(quote)]
    keys = [line.key for line in draft.lines if line.key]
    if len(keys) != len(set(keys)):
        found.append(Missing("lines", "Lines", "Two lines have the same key."))
    for number, line in enumerate(draft.lines, 1):
        for sentence in line_problems(line):
            found.append(
                Missing(f"lines.{number}", f"Line {number}", f"{line.product.name}: {sentence}")
            )
    terms = [row.term.pk for row in draft.terms]
    if len(terms) != len(set(terms)):
        found.append(Missing("terms", "Terms", "A term of the catalogue is asked for twice."))
    for row in draft.terms:
        if row.term.retired_at:
            found.append(Missing("terms", "Terms", f"{row.term.name} is retired."))
    for concession in draft.concessions:
        if sentence := concession_problem(concession, set(keys)):
            found.append(Missing("concessions", "Concessions", sentence))
    return found


def header_problems(quote: Quote) -> list[Missing]:
    found = []
    if quote.kind not in Quote.Kind.values:
        found.append(Missing("kind", "Kind", "This kind of quote is not known."))
    if len(quote.currency) != 3 or not quote.currency.isupper():
        found.append(Missing("currency", "Currency", "A currency is three letters, such as EUR."))
    if not isinstance(quote.priced_on, date):
        found.append(Missing("priced_on", "Priced on", "Say for which day the prices hold."))
    if quote.term_months is not None and not 1 <= quote.term_months <= 240:
        found.append(Missing("term_months", "Term", "A term has 1 to 240 months."))
    for name, kind in (("payment_terms", PaymentTerms), ("billing", BillingFrequency)):
        row = getattr(quote, name, None)
        if not isinstance(row, kind):
            found.append(Missing(name, str(kind._meta.verbose_name), "This is needed."))
    return found


def line_problems(line: LineDraft) -> list[str]:
    found = []
    if line.product.retired_at:
        found.append("it is no longer sold.")
    if line.quantity <= 0 or not fits(line.quantity, 4):
        found.append("the quantity is above zero, with at most four decimals.")
    if line.discount_kind not in QuoteLine.DiscountKind.values:
        found.append("this kind of discount is not known.")
    found += typed_problems(line.typed, line.typed_value)
    for number, year in enumerate(line.years, 1):
        if year.quantity < 0 or not fits(year.quantity, 4):
            found.append(f"the quantity of year {number} cannot be below zero.")
        found += typed_problems(year.typed, year.typed_value)
    if line.years and line.typed == QuoteLine.Typed.NET_AMOUNT:
        found.append("type the net amount for each year of a ramp, not for the whole.")
    return found


def typed_problems(typed: str, value: Decimal | None) -> list[str]:
    if typed not in QuoteLine.Typed.values:
        return ["it is not clear what was typed."]
    if (typed == QuoteLine.Typed.NOTHING) != (value is None):
        return ["say both what was typed and its value."]
    if value is None:
        return []
    if not value.is_finite() or not fits(value, MOST_PLACES):
        return [f"at most {MOST_PLACES} decimals are kept, and nothing is rounded."]
    if typed == QuoteLine.Typed.PERCENT and value > 100:
        return ["more than 100 % cannot be taken off."]
    if typed != QuoteLine.Typed.PERCENT and value < 0:
        return ["a price below zero cannot be quoted."]
    return []


def concession_problem(row: ConcessionDraft, keys: Collection[str]) -> str:
    kinds = Concession.Kind
    value = {
        kinds.FREE_MONTHS: row.months,
        kinds.CREDIT: row.amount,
        kinds.WAIVED_FEE: row.amount,
        kinds.FREE_SEATS: row.quantity,
    }
    if row.kind not in kinds.values:
        return "This concession is not known."
    if not value[kinds(row.kind)] or value[kinds(row.kind)] <= 0:  # type: ignore[operator]
        return f"{kinds(row.kind).label} need a value above zero."
    if sum(part is not None for part in (row.months, row.amount, row.quantity)) != 1:
        return f"{kinds(row.kind).label} have one value."
    if row.kind == kinds.FREE_SEATS and not row.line_key:
        return "Free seats name their line."
    if row.line_key and row.line_key not in keys:
        return "A concession names a line that the quote does not have."
    return ""


def fits(value: Decimal, places: int) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= places


def draft_of(rows: QuoteRows) -> QuoteDraft:
    """Return a saved quote as an editor would send it: what a revision or a clone begins with."""
    quote = rows.quote
    return QuoteDraft(
        header={name: getattr(quote, name) for name in HEADER},
        lines=[
            LineDraft(
                product=row.line.product,
                quantity=row.line.quantity,
                key=row.line.stable_key,
                discount_kind=row.line.discount_kind,
                typed=row.line.typed,
                typed_value=row.line.typed_value,
                is_included=row.line.is_included,
                years=[YearDraft(y.quantity, y.typed, y.typed_value) for y in row.years],
            )
            for row in rows.lines
        ],
        concessions=[
            ConcessionDraft(
                kind=row.kind,
                months=row.months,
                amount=row.amount,
                quantity=row.quantity,
                line_key=row.line.stable_key if row.line else "",
                note=row.note,
            )
            for row in rows.concessions
        ],
        terms=[TermDraft(row.term, row.requested_value, row.requested_text) for row in rows.terms],
    )
