"""Fields that read what people type: money with its currency, percentages, days, people."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import formats

from revops.frame.formats import minor_unit

NOISE = re.compile(r"[\s€$£¥'’\u00a0\u202f]|^[A-Za-z]{3}(?=[\s\d])|(?<=[\s\d])[A-Za-z]{3}$")


def parse_number(text: str) -> Decimal:
    """The number in `text` as a person wrote it: 80,000.01, 80 000.01, € 80000, 12.5%.

    Commas group thousands where they stand as such; otherwise the last of comma and point is
    the decimal one. What could mean two numbers is read in the reader's locale.
    """
    bare = NOISE.sub("", text.strip().removesuffix("%")).replace("\N{MINUS SIGN}", "-")
    point = str(formats.get_format("DECIMAL_SEPARATOR"))
    group = "," if point == "." else "."
    if re.fullmatch(rf"-?\d{{1,3}}({re.escape(group)}\d{{3}})+({re.escape(point)}\d*)?", bare):
        bare = bare.replace(group, "")
    elif "," in bare and "." in bare:
        point = "," if bare.rindex(",") > bare.rindex(".") else "."
        bare = bare.replace("." if point == "," else ",", "")
    elif bare.count(",") == 1 and point == ".":
        point = ","
    bare = bare.replace(point, ".")
    if not re.fullmatch(r"-?(\d+\.?\d*|\.\d+)", bare):
        raise InvalidOperation(text)
    return Decimal(bare)


def decimals_of(figure: Decimal) -> int:
    """How many decimals a figure has; by its digits, because a very long one cannot be rounded."""
    exponent = figure.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


class FigureInput(forms.TextInput):
    """A right-aligned figure with what it counts beside it."""

    template_name = "components/widgets/figure.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, unit: str = "") -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})
        self.unit = unit

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["unit"] = self.unit
        return context

    def format_value(self, value: Any) -> str | None:
        return f"{value:f}" if isinstance(value, Decimal) else super().format_value(value)


class FigureField(forms.DecimalField):
    """A decimal number as people type it; what was typed stays on an error."""

    widget = FigureInput

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values or isinstance(value, Decimal):
            return value or None if value in self.empty_values else value
        try:
            return parse_number(str(value))
        except InvalidOperation:
            raise ValidationError("Enter a number, such as 1,250.50.", code="invalid") from None

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # The number input of DecimalField would refuse grouped thousands.
        return {}


class MoneyField(FigureField):
    """An amount in one currency, no finer than its minor unit."""

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 18)
        super().__init__(**kwargs)
        self.set_currency(currency)

    def set_currency(self, currency: str) -> None:
        """The currency is the record's, known when the form is made."""
        self.currency = currency
        self.widget.unit = currency  # type: ignore[attr-defined]

    def validate(self, value: Any) -> None:
        super().validate(value)
        places = minor_unit(self.currency)
        if value is not None and decimals_of(value) > places:
            raise ValidationError(
                f"{self.currency} has {places} decimals; enter no more than that.", code="places"
            )


class MoneyInput(forms.MultiWidget):
    """An amount, and the currency it is in, beside it."""

    template_name = "components/widgets/money.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        code = {"size": 4, "maxlength": 3, "autocapitalize": "characters", "autocomplete": "off"}
        super().__init__(
            {
                "amount": FigureInput({"aria-label": "Amount"}),
                "currency": forms.TextInput({"aria-label": "Currency", **code}),
            },
            {"class": "money-part", **(attrs or {})},
        )

    def decompress(self, value: Any) -> list[Any]:
        given = value if isinstance(value, dict) else {}
        return [given.get("amount"), given.get("currency")]


class HiddenMoneyInput(MoneyInput):
    """What the page showed, carried along."""

    template_name = "django/forms/widgets/multiwidget.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.widgets = [forms.HiddenInput(), forms.HiddenInput()]


class MoneyOfField(forms.MultiValueField):
    """An amount in a currency of its own: {"amount": "1200.50", "currency": "EUR"}, or None."""

    widget = MoneyInput
    hidden_widget = HiddenMoneyInput

    def __init__(self, **kwargs: Any) -> None:
        fields = (
            FigureField(required=False, max_digits=18),
            forms.RegexField(
                r"^[A-Za-z]{3}$",
                required=False,
                error_messages={"invalid": "A currency is three letters, such as EUR."},
            ),
        )
        super().__init__(fields, require_all_fields=False, **kwargs)

    def compress(self, values: list[Any]) -> dict[str, str] | None:
        amount, currency = values or (None, "")
        if amount is None:
            return None
        if not currency:
            raise ValidationError("Say in which currency.", code="currency")
        if decimals_of(amount) > minor_unit(currency.upper()):
            raise ValidationError(
                f"{currency.upper()} has {minor_unit(currency.upper())} decimals.", code="places"
            )
        return {"amount": f"{amount:f}", "currency": currency.upper()}


def plain_percent(text: str) -> str:
    """A percentage less its sign: in "25,0 %" the lone comma is a decimal one, never thousands."""
    bare = text.strip().removesuffix("%").strip()
    if "." not in bare and bare.count(",") == 1:
        bare = bare.replace(",", ".")
    return bare


class PercentField(FigureField):
    """A percentage counted in hundredths, as people type it: 25, 25.0 and 25,0 % are one."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 9)
        super().__init__(**kwargs)
        self.widget.unit = "%"  # type: ignore[attr-defined]

    def to_python(self, value: Any) -> Decimal | None:
        return super().to_python(plain_percent(value) if isinstance(value, str) else value)


class DayInput(forms.DateInput):
    """The browser's own date picker, which speaks ISO."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2200, 12, 31)


class DayField(forms.DateField):
    """A day of a company's life: far enough from the calendar's ends to be reckoned with."""

    widget = DayInput
    default_validators = [
        MinValueValidator(FIRST_DAY, "Give a day from 1900 on."),
        MaxValueValidator(LAST_DAY, "Give a day before 2201."),
    ]


class PersonSelect(forms.Select):
    """A list of people that the script turns into a field one can search by typing."""

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = ()) -> None:
        super().__init__({"data-picker": "person", **(attrs or {})}, choices)


class PersonField(forms.ModelChoiceField):
    """One person out of a queryset of people."""

    widget = PersonSelect

    def label_from_instance(self, obj: Any) -> str:
        return str(getattr(obj, "name", obj))
