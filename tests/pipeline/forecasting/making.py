"""Quotas and calls for tests."""

from datetime import date
from decimal import Decimal

from pipeline.operations import call_forecast, set_quota
from tests.factories.people import AT, SYSTEM
from tests.factories.pipeline import new_business

QUARTER = {"starts_on": date(2026, 10, 1), "ends_on": date(2026, 12, 31)}


def make_quota(person, amount=50_000, **facts):
    """A quota of the quarter of the factories' moment."""
    facts = {**QUARTER, "currency": "USD", **facts}
    return set_quota(person=person, amount=Decimal(amount), by=SYSTEM, at=AT, **facts)


def make_call(person, amount=20_000, *, by=SYSTEM, at=AT, **facts):
    """What is called for a person's line in that quarter."""
    facts = {**QUARTER, "currency": "USD", "reason": "Two will slip", **facts}
    facts.setdefault("pipeline", new_business())
    return call_forecast(person=person, amount=Decimal(amount), by=by, at=at, **facts)
