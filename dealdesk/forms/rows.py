"""The rows of a sheet: its header, lines, concessions and terms."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms

from dealdesk.drafts import ConcessionDraft, LineDraft, TermDraft, YearDraft
from dealdesk.forms.cells import CellFigure, WishField, cell_select
from dealdesk.forms.choices import Choices, picked
from dealdesk.forms.typed import MOST_YEARS, NOTHING
from dealdesk.models import (
    BillingFrequency,
    Concession,
    NonStandardTerm,
    PaymentTerms,
    Product,
    Quote,
    QuoteLine,
)
from dealdesk.wordings import Offered, offered
from revops.frame.forms import DayField, FigureField, FigureInput

KEY = re.compile(r"[A-Za-z0-9_-]{1,20}")


class HeaderForm(forms.Form):
    kind = forms.ChoiceField(choices=Quote.Kind.choices)
    term_months = forms.IntegerField(
        label="Term",
        required=False,
        min_value=1,
        max_value=240,
        widget=FigureInput({"inputmode": "numeric"}, unit="months"),
        help_text="Months the customer cannot leave. Empty: one-offs only.",
    )
    payment_terms = forms.ChoiceField(label="Payment terms")
    billing = forms.ChoiceField(label="Billing")
    currency = forms.ChoiceField()
    priced_on = DayField(label="Prices of")
    note = forms.CharField(
        label="Note", required=False, widget=forms.Textarea({"rows": 2}), max_length=4000
    )

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        self.fields["payment_terms"].choices = [(r.pk, r.name) for r in choices.payment_terms]
        self.fields["billing"].choices = [(r.pk, r.name) for r in choices.billing]
        self.fields["currency"].choices = [(c, c) for c in choices.currencies]

    def clean_payment_terms(self) -> PaymentTerms:
        return picked(self.choices.payment_terms, self.cleaned_data["payment_terms"])

    def clean_billing(self) -> BillingFrequency:
        return picked(self.choices.billing, self.cleaned_data["billing"])


class WishForm(forms.Form):
    """A quantity and what was typed of a price: of a line, or of one year of it."""

    quantity = FigureField(widget=CellFigure("Quantity"), max_digits=14, decimal_places=4)
    wish = WishField(
        required=False, widget=CellFigure("Discount or price", "standard"), max_digits=24
    )
    typed = forms.ChoiceField(
        choices=[
            (QuoteLine.Typed.PERCENT, "% off"),
            (QuoteLine.Typed.UNIT_PRICE, "per unit"),
            (QuoteLine.Typed.NET_AMOUNT, "in total"),
        ],
        widget=cell_select("What the number is"),
        required=False,
    )

    @property
    def typed_pair(self) -> tuple[str, Decimal | None]:
        """What was typed and its value; a blank value is the standard price."""
        value = self.cleaned_data.get("wish")
        if value is None:
            return NOTHING, None
        return self.cleaned_data.get("typed") or QuoteLine.Typed.PERCENT, value


class YearForm(WishForm):
    def year_draft(self) -> YearDraft:
        return YearDraft(self.cleaned_data["quantity"], *self.typed_pair)


class LineForm(WishForm):
    key = forms.CharField(widget=forms.HiddenInput, required=False)
    product = forms.ChoiceField(widget=cell_select("Product"), required=False)
    discount_kind = forms.ChoiceField(
        label="The discount is",
        choices=QuoteLine.DiscountKind.choices,
        required=False,
    )
    is_included = forms.BooleanField(label="Included at no charge", required=False)
    ramped = forms.BooleanField(label="Different each year", required=False)

    field_order = ["key", "product", "quantity", "wish", "typed"]

    def __init__(self, *args: Any, choices: Choices, years: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        self.fields["product"].choices = choices.product_options
        self.fields["quantity"].required = False
        count = min(years, MOST_YEARS) if self.is_ramped else 0
        self.years = [
            YearForm(self.data, prefix=f"{self.prefix}-y{number}") for number in range(1, count + 1)
        ]

    def raw(self, name: str) -> str:
        return str(self.data.get(self.add_prefix(name), "")).strip()

    @property
    def row_key(self) -> str:
        """The key by which the page finds the figures of this line."""
        key = self.raw("key")
        return key if KEY.fullmatch(key) else ""

    @property
    def is_ramped(self) -> bool:
        return bool(self.raw("ramped"))

    @property
    def is_blank(self) -> bool:
        """A row in which nothing was chosen yet: it stays on the page and out of the quote."""
        return not self.raw("product") and not self.raw("wish")

    @property
    def chosen(self) -> Product | None:
        return picked(self.choices.products, self.raw("product"))

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if self.is_blank:
            return facts
        if not facts.get("product") and "product" not in self.errors:
            self.add_error("product", "Choose a product.")
        if facts.get("quantity") is None and "quantity" not in self.errors and not self.years:
            self.add_error("quantity", "Say how many.")
        if not KEY.fullmatch(facts.get("key", "")):
            facts["key"] = ""
        return facts

    def is_valid(self) -> bool:
        return super().is_valid() and all(year.is_valid() for year in self.years)

    def line_draft(self) -> LineDraft:
        facts, years = self.cleaned_data, [year.year_draft() for year in self.years]
        typed, value = self.typed_pair
        quantity = facts.get("quantity")
        if quantity is None and years:
            quantity = max(year.quantity for year in years)
        return LineDraft(
            product=self.chosen,
            quantity=quantity,
            key=facts["key"],
            discount_kind=facts.get("discount_kind") or QuoteLine.DiscountKind.DISCRETIONARY,
            typed=typed,
            typed_value=value,
            is_included=facts["is_included"],
            years=years,
        )


class ConcessionForm(forms.Form):
    kind = forms.ChoiceField(
        choices=[("", "Choose"), *Concession.Kind.choices],
        widget=cell_select("Kind of concession"),
        required=False,
    )
    value = FigureField(widget=CellFigure("Value"), required=False, max_digits=16)
    line_key = forms.ChoiceField(widget=cell_select("On which line"), required=False)
    note = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput({"class": "cell-input", "aria-label": "Note"}),
    )

    def __init__(self, *args: Any, lines: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line_key"].choices = [("", "The whole quote"), *lines]

    @property
    def is_blank(self) -> bool:
        return not self.data.get(self.add_prefix("kind"))

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if not self.is_blank and facts.get("value") is None and "value" not in self.errors:
            self.add_error("value", "Say how much.")
        whole_months = facts.get("value") is None or facts["value"] == facts["value"].to_integral()
        if facts.get("kind") == Concession.Kind.FREE_MONTHS and not whole_months:
            self.add_error("value", "Whole months only.")
        return facts

    def concession_draft(self) -> ConcessionDraft:
        facts, kinds = self.cleaned_data, Concession.Kind
        kind, value = facts["kind"], facts["value"]
        return ConcessionDraft(
            kind=kind,
            months=int(value) if kind == kinds.FREE_MONTHS else None,
            amount=value if kind in (kinds.CREDIT, kinds.WAIVED_FEE) else None,
            quantity=value if kind == kinds.FREE_SEATS else None,
            line_key=facts["line_key"],
            note=facts["note"],
        )


class TermForm(forms.Form):
    term = forms.ChoiceField(widget=cell_select("Non-standard term"), required=False)
    value = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput({"class": "cell-input", "aria-label": "Value asked for"}),
    )
    text = forms.CharField(
        required=False,
        max_length=20000,
        widget=forms.Textarea(
            {"rows": 1, "aria-label": "Exact wording", "placeholder": "Exact wording, if it is one"}
        ),
    )

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        self.fields["term"].choices = choices.term_options

    @property
    def chosen(self) -> NonStandardTerm | None:
        """The term chosen, for its standard wording."""
        return picked(self.choices.terms, self.data.get(self.add_prefix("term"), ""))

    @property
    def ladder(self) -> list[Offered]:
        """The wordings that the catalogue has for the term chosen."""
        return offered(self.chosen) if self.chosen else []

    @property
    def is_blank(self) -> bool:
        return not self.data.get(self.add_prefix("term"))

    def term_draft(self) -> TermDraft:
        return TermDraft(self.chosen, self.cleaned_data["value"], self.cleaned_data["text"])
