"""How money, percentages and moments read: pure, so page, export and mail agree."""

from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django.utils import formats
from django.utils.translation import get_language

# ISO 4217: the currencies whose minor unit is not the hundredth.
MINOR_UNITS = {
    "BIF": 0,
    "CLP": 0,
    "DJF": 0,
    "GNF": 0,
    "ISK": 0,
    "JPY": 0,
    "KMF": 0,
    "KRW": 0,
    "PYG": 0,
    "RWF": 0,
    "UGX": 0,
    "VND": 0,
    "VUV": 0,
    "XAF": 0,
    "XOF": 0,
    "XPF": 0,
    "BHD": 3,
    "IQD": 3,
    "JOD": 3,
    "KWD": 3,
    "LYD": 3,
    "OMR": 3,
    "TND": 3,
}
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
HUNDREDTH = Decimal("0.01")


def minor_unit(currency: str) -> int:
    return MINOR_UNITS.get(currency.upper(), 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Half up to the currency's minor unit, as printed money always is."""
    return amount.quantize(Decimal(1).scaleb(-minor_unit(currency)), ROUND_HALF_UP)


def number_text(value: Decimal, places: int) -> str:
    """Grouped by thousands, in the reader's locale, with a true minus sign."""
    value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{abs(value):,.{places}f}".translate(marks_of(get_language()))
    return f"{MINUS}{text}" if value < 0 else text


@lru_cache(maxsize=64)
def marks_of(language: str | None) -> dict[int, str]:
    """What stands for the comma and the point of a figure in the language that is active."""
    names = {",": "THOUSAND_SEPARATOR", ".": "DECIMAL_SEPARATOR"}
    return {ord(mark): str(formats.get_format(name)) for mark, name in names.items()}


def amount_text(amount: Decimal, currency: str) -> str:
    """The number alone, for columns that name their currency once."""
    return number_text(amount, minor_unit(currency))


def money_text(amount: Decimal, currency: str) -> str:
    return _with_currency(amount_text(amount, currency), currency)


def compact_money_text(amount: Decimal, currency: str) -> str:
    """Three significant figures or so, for cards and axes: €1.25M."""
    for size, suffix in ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k")):
        if abs(amount) >= size:
            scaled = amount / size
            places = 0 if abs(scaled) >= 100 else 1 if abs(scaled) >= 10 else 2
            return _with_currency(_trimmed(number_text(scaled, places)) + suffix, currency)
    return _with_currency(number_text(amount, 0), currency)


def percent_text(value: Decimal) -> str:
    """A number that already counts in hundredths: 12.5 reads 12.5 %."""
    return _trimmed(number_text(value, 2)) + NBSP + "%"


def _with_currency(text: str, currency: str) -> str:
    currency = currency.upper()
    if not currency:
        return text
    sign = SYMBOLS.get(currency, currency + NBSP)
    if formats.get_format("DECIMAL_SEPARATOR") == ",":
        return f"{text}{NBSP}{sign.strip()}"
    if text.startswith(MINUS):
        return f"{MINUS}{sign}{text[1:]}"
    return f"{sign}{text}"


def _trimmed(text: str) -> str:
    point = str(formats.get_format("DECIMAL_SEPARATOR"))
    return text.rstrip("0").rstrip(point) if point in text else text


def day_text(day: date) -> str:
    return f"{day.day} {month_text(day.year, day.month, get_language())}"


@lru_cache(maxsize=1024)
def month_text(year: int, month: int, language: str | None) -> str:
    """A month in the language that is active: lists name the same few for each of their rows."""
    return formats.date_format(date(year, month, 1), "M Y")


def clock_text(at: datetime) -> str:
    return f"{at:%H:%M}"


def exact_text(at: datetime, zone: tzinfo) -> str:
    """The whole truth for the hover: Tue 17 Nov 2026, 16:00 (Europe/Madrid)."""
    local = at.astimezone(zone)
    return f"{formats.date_format(local, 'D')} {day_text(local)}, {clock_text(local)} ({zone})"


def ago_text(at: datetime, now: datetime, zone: tzinfo) -> str:
    """How long since, or until: 5 min ago, in 2 days; a day once that says more."""
    gap = abs(now - at)
    if gap < timedelta(seconds=45):
        return "just now"
    if gap >= timedelta(days=7):
        return day_text(at.astimezone(zone))
    if gap < timedelta(minutes=60):
        length = f"{max(1, round(gap / timedelta(minutes=1)))}{NBSP}min"
    elif gap < timedelta(hours=24):
        length = f"{round(gap / timedelta(hours=1))}{NBSP}h"
    else:
        days = round(gap / timedelta(days=1))
        length = f"{days}{NBSP}day{'' if days == 1 else 's'}"
    return f"{length} ago" if at <= now else f"in {length}"


def when_text(at: datetime, now: datetime, zone: tzinfo, *, clock: bool = True) -> str:
    """A moment as one says it: today 16:00, Tuesday 09:30, 17 Nov 16:00."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    distance = (local.date() - today).days
    if distance in (-1, 0, 1):
        day = {-1: "yesterday", 0: "today", 1: "tomorrow"}[distance]
    elif abs(distance) < 7:
        day = formats.date_format(local, "l")
    elif local.year == today.year:
        day = f"{local.day} {formats.date_format(local, 'M')}"
    else:
        day = day_text(local)
    return f"{day} {clock_text(local)}" if clock else day


def duration_text(length: timedelta) -> str:
    """An elapsed time in its two largest units: 3 d 4 h, 1 h 20 min."""
    minutes = int(length.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        parts = [f"{days}{NBSP}d", f"{hours}{NBSP}h" if hours else ""]
    elif hours:
        parts = [f"{hours}{NBSP}h", f"{minutes}{NBSP}min" if minutes else ""]
    else:
        parts = [f"{minutes}{NBSP}min"]
    return " ".join(part for part in parts if part)
