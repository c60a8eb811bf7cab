"""What people type at the deal desk: a quote as a sheet of rows, a submission, a decision."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from dealdesk.drafts import ConcessionDraft, LineDraft, QuoteDraft, TermDraft, YearDraft
from dealdesk.inputs import QuoteRows
from dealdesk.models import (
    ApprovalRequest,
    BillingFrequency,
    Concession,
    Decision,
    ExceptionRecord,
    NonStandardTerm,
    PaymentTerms,
    Price,
    PriceList,
    Product,
    Quote,
    QuoteLine,
)
from dealdesk.pricing import contract_years
from dealdesk.wordings import Offered, offered, use_wording, with_ladder
from pipeline.models import Segment
from revops.addresses import number_in
from revops.frame.forms import DayField, FigureField, FigureInput, plain_percent
from revops.people.models import User

KEY = re.compile(r"[A-Za-z0-9_-]{1,20}")
MOST_ROWS = 200
MOST_YEARS = 10
NOTHING = QuoteLine.Typed.NOTHING


class CellFigure(FigureInput):
    """A figure in a cell of a table."""

    def __init__(self, label: str, placeholder: str = "", unit: str = "") -> None:
        attrs = {"class": "cell-input", "aria-label": label}
        if placeholder:
            attrs["placeholder"] = placeholder
        super().__init__(attrs, unit=unit)


def cell_select(label: str) -> forms.Select:
    return forms.Select({"class": "cell-input", "aria-label": label})


class WishField(FigureField):
    """A discount or price as it is typed: 25, 25.0, 25,0 % and 1,250.50 are all understood."""

    def to_python(self, value: Any) -> Decimal | None:
        text = str(value or "").strip()
        return super().to_python(plain_percent(text) if text.endswith("%") else text)


# Choices, read once for a page


@dataclass(frozen=True)
class Choices:
    """Everything the selects of one sheet offer."""

    products: list[Product]
    payment_terms: list[PaymentTerms]
    billing: list[BillingFrequency]
    terms: list[NonStandardTerm]
    currencies: list[str]

    @cached_property
    def product_options(self) -> list[tuple[Any, Any]]:
        families: dict[str, list[tuple[Any, Any]]] = {}
        for product in self.products:
            families.setdefault(product.family, []).append((product.pk, product.name))
        if len(families) < 2:
            return [("", "Choose a product"), *(o for rows in families.values() for o in rows)]
        groups = [(name or "Others", rows) for name, rows in families.items()]
        return [("", "Choose a product"), *groups]

    @cached_property
    def term_options(self) -> list[tuple[Any, Any]]:
        groups: dict[str, list[tuple[Any, Any]]] = {}
        for term in self.terms:
            groups.setdefault(term.get_category_display(), []).append((term.pk, term.name))
        return [("", "Choose a term"), *groups.items()]


def choices_for(quote: Quote) -> Choices:
    """What may be chosen on this quote; rows already on it stay, retired or not."""
    priced = Price.objects.effective_on(quote.priced_on).filter(price_list__currency=quote.currency)
    kept = set(quote.lines.values_list("product", flat=True)) if quote.pk else set()
    offered = set(priced.values_list("product", flat=True))
    products = Product.objects.filter(pk__in=offered | kept).order_by("family", "name", "pk")
    terms = with_ladder(NonStandardTerm.objects.order_by("category", "position", "name"))
    asked = set(quote.terms.values_list("term", flat=True)) if quote.pk else set()
    return Choices(
        products=[p for p in products if p.retired_at is None or p.pk in kept],
        payment_terms=standing(PaymentTerms.objects.order_by("net_days"), quote.payment_terms_id),
        billing=standing(BillingFrequency.objects.order_by("pk"), quote.billing_id),
        terms=[t for t in terms if t.retired_at is None or t.pk in asked],
        currencies=sorted({*PriceList.objects.values_list("currency", flat=True), quote.currency}),
    )


def standing(rows: Iterable[Any], kept: int | None) -> list[Any]:
    return [row for row in rows if row.retired_at is None or row.pk == kept]


def picked(rows: Iterable[Any], pk: str) -> Any:
    return next((row for row in rows if str(row.pk) == str(pk)), None)


# The rows of a sheet


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


# The sheet


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


# Asking, deciding, taking back


class SubmitForm(forms.Form):
    why = forms.CharField(
        label="Why does the customer need this?",
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
    )
    in_return = forms.MultipleChoiceField(
        label="What do we get in return?",
        choices=ApprovalRequest.Return.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    in_return_note = forms.CharField(
        label="In words",
        required=False,
        max_length=1000,
        widget=forms.TextInput({"placeholder": "Which reference, how much more volume, …"}),
    )
    needed_by = DayField(label="Answer needed by", required=False)
    needed_cause = forms.CharField(
        label="Because",
        required=False,
        max_length=200,
        widget=forms.TextInput({"placeholder": "Their board meets on that day"}),
    )

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if facts.get("needed_by") and not facts.get("needed_cause"):
            self.add_error("needed_cause", "Say why the answer is needed by then.")
        return facts


class DecisionForm(forms.Form):
    verdict = forms.ChoiceField(choices=Decision.Verdict.choices, required=False)
    conditions = forms.CharField(required=False, max_length=4000, strip=True)
    reason = forms.CharField(required=False, max_length=4000, strip=True)
    digest = forms.CharField(required=False, max_length=64)


class MessageForm(forms.Form):
    """Something said about a request."""

    body = forms.CharField(
        label="Message", max_length=4000, widget=forms.Textarea({"rows": 2}), required=False
    )


class HandOnForm(forms.Form):
    """To whom an approval is handed on, and why."""

    to = forms.ModelChoiceField(User.objects.none(), label="To", empty_label="Choose a colleague")
    reason = forms.CharField(label="Why", max_length=300, widget=forms.TextInput)

    def __init__(self, *args: Any, colleagues: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = colleagues


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(required=False, max_length=4000, widget=forms.Textarea({"rows": 2}))


class ExceptionFilterForm(forms.Form):
    """Filters of the exception report, kept in its address."""

    since = DayField(label="From", required=False)
    until = DayField(label="To", required=False)
    team = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(label="Type", required=False)
    tier = forms.ChoiceField(required=False)
    outcome = forms.ChoiceField(required=False)
    segment = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, choices: Any, tier_label: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = {"team": "All teams", "kind": "All types", "tier": "All tiers"}
        options = {
            "team": [(team.pk, team.name) for team in choices.teams],
            "kind": ExceptionRecord.Kind.choices,
            "tier": [(tier, tier_label(tier)) for tier in choices.tiers],
            "outcome": ExceptionRecord.Outcome.choices,
            "segment": Segment.choices,
        }
        every |= {"outcome": "All outcomes", "segment": "All segments"}
        for name, rows in options.items():
            self.fields[name].choices = [("", every[name]), *rows]

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        since, until = facts.get("since"), facts.get("until")
        if since and until and until < since:
            raise ValidationError("The last day comes after the first.")
        return facts
