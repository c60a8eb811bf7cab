"""The editor of one quote."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from dealdesk.drafts import QuoteDraft
from dealdesk.forms.choices import Choices, choices_for
from dealdesk.forms.rows import ConcessionForm, HeaderForm, LineForm, TermForm
from dealdesk.forms.typed import Raw, fill_years, service_months
from dealdesk.inputs import QuoteRows
from dealdesk.models import PriceList, Quote
from dealdesk.pricing import contract_years
from dealdesk.wordings import use_wording


class Sheet:
    """The editor of one quote: forms over everything typed, and the draft they make."""

    def __init__(self, raw: Raw, quote: Quote, *, choices: Choices | None = None) -> None:
        self.raw, self.quote = raw, quote
        if not raw.lines:
            raw.act("add-lines")
        for row in raw.lines:
            row["key"] = row.get("key") or secrets.token_hex(4)
        self.choices = choices or choices_for(quote)
        fill_years(raw)
        data = raw.flat()
        years = len(contract_years(service_months(raw)))
        self.header = HeaderForm(data, prefix="header", choices=self.choices)
        self.lines = [
            LineForm(data, prefix=f"lines-{number}", choices=self.choices, years=years)
            for number in range(len(raw.lines))
        ]
        names = [
            (line.raw("key"), f"{number}. {line.chosen or 'line'}")
            for number, line in enumerate(self.lines, 1)
        ]
        self.concessions = [
            ConcessionForm(data, prefix=f"concessions-{number}", lines=names)
            for number in range(len(raw.concessions))
        ]
        self.terms = [
            TermForm(data, prefix=f"terms-{number}", choices=self.choices)
            for number in range(len(raw.terms))
        ]

    @classmethod
    def of_post(cls, data: Mapping[str, str], quote: Quote) -> Sheet:
        raw = Raw.of_post(data)
        raw.act(data.get("act", ""))
        choices = choices_for(as_typed(quote, raw))
        use_wording(raw.terms, data.get("act", ""), choices.terms)
        return cls(raw, quote, choices=choices)

    @classmethod
    def of_rows(cls, rows: QuoteRows) -> Sheet:
        return cls(Raw.of_rows(rows), rows.quote)

    @property
    def filled(self) -> list[LineForm]:
        return [line for line in self.lines if not line.is_blank]

    def forms(self) -> list[Any]:
        parts = [*self.concessions, *self.terms]
        return [self.header, *self.filled, *(part for part in parts if not part.is_blank)]

    def is_valid(self) -> bool:
        # Every form is asked, so that all faults are told at once.
        return all([form.is_valid() for form in self.forms()])  # noqa: C419

    @property
    def faults(self) -> list[str]:
        """What could not be read, a sentence each."""
        found = []
        for form in self.forms():
            rows = [form, *getattr(form, "years", ())]
            for row in rows:
                for name, errors in row.errors.items():
                    label = "" if name == "__all__" else f"{label_of(row, name)}: "
                    found += [f"{label}{error}" for error in errors]
        return list(dict.fromkeys(found))

    def draft(self) -> QuoteDraft:
        header = {name: self.header.cleaned_data[name] for name in self.header.fields}
        return QuoteDraft(
            header=header,
            lines=[line.line_draft() for line in self.filled],
            concessions=[row.concession_draft() for row in self.concessions if not row.is_blank],
            terms=[row.term_draft() for row in self.terms if not row.is_blank],
        )


def label_of(form: forms.Form, name: str) -> str:
    field_ = form.fields[name]
    return field_.label or field_.widget.attrs.get("aria-label") or name.replace("_", " ")


def as_typed(quote: Quote, raw: Raw) -> Quote:
    """The quote with currency and day as they are typed now: they decide which products there are.

    Only in memory; a currency or day that cannot be leaves what there was.
    """
    currency = raw.header.get("currency", quote.currency)
    if PriceList.objects.filter(currency=currency).exists():
        quote.currency = currency
    try:
        quote.priced_on = date.fromisoformat(raw.header.get("priced_on", ""))
    except ValueError:
        pass
    return quote
