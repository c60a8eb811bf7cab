"""A policy held against the company as it is: its findings, and its named cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dealdesk.casedefaults import BY_KEY, untouched
from dealdesk.directory import fallbacks_of, person_of
from dealdesk.inputs import RateBook
from dealdesk.models import NonStandardTerm, PolicyCase, PriceList, Product
from dealdesk.policy import Policy, Role, TermCategory
from dealdesk.policycases import (
    Case,
    CaseFacts,
    CaseResult,
    CaseTerm,
    Expected,
    run_cases,
)
from dealdesk.policylint import Known, Lint, lint, unacknowledged
from dealdesk.presets import PRESETS
from dealdesk.resolving import Directory, Person
from revops.company.models import Company
from revops.people.models import Team, User


@dataclass(frozen=True)
class Checked:
    """What was found in a policy, and how each of its cases came out."""

    findings: tuple[Lint, ...]
    results: tuple[CaseResult, ...]

    @property
    def green(self) -> bool:
        """Whether every case came out as expected."""
        return all(result.ok for result in self.results)

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        return tuple(result for result in self.results if not result.ok)

    def stopping(self, acknowledged: Iterable[str]) -> list[Lint]:
        """The errors that nobody has acknowledged."""
        return unacknowledged(self.findings, set(acknowledged))


def check_policy(policy: Policy, *, at: datetime, preset: str = "") -> Checked:
    """Lint a policy against the company as it is now, and run every standing case.

    With the key of a shipped policy the cases nobody has touched expect what that one answers.
    """
    return Checked(
        tuple(lint(policy, known=known_of(policy, at=at))),
        tuple(run_cases(policy, standing_cases(preset))),
    )


def standing_cases(preset: str = "") -> list[Case]:
    """The cases a policy is held against, as they are judged."""
    rows = PolicyCase.objects.standing().select_related("billing").prefetch_related("terms")
    return cases_of(as_shipped(row, preset) for row in rows)


def as_shipped(row: PolicyCase, preset: str) -> PolicyCase:
    if preset in PRESETS and untouched(row):
        row.expected, row.roles = BY_KEY[row.shipped_key].expectation(preset)
    return row


def cases_of(rows: Iterable[PolicyCase]) -> list[Case]:
    """The rows as they are judged."""
    return [
        Case(
            name=row.name,
            facts=CaseFacts(
                discount_percent=row.discount_percent,
                annual_value=row.annual_value,
                months=row.months,
                segment=row.segment,
                region=row.region,
                payment_days=row.payment_days,
                billing_months=row.billing.months_ahead,
                in_arrears=row.billing.in_arrears,
                published_percent=row.published_percent,
                tier_claimed=row.tier_claimed,
                tier_earned=row.tier_earned,
                family=row.family,
                terms=tuple(case_term(term) for term in row.terms.all()),
            ),
            expected=Expected(row.expected),
            roles=frozenset(Role(role) for role in row.roles),
            key=row.pk,
        )
        for row in rows
    ]


def case_term(term: NonStandardTerm) -> CaseTerm:
    return CaseTerm(
        key=term.key,
        category=TermCategory(term.category),
        name=term.name,
        owner_roles=tuple(Role(role) for role in term.owner_roles),
        is_paper=term.is_paper,
    )


def known_of(policy: Policy, *, at: datetime) -> Known:
    """What the company has that a policy may name: people, rates, families, regions, terms."""
    company = Company.get()
    people = list(User.objects.admitted().prefetch_related("role_grants"))
    rates, today = RateBook(company), company.local_day(at)
    currencies = {company.currency, *PriceList.objects.values_list("currency", flat=True)}
    return Known(
        directory=Directory(holders=holders_of(people), fallbacks=fallbacks_of(policy)),
        emails={person.email.lower() for person in people},
        currencies=currencies,
        rates={each for each in currencies if rates.money(each, today).per_company_unit},
        families={*Product.objects.filter(retired_at=None).values_list("family", flat=True)} - {""},
        regions={*Team.objects.values_list("region", flat=True)} - {""},
        terms=set(NonStandardTerm.objects.values_list("key", flat=True)),
    )


def holders_of(people: Iterable[User]) -> dict[Role, tuple[Person, ...]]:
    """Who holds each role that a policy can ask."""
    holders: dict[Role, list[Person]] = {role: [] for role in Role}
    for user in people:
        person = person_of(user)
        for role in person.roles:
            holders[role].append(person)
    return {role: tuple(found) for role, found in holders.items()}
