"""What no draft of a policy can hold: figures beyond all sense, texts without end, rows twice."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dealdesk.policy import Policy

PERCENT_MOST, MONEY_MOST = Decimal(1000), Decimal("99999999999999.99")
DAYS_MOST = HOURS_MOST = 3650
LONGEST = 40


def out_of_range(policy: Policy) -> list[str]:
    """Return what makes a policy impossible to draft, a sentence each."""
    return [
        *(
            f"{label} {figure(value)} is not a figure from 0 to {most:,} with at most {places} "
            "decimals."
            for label, value, most, places in figures(policy)
            if not fits(value, most, places)
        ),
        *(
            f"{label} “{text[:40]}” has more than {most} letters."
            for label, text, most in texts(policy)
            if len(text) > most
        ),
        *twice("role", (rule.role.value for rule in policy.roles)),
        *twice("category", (rule.category.value for rule in policy.terms.categories)),
        *twice("segment", (band.key for band in policy.segments)),
    ]


def twice(label: str, keys: Iterable[str]) -> list[str]:
    """A sentence for each key that stands there more than once."""
    seen = list(keys)
    again = sorted({key for key in seen if seen.count(key) > 1})
    return [f"The {label} “{key}” stands there twice." for key in again]


def figure(value: Decimal | int) -> str:
    """As people write it; a figure of endless noughts as it was written."""
    if isinstance(value, Decimal) and abs(value.adjusted()) < LONGEST:
        return f"{value:f}"[:LONGEST]
    return str(value)[:LONGEST]


def fits(value: Decimal | int, most: Decimal | int, places: int) -> bool:
    if not isinstance(value, Decimal):
        return 0 <= value <= most
    if not value.is_finite() or not 0 <= value <= most:
        return False
    return value == value.quantize(Decimal(1).scaleb(-places))


Figures = list[tuple[str, Decimal | int, Decimal | int, int]]


def figures(policy: Policy) -> Figures:
    """Every figure with its label, the most it can be, and its decimals."""
    terms, structure = policy.terms, policy.structure
    more = structure.only_with
    found: Figures = [
        ("A band from", band.lower, PERCENT_MOST, 4)
        for table in policy.prices
        for band in table.bands
    ]
    found += [("A floor of", floor.percent, PERCENT_MOST, 4) for floor in policy.floors]
    found += [
        ("The rank of a timing", timing.rank, 10**6, 0)
        for timing in (terms.payment, terms.billing, *(each.timing for each in terms.timings))
    ]
    found += [
        ("The standard term", structure.standard_months, 1200, 0),
        ("The size that asks", policy.size.threshold, MONEY_MOST, 2),
        ("The share of a line", policy.materiality.share_percent, PERCENT_MOST, 4),
        ("The amount of a line", policy.materiality.amount, MONEY_MOST, 2),
        ("The tolerance", policy.tolerance_percent, PERCENT_MOST, 4),
        ("An approval's days", policy.validity_days, DAYS_MOST, 0),
        ("A request's days", policy.pending_days, DAYS_MOST, 0),
        ("The hours of taking back", policy.revoke_hours, HOURS_MOST, 0),
    ]
    if more is not None and more.annual_value_above is not None:
        found.append(("The annual value", more.annual_value_above, MONEY_MOST, 2))
    found += [("A segment from", band.from_heads, 10**9, 0) for band in policy.segments]
    for rule in policy.roles:
        found += [
            (f"The hours of {rule.role.label}", rule.hours, HOURS_MOST, 0),
            (f"The quorum of {rule.role.label}", rule.needed, 1000, 0),
            (f"The share of {rule.role.label}", rule.percent, 100, 0),
        ]
    return found


def texts(policy: Policy) -> list[tuple[str, str, int]]:
    """Every text with its label and how long it can be."""
    terms = policy.terms
    found = [("The name", policy.name, 100), ("The version", policy.version, 100)]
    found += [("The family", name, 100) for table in policy.prices for name in table.families]
    found += [
        ("The standard", timing.label, 100)
        for timing in (terms.payment, terms.billing, *(each.timing for each in terms.timings))
    ]
    found += [("The region", each.region, 60) for each in terms.timings]
    found += [("The segment", each.segment, 50) for each in terms.timings]
    found += [("The term", key, 60) for key in terms.adopted]
    found += [("The segment", band.key, 50) for band in policy.segments]
    found += [("The segment", band.label, 100) for band in policy.segments]
    found += [("The segment", key, 50) for key in policy.structure.enterprise_segments]
    found += [("The segment", policy.structure.unknown_as, 50)]
    return found + [
        ("The address", address, 254)
        for rule in policy.roles
        for address in (rule.fallback, rule.backup)
    ]
