from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from revops.frame import formats

NOW = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)  # a Thursday
MADRID = ZoneInfo("Europe/Madrid")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("80000.01", "EUR", "€80,000.01"),
        ("80000.005", "EUR", "€80,000.01"),
        ("80000.004", "USD", "$80,000.00"),
        ("1234.5", "JPY", "¥1,235"),
        ("1234.5", "CHF", "CHF\N{NO-BREAK SPACE}1,234.50"),
        ("1.2345", "KWD", "KWD\N{NO-BREAK SPACE}1.235"),
        ("-12", "EUR", "\N{MINUS SIGN}€12.00"),
        ("0", "EUR", "€0.00"),
        ("5", "", "5.00"),
    ],
)
def test_money_rounds_half_up_to_the_minor_unit(amount, currency, text):
    assert formats.money_text(Decimal(amount), currency) == text


def test_money_follows_the_readers_language():
    with translation.override("de"):
        assert formats.money_text(Decimal("80000.01"), "EUR") == "80.000,01\N{NO-BREAK SPACE}€"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("999", "€999"),
        ("1000", "€1k"),
        ("42500", "€42.5k"),
        ("1250000", "€1.25M"),
        ("412000", "€412k"),
        ("7300000000", "€7.3B"),
        ("-42500", "\N{MINUS SIGN}€42.5k"),
    ],
)
def test_compact_money_keeps_three_figures(amount, text):
    assert formats.compact_money_text(Decimal(amount), "EUR") == text


@pytest.mark.parametrize(
    ("value", "text"), [("25", "25 %"), ("19.99", "19.99 %"), ("12.50", "12.5 %"), ("0", "0 %")]
)
def test_percent_drops_empty_decimals(value, text):
    assert formats.percent_text(Decimal(value)) == text.replace(" ", formats.NBSP)


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=9), "10 Nov 2026"),
        (timedelta(hours=-3), "in 3 h"),
        (timedelta(days=-2), "in 2 days"),
    ],
)
def test_ago(gap, text):
    said = formats.ago_text(NOW - gap, NOW, UTC).replace("\N{NO-BREAK SPACE}", " ")

    assert said == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 19, 15, 0, tzinfo=UTC), "today 16:00"),
        (datetime(2026, 11, 18, 23, 30, tzinfo=UTC), "today 00:30"),
        (datetime(2026, 11, 18, 22, 30, tzinfo=UTC), "yesterday 23:30"),
        (datetime(2026, 11, 20, 8, 0, tzinfo=UTC), "tomorrow 09:00"),
        (datetime(2026, 11, 17, 8, 0, tzinfo=UTC), "Tuesday 09:00"),
        (datetime(2026, 3, 2, 8, 0, tzinfo=UTC), "2 Mar 09:00"),
        (datetime(2025, 3, 2, 8, 0, tzinfo=UTC), "2 Mar 2025 09:00"),
    ],
)
def test_when_is_said_in_the_readers_zone(at, text):
    assert formats.when_text(at, NOW, MADRID) == text


def test_exact_moment_names_the_zone():
    assert formats.exact_text(NOW, MADRID) == "Thu 19 Nov 2026, 16:00 (Europe/Madrid)"


def test_day():
    assert formats.day_text(date(2026, 11, 7)) == "7 Nov 2026"


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(minutes=20), "20 min"),
        (timedelta(hours=1, minutes=20), "1 h 20 min"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_duration_has_its_two_largest_units(length, text):
    assert formats.duration_text(length).replace("\N{NO-BREAK SPACE}", " ") == text
