from decimal import Decimal, InvalidOperation

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation

from revops.frame.forms import DayField, MoneyField, PercentField, parse_number


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("80,000.01", "80000.01"),
        ("80 000.01", "80000.01"),
        ("80.000,01", "80000.01"),
        ("€80,000", "80000"),
        ("EUR 80000", "80000"),
        ("80000 EUR", "80000"),
        ("1'250.50", "1250.50"),
        ("12.5%", "12.5"),
        ("12,5", "12.5"),
        ("1,250", "1250"),
        ("19.99", "19.99"),
        ("-5", "-5"),
        ("−5", "-5"),
        (".5", ".5"),
        ("1,234,567", "1234567"),
    ],
)
def test_a_number_is_read_as_people_write_it(typed, expected):
    assert parse_number(typed) == Decimal(expected)


@pytest.mark.parametrize("typed", ["a lot", "", "1.2.3", "1e5", "NaN", "Infinity", "--1", "1,2,3"])
def test_what_is_no_number_is_refused(typed):
    with pytest.raises(InvalidOperation):
        parse_number(typed)


def test_a_number_that_could_be_two_follows_the_language():
    with translation.override("de"):
        assert parse_number("1.250") == Decimal(1250)


class Form(forms.Form):
    amount = MoneyField(currency="EUR")
    discount = PercentField(required=False, min_value=0, help_text="Off standard.")
    day = DayField(required=False)


def test_money_finer_than_its_minor_unit_is_refused_and_kept():
    form = Form({"amount": "80,000.005"})

    assert "EUR has 2 decimals" in form.errors["amount"][0]
    assert 'value="80,000.005"' in str(form["amount"])


def test_amounts_are_exact():
    form = Form({"amount": "0.10", "discount": "19.99"})

    assert form.is_valid(), form.errors
    assert form.cleaned_data["amount"] == Decimal("0.10")
    assert form.cleaned_data["discount"] == Decimal("19.99")


def test_nothing_is_nothing():
    form = Form({"amount": "0", "discount": ""})

    assert form.is_valid(), form.errors
    assert form.cleaned_data["amount"] == 0
    assert form.cleaned_data["discount"] is None


def test_currency_may_come_with_the_record():
    form = Form({"amount": "1"})
    form.fields["amount"].set_currency("CHF")

    assert "CHF" in str(form["amount"])
    assert "CHF" not in str(Form()["amount"])


def test_field_joins_label_help_and_error():
    form = Form({"discount": "a lot"})

    html = form["discount"].as_field_group()

    assert '<label class="field-label" for="id_discount">' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_discount_helptext id_discount_error"' in html
    assert 'id="id_discount_error"' in html
    assert 'inputmode="decimal"' in html


@pytest.mark.parametrize("typed", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_refused(typed):
    with pytest.raises(ValidationError, match="Give a day"):
        DayField().clean(typed)


class ColourForm(forms.Form):
    colour = forms.ChoiceField(choices=[("", "Any"), ("warm", [("r", "Red & co"), ("o", "<b>")])])


def test_a_select_escapes_what_it_offers_and_marks_what_is_chosen():
    shown = str(ColourForm({"colour": "r"})["colour"])

    assert '<option value="">Any</option>' in shown
    assert '<optgroup label="warm"><option value="r" selected>Red &amp; co</option>' in shown
    assert '<option value="o">&lt;b&gt;</option></optgroup>' in shown
