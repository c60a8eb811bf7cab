"""A sheet as it was typed, before anything is read."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dealdesk.inputs import QuoteRows
from dealdesk.models import Quote, QuoteLine
from dealdesk.pricing import contract_years
from revops.addresses import number_in

MOST_ROWS = 200
MOST_YEARS = 10
NOTHING = QuoteLine.Typed.NOTHING


@dataclass
class Raw:
    """A sheet as it was typed, before anything is read: what acts on rows work on."""

    header: dict[str, str] = field(default_factory=dict)
    lines: list[dict[str, str]] = field(default_factory=list)
    concessions: list[dict[str, str]] = field(default_factory=list)
    terms: list[dict[str, str]] = field(default_factory=list)

    @classmethod
    def of_post(cls, data: Mapping[str, str]) -> Raw:
        raw = cls()
        rows: dict[str, dict[int, dict[str, str]]] = {"lines": {}, "concessions": {}, "terms": {}}
        for name in data:
            part, _, rest = name.partition("-")
            number, _, column = rest.partition("-")
            if part == "header":
                raw.header[rest] = data[name]
                continue
            place = number_in(number)
            if part in rows and column and place is not None and place < MOST_ROWS:
                rows[part].setdefault(place, {})[column] = data[name]
        for part, found in rows.items():
            setattr(raw, part, [found[number] for number in sorted(found)])
        return raw

    @classmethod
    def of_rows(cls, rows: QuoteRows) -> Raw:
        return cls(
            header=raw_header(rows.quote),
            lines=[raw_line(each) for each in rows.lines],
            concessions=[
                {
                    "kind": row.kind,
                    "value": text_of(row.months or row.amount or row.quantity),
                    "line_key": row.line.stable_key if row.line else "",
                    "note": row.note,
                }
                for row in rows.concessions
            ],
            terms=[
                {
                    "term": str(row.term_id),
                    "value": row.requested_value,
                    "text": row.requested_text,
                }
                for row in rows.terms
            ],
        )

    def act(self, act: str) -> None:
        """Add or remove a row: "add-lines", "remove-terms-2"; "use-terms-2-7" is a wording's."""
        verb, _, rest = act.partition("-")
        part, _, number = rest.partition("-")
        if part not in ("lines", "concessions", "terms"):
            return
        rows: list[dict[str, str]] = getattr(self, part)
        if verb == "add" and len(rows) < MOST_ROWS:
            rows.append(new_line() if part == "lines" else {})
        elif verb == "remove" and (place := number_in(number)) is not None and place < len(rows):
            gone = rows.pop(place)
            for row in self.concessions:
                if part == "lines" and row.get("line_key") == gone.get("key"):
                    row["line_key"] = ""

    def flat(self) -> dict[str, str]:
        """The names and values of one form."""
        found = {f"header-{name}": value for name, value in self.header.items()}
        for part in ("lines", "concessions", "terms"):
            for number, row in enumerate(getattr(self, part)):
                found |= {f"{part}-{number}-{name}": value for name, value in row.items()}
        return found


def new_line() -> dict[str, str]:
    return {"key": secrets.token_hex(4), "typed": QuoteLine.Typed.PERCENT.value}


def raw_header(quote: Quote) -> dict[str, str]:
    return {
        "kind": quote.kind,
        "term_months": text_of(quote.term_months),
        "payment_terms": str(quote.payment_terms_id),
        "billing": str(quote.billing_id),
        "currency": quote.currency,
        "priced_on": quote.priced_on.isoformat(),
        "note": quote.note,
    }


def raw_line(rows: Any) -> dict[str, str]:
    line = rows.line
    raw = {
        "key": line.stable_key,
        "product": str(line.product_id),
        "quantity": text_of(line.quantity),
        "discount_kind": line.discount_kind,
        **raw_wish(line.typed, line.typed_value),
    }
    if line.is_included:
        raw["is_included"] = "on"
    if rows.years:
        raw["ramped"] = "on"
    for year in rows.years:
        raw |= {
            f"y{year.year}-{name}": value
            for name, value in {
                "quantity": text_of(year.quantity),
                **raw_wish(year.typed, year.typed_value),
            }.items()
        }
    return raw


def raw_wish(typed: str, value: Decimal | None) -> dict[str, str]:
    if typed == NOTHING:
        return {"wish": "", "typed": QuoteLine.Typed.PERCENT.value}
    return {"wish": text_of(value), "typed": typed}


def text_of(value: Decimal | int | None) -> str:
    """A number as it would be typed, without noughts at its end."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def service_months(raw: Raw) -> int:
    """Months of service as typed, free ones too: as many years as the lines may have."""
    texts = [raw.header.get("term_months", "")]
    texts += [r.get("value", "") for r in raw.concessions if r.get("kind") == "free_months"]
    months = [number_in(text.strip()) or 0 for text in texts]
    return sum(number for number in months if number <= 240)


def fill_years(raw: Raw) -> None:
    """Give every year of a ramp the quantity of the year before it until one is typed."""
    years = min(len(contract_years(service_months(raw))), MOST_YEARS)
    for row in raw.lines:
        if not row.get("ramped"):
            continue
        before = row.get("quantity", "")
        for number in range(1, years + 1):
            before = row.setdefault(f"y{number}-quantity", before) or before
            row.setdefault(f"y{number}-typed", QuoteLine.Typed.PERCENT.value)
