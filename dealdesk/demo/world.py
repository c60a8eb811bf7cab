"""What the inventing of deals needs to know, as plain values that another process can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dealdesk import terms
from dealdesk.policy import Policy
from dealdesk.resolving import Directory
from pipeline.stages import Process
from revops.worktime.arithmetic import BusinessCalendar

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

DEALS_IN_A_CHUNK = 2500
DEALS_OF_AN_ACCOUNT = 8

# How many numbers each chunk may use, for each of its deals.
STRIDE = {
    "account": 1,
    "contact": 2,
    "deal": 1,
    "activity": 4,
    "task": 1,
    "quote": 3,
    "line": 9,
    "snapshot": 2,
    "request": 2,
    "step": 6,
    "slot": 14,
    "decision": 8,
    "exception": 12,
    "entry": 60,
}


@dataclass(frozen=True)
class Seller:
    """A rep with the people above them."""

    id: int
    manager_id: int | None
    team_id: int | None
    directory: Directory


@dataclass(frozen=True)
class World:
    """The company into which deals are invented."""

    seed: int
    at: datetime
    zone: ZoneInfo
    currency: str
    policy: Policy
    policy_id: int
    policy_number: int
    policy_digest: str
    process: Process
    sellers: tuple[Seller, ...]
    calendars: Mapping[int, BusinessCalendar]
    office_hours: BusinessCalendar
    service: tuple[int, ...]
    products: Mapping[str, int]
    payments: Mapping[str, int]
    billings: Mapping[str, int]
    catalogue: Mapping[str, int]
    rates: Mapping[str, tuple[tuple[date, Decimal], ...]]
    first: Mapping[str, int] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.day(self.at)

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def money(self, currency: str, day: date) -> terms.CompanyMoney:
        """The rate that counted on a day, as submission freezes it."""
        if currency == self.currency:
            return terms.CompanyMoney(self.currency)
        for valid_from, rate in reversed(self.rates[currency]):
            if valid_from <= day:
                return terms.CompanyMoney(
                    self.currency, per_company_unit=rate, rate_date=valid_from
                )
        raise LookupError(f"No rate of {currency} on {day}.")

    def first_of(self, kind: str, chunk: int) -> int:
        """The first number that a chunk may give to records of one kind."""
        return self.first[kind] + chunk * STRIDE[kind] * DEALS_IN_A_CHUNK
