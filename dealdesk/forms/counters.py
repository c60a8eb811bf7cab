"""What an approver types to offer other terms: the terms asked, each of which may be changed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms

from dealdesk.forms.cells import WishField
from dealdesk.forms.choices import Choices, choices_for
from dealdesk.forms.typed import text_of
from dealdesk.inputs import QuoteRows
from dealdesk.models import Quote, QuoteLine
from dealdesk.patches import ConcessionPatch, LinePatch, Patch, TermPatch
from dealdesk.pricing import rounded
from dealdesk.terms import Terms
from revops.frame.forms import FigureField, FigureInput

UNITS = {"free_months": "months", "free_seats": "seats"}


class CounterForm(forms.Form):
    """A field for each thing that was asked; what is left as it stands is not changed."""

    term_months = forms.IntegerField(
        label="Term",
        required=False,
        min_value=1,
        max_value=240,
        widget=FigureInput({"inputmode": "numeric"}, unit="months"),
    )
    payment = forms.ChoiceField()
    billing = forms.ChoiceField()
    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 2, "placeholder": "What the rep may tell the customer"}),
    )
    digest = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, rows: QuoteRows, terms: Terms, digest: str, **kwargs: Any):
        quote = rows.quote
        kwargs["initial"] = {
            "term_months": quote.term_months,
            "payment": quote.payment_terms.key,
            "billing": quote.billing.key,
            "digest": digest,
        }
        super().__init__(*args, **kwargs)
        self.rows, self.terms = rows, terms
        self.as_asked: dict[str, str] = {}
        choices: Choices = choices_for(quote)
        self.fields["payment"].choices = [(r.key, r.name) for r in choices.payment_terms]
        self.fields["billing"].choices = [(r.key, r.name) for r in choices.billing]
        if quote.term_months is None:
            del self.fields["term_months"]
        self.add_lines()
        self.add_concessions()
        self.add_terms()

    def add_lines(self) -> None:
        for each in self.rows.lines:
            line = each.line
            priced = self.terms.price.line(line.stable_key)
            if priced is None or priced.percent is None:
                continue
            typed = line.typed == QuoteLine.Typed.PERCENT and not each.years
            percent = line.typed_value if typed else rounded(priced.percent, 4)
            self.add(
                f"line-{line.stable_key}",
                WishField(
                    label=f"Discount on {line.product.name}",
                    required=False,
                    max_value=100,
                    widget=FigureInput(unit="%"),
                ),
                text_of(percent) or "0",
            )

    def add_concessions(self) -> None:
        for number, row in enumerate(self.rows.concessions):
            value = row.months or row.amount or row.quantity
            unit = UNITS.get(row.kind, self.rows.quote.currency)
            field = FigureField(
                label=row.get_kind_display(),
                required=False,
                min_value=Decimal(0),
                widget=FigureInput(unit=unit),
                help_text="0 leaves it out.",
            )
            self.add(f"given-{number}", field, text_of(value))

    def add_terms(self) -> None:
        for row in self.rows.terms:
            key, name = row.term.key, row.term.name
            if row.requested_value or not row.requested_text:
                field = forms.CharField(label=name, required=False, max_length=200)
                self.add(f"value-{key}", field, row.requested_value)
            if row.requested_text:
                label = f"{name}, in words" if row.requested_value else name
                area = forms.Textarea({"rows": 3})
                self.add(
                    f"text-{key}",
                    forms.CharField(label=label, required=False, max_length=20000, widget=area),
                    row.requested_text,
                )
            self.add(f"drop-{key}", forms.BooleanField(label=f"Without {name}", required=False), "")

    def add(self, name: str, field: forms.Field, asked: str) -> None:
        self.fields[name] = field
        self.initial[name] = asked
        self.as_asked[name] = asked

    def group(self, *heads: str) -> Iterator[Any]:
        for name in self.fields:
            if name.partition("-")[0] in heads:
                yield self[name]

    @property
    def line_fields(self) -> list[Any]:
        return list(self.group("line"))

    @property
    def given_fields(self) -> list[Any]:
        return list(self.group("given"))

    @property
    def term_fields(self) -> list[Any]:
        return list(self.group("value", "text", "drop"))

    def patch(self) -> Patch:
        """What is typed otherwise than it was asked."""
        facts, quote = self.cleaned_data, self.rows.quote
        months = facts.get("term_months")
        return Patch(
            lines=tuple(self.line_patches()),
            term_months=months if months != quote.term_months else None,
            payment=differs(facts["payment"], quote.payment_terms.key),
            billing=differs(facts["billing"], quote.billing.key),
            concessions=tuple(self.concession_patches()),
            terms=tuple(self.term_patches()),
        )

    def changed(self, name: str) -> bool:
        value = self.cleaned_data.get(name)
        text = text_of(value) if isinstance(value, Decimal) else str(value or "")
        return name in self.fields and text.strip() != self.as_asked[name].strip()

    def line_patches(self) -> Iterator[LinePatch]:
        for each in self.rows.lines:
            name = f"line-{each.line.stable_key}"
            if self.changed(name):
                yield LinePatch(each.line.stable_key, self.cleaned_data[name] or Decimal(0))

    def concession_patches(self) -> Iterator[ConcessionPatch]:
        for number, row in enumerate(self.rows.concessions):
            name = f"given-{number}"
            if self.changed(name):
                key = row.line.stable_key if row.line else ""
                yield ConcessionPatch(row.kind, key, self.cleaned_data[name] or Decimal(0))

    def term_patches(self) -> Iterator[TermPatch]:
        for row in self.rows.terms:
            key, facts = row.term.key, self.cleaned_data
            if facts.get(f"drop-{key}"):
                yield TermPatch(key, dropped=True)
            elif self.changed(f"value-{key}") or self.changed(f"text-{key}"):
                yield TermPatch(
                    key,
                    facts.get(f"value-{key}", row.requested_value),
                    facts.get(f"text-{key}", row.requested_text),
                )


def differs(now: str, was: str) -> str:
    return now if now != was else ""


def form_for(rows: QuoteRows, terms: Terms, digest: str, data: Any = None) -> CounterForm:
    """The form over what was asked, empty or as it was typed."""
    quote: Quote = rows.quote
    return CounterForm(data, rows=rows, terms=terms, digest=digest, prefix=f"q{quote.pk}")
