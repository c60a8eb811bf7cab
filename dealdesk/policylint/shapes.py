"""What a finding about a policy looks like, and what it may be held against."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from dealdesk.policy import Policy, PriceTable
from dealdesk.resolving import Directory
from dealdesk.wording import listed


class Severity(StrEnum):
    """An error stops publishing until somebody acknowledges it; a warning is only said."""

    ERROR = "error"
    WARNING = "warning"


class Area(StrEnum):
    """The part of the policy that a finding is about; the code is its section in the editor."""

    PRICES = "prices"
    FLOORS = "floors"
    TERMS = "terms"
    TIMINGS = "timings"
    STRUCTURE = "structure"
    SIZE = "size"
    SEGMENTS = "segments"
    ROLES = "roles"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Lint:
    """One finding. `final` errors cannot be acknowledged: such a policy would mean nothing."""

    key: str
    severity: Severity
    sentence: str
    area: Area
    final: bool = False

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


@dataclass(frozen=True)
class Known:
    """What a company has that a policy may name. None means not known, and nothing is said.

    `rates` are the currencies with an exchange rate that counts today, the company's own too;
    `currencies` those that something is sold in; `emails` of people who may be asked.
    """

    directory: Directory | None = None
    rates: Collection[str] | None = None
    currencies: Collection[str] | None = None
    emails: Collection[str] | None = None
    families: Collection[str] | None = None
    regions: Collection[str] | None = None
    terms: Collection[str] | None = None


NOTHING_KNOWN = Known()


def error(area: Area, key: str, sentence: str, *, final: bool = False) -> Lint:
    return Lint(f"{area}.{key}", Severity.ERROR, sentence, area, final)


def warning(area: Area, key: str, sentence: str) -> Lint:
    return Lint(f"{area}.{key}", Severity.WARNING, sentence, area)


def tables(policy: Policy) -> Iterator[tuple[int, str, PriceTable]]:
    """Every price table with its number and what it is called in a sentence."""
    for number, table in enumerate(policy.prices, 1):
        of = f" for {listed(table.families)}" if table.families else ""
        yield (
            number,
            f"price table {number}{of}" if len(policy.prices) > 1 else "price table",
            table,
        )
