"""What submitting a quote would lead to: who is asked, why, how long, and what would avoid it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from dealdesk.carrying import Carried, Place, carried_forward
from dealdesk.counterfactual import Avoid, what_would_avoid
from dealdesk.directory import directory_of, users_of
from dealdesk.exclusions import excluded_people, with_delegators
from dealdesk.granting import Granted, find_grant
from dealdesk.inputs import QuoteRows, TermsReader, policy_in_force
from dealdesk.models import Decision, PolicyVersion, Quote
from dealdesk.policy import Policy, Role
from dealdesk.pricing import Problem
from dealdesk.resolving import AskedGroup, Resolution, resolve
from dealdesk.routing import Route, evaluate
from dealdesk.terms import Terms
from dealdesk.trades import Trade, trades
from dealdesk.wording import money_text
from pipeline.models import Segment
from revops.company.models import Company
from revops.company.rates import RateMissing, convert
from revops.people.models import User
from revops.worktime.arithmetic import (
    BusinessCalendar,
    add_business_time,
    working_days_label,
)
from revops.worktime.calendars import calendar_of, company_calendar

SPLITTING = timedelta(days=90)


@dataclass(frozen=True)
class PreviewGroup:
    """One role that is asked: the people, by when they should answer, and why."""

    role: Role
    label: str
    people: tuple[User, ...]
    hours: int
    working_days: str
    due_at: datetime
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    carried: Decision | None = None
    granted: Granted | None = None


@dataclass(frozen=True)
class PreviewStep:
    key: str
    name: str
    wave: int
    groups: tuple[PreviewGroup, ...]


@dataclass(frozen=True)
class Preview:
    """Everything that submitting now would lead to. `problems` say why it would be refused."""

    terms: Terms
    route: Route
    steps: tuple[PreviewStep, ...]
    problems: tuple[Problem, ...]
    avoid: tuple[Avoid, ...]
    trades: tuple[Trade, ...]
    stands: tuple[str, ...]
    falls: tuple[str, ...]
    warnings: tuple[str, ...]
    working_days: str
    expected_at: datetime

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def automatic(self) -> bool:
        return self.route.automatic


@dataclass(frozen=True)
class Judgement:
    """A quote judged under the policy in force: what preview shows and submission freezes."""

    version: PolicyVersion
    policy: Policy
    terms: Terms
    route: Route
    resolution: Resolution
    kept: Carried
    excluded: Mapping[int, str]
    granted: Granted | None = None

    @property
    def carried(self) -> Mapping[Place, Decision]:
        """Earlier approvals that stand, by the step and the role that they answer for."""
        return self.kept.standing

    @property
    def granted_places(self) -> frozenset[Place]:
        """The roles that a standing grant answers for."""
        return self.granted.places if self.granted else frozenset()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why it cannot be submitted; a role that is answered already needs nobody."""
        held = {role for _, role in (*self.carried, *self.granted_places)}
        return self.route.problems + tuple(
            refusal for refusal in self.resolution.refusals if refusal.about not in held
        )


def judge(rows: QuoteRows, *, submitter: User | None, at: datetime) -> Judgement:
    """Judge a quote as it would be submitted at that moment."""
    version, policy = policy_in_force()
    reader = TermsReader(policy)
    terms = reader.terms(rows, rate_day=reader.company.local_day(at))
    route = evaluate(policy, terms)
    quote = rows.quote
    excluded = (
        excluded_people(quote, submitter, at)
        if quote.pk
        else with_delegators(fresh_excluded(quote, submitter), at)
    )
    kept = carried_forward(quote, terms, route, excluded, at=at) if quote.pk else Carried()
    return Judgement(
        version=version,
        policy=policy,
        terms=terms,
        route=route,
        resolution=resolve(route, directory_of(quote.deal.owner, policy, at), excluded),
        kept=kept,
        excluded=excluded,
        granted=find_grant(
            quote, terms, route, policy, excluded, kept.standing, submitter=submitter, at=at
        ),
    )


def fresh_excluded(quote: Quote, submitter: User | None) -> dict[int, str]:
    excluded = {quote.deal.owner_id: "owns this deal"}
    if submitter is not None:
        excluded[submitter.pk] = "submitted this quote"
    return excluded


def preview_rows(rows: QuoteRows, *, submitter: User | None, at: datetime) -> Preview:
    """Return what submitting these rows, saved or not, would lead to. Writes nothing."""
    found = judge(rows, submitter=submitter, at=at)
    avoid = (
        ()
        if found.route.problems
        else tuple(what_would_avoid(found.policy, found.terms, found.route))
    )
    steps = tuple(preview_steps(found, at))
    expected = expected_at(steps, at)
    return Preview(
        terms=found.terms,
        route=found.route,
        steps=steps,
        problems=found.problems,
        avoid=avoid,
        trades=trades(found.policy, found.terms, found.route, avoid),
        stands=tuple(stands_words(found, at)),
        falls=tuple(sentence for _, sentence in found.kept.lost),
        warnings=tuple(warnings_of(rows.quote, found.terms, at)),
        working_days=working_days_label(timedelta(hours=open_hours(steps))),
        expected_at=expected,
    )


def stands_words(found: Judgement, at: datetime) -> list[str]:
    """What answers for these terms already: a standing grant, and earlier approvals."""
    words = found.kept.words(found.route, at)
    return [found.granted.sentence, *words] if found.granted else words


def preview_steps(found: Judgement, at: datetime) -> Sequence[PreviewStep]:
    asked = [group for step in found.resolution.steps for group in step.groups]
    users = users_of(person.key for group in asked for person in group.people)
    calendars = calendars_of(users.values())
    return [
        PreviewStep(
            key=step.key,
            name=step.name,
            wave=step.wave,
            groups=tuple(
                preview_group(group, users, calendars, found, step.key, at) for group in step.groups
            ),
        )
        for step in found.resolution.steps
    ]


def calendars_of(people: Iterable[User]) -> dict[int, BusinessCalendar]:
    """The calendar of each person; who shares one and its zone costs one reading."""
    read: dict[tuple[int | None, str], BusinessCalendar] = {}
    found = {}
    for person in people:
        key = (person.calendar_id, person.zone)
        if key not in read:
            read[key] = calendar_of(person)
        found[person.pk] = read[key]
    return found


def preview_group(
    group: AskedGroup,
    users: Mapping[int, User],
    calendars: Mapping[int, BusinessCalendar],
    found: Judgement,
    step: str,
    at: datetime,
) -> PreviewGroup:
    place = (step, group.role.value)
    carried = found.carried.get(place)
    granted = found.granted if place in found.granted_places else None
    answered = carried is not None or granted is not None
    people = tuple(users[person.key] for person in group.people)
    if carried is not None:
        people = (carried.decided_by,)
    elif granted is not None:
        people = (granted.grant.given_by,)
    span = timedelta(hours=group.hours)
    clocks = [calendars[p.pk] for p in people if p.pk in calendars] or [company_calendar()]
    return PreviewGroup(
        role=group.role,
        label=group.role.label,
        people=people,
        hours=0 if answered else group.hours,
        working_days=working_days_label(span),
        due_at=at if answered else min(add_business_time(clock, at, span) for clock in clocks),
        reasons=tuple(reason.sentence for reason in group.reasons),
        notes=() if answered else group.notes,
        carried=carried,
        granted=granted,
    )


def open_hours(steps: Sequence[PreviewStep]) -> int:
    """Business hours until the last answer is due: waves add up, a wave is its slowest group."""
    waves: dict[int, int] = {}
    for step in steps:
        for group in step.groups:
            waves[step.wave] = max(waves.get(step.wave, 0), group.hours)
    return sum(waves.values())


def expected_at(steps: Sequence[PreviewStep], at: datetime) -> datetime:
    """When the last answer is due, waves one after another."""
    waves = sorted({step.wave for step in steps})
    if len(waves) < 2:
        return max((g.due_at for step in steps for g in step.groups), default=at)
    return add_business_time(company_calendar(), at, timedelta(hours=open_hours(steps)))


# Warnings, never approvers


def warnings_of(quote: Quote, terms: Terms, at: datetime) -> Sequence[str]:
    found = []
    if terms.segment.key == Segment.UNKNOWN:
        found.append("The account's head count is not known, so it is judged as an enterprise.")
    if (warning := splitting_warning(quote, terms, at)) is not None:
        found.append(warning)
    return found


def splitting_warning(quote: Quote, terms: Terms, at: datetime) -> str | None:
    """Say when several deals of one account within 90 days add up; nobody is asked for it."""
    account = quote.deal.account
    if account is None:
        return None
    since: date = Company.get().local_day(at) - SPLITTING
    others = (
        Quote.objects.filter(is_primary=True, deal__account=account, priced_on__gte=since)
        .exclude(deal=quote.deal_id)
        .exclude(deal__status="lost")
    )
    company = Company.get()
    total, count = Decimal(0), 0
    for other in others.only("annual_amount", "currency", "priced_on"):
        try:
            total += convert(other.annual_amount, other.currency, other.priced_on, company=company)
            count += 1
        except RateMissing:
            continue
    if not count:
        return None
    own = terms.annual_value
    summed = money_text(Fraction(total) + (own or 0), company.currency)
    return (
        f"{account.name} has {count} more deal{'s' * (count != 1)} within 90 days: "
        f"{summed} a year together with this one."
    )
