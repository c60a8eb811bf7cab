"""Which standing grant answers for a quote: its scope, its budget, and what it covers.

Read only. What is found here is asked again, and drawn down, under the lock of the grant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q

from dealdesk.models import Quote, StandingGrant
from dealdesk.policy import Axis, Policy, Role, price_authority
from dealdesk.pricing import exact, rounded
from dealdesk.routing import Route, RouteGroup, Tried
from dealdesk.terms import Terms
from revops.company.models import Company
from revops.people.models import User

Place = tuple[str, str]
CATALOGUE = "terms.catalogue."


@dataclass(frozen=True)
class Granted:
    """A grant that answers for some roles of a route, and what that would take of it."""

    grant: StandingGrant
    places: frozenset[Place]
    amount: Decimal

    @property
    def sentence(self) -> str:
        giver, left = self.grant.given_by.name, self.grant.uses_left - 1
        return f"Under grant {self.grant} of {giver}: {left} more after this."


def find_grant(
    quote: Quote,
    terms: Terms,
    route: Route,
    policy: Policy,
    excluded: Mapping[int, str],
    answered: Collection[Place],
    *,
    submitter: User | None,
    at: datetime,
) -> Granted | None:
    """Return the grant that answers for what is left to ask, the one that ends first.

    Nobody's own authority comes back to them: a grant of the deal's owner, of who submits, or of
    who made these terms worse does not count.
    """
    if submitter is None or route.problems:
        return None
    today = Company.get().local_day(at)
    for grant in held_by(submitter, quote, today):
        if grant.given_by_id in excluded or not has_room(grant, terms):
            continue
        if not in_scope(grant, quote, terms):
            continue
        found = frozenset(places(grant, quote, route, policy, answered))
        if found:
            return Granted(grant, found, amount_of(terms))
    return None


def held_by(person: User, quote: Quote, today: date) -> list[StandingGrant]:
    """Grants to who submits, or to their team, that still stand on this day."""
    theirs = Q(person=person)
    if person.team_id is not None:
        theirs |= Q(team=person.team_id)
    found = StandingGrant.objects.standing().filter(theirs, ends_on__gte=today)
    found = found.select_related("given_by").prefetch_related("given_by__role_grants", "accounts")
    return [grant for grant in found.order_by("ends_on", "pk") if may_still_give(grant)]


def may_still_give(grant: StandingGrant) -> bool:
    """Whether who gave it is still here and in the role in which they gave it."""
    return grant.given_by.is_active and grant.given_by.has_role(grant.role)


def amount_of(terms: Terms) -> Decimal:
    """The discount of a quote in company currency: what it takes of a budget."""
    price = terms.price.blended
    given = max(price.standard - price.net, Fraction(0))
    return rounded(terms.company.convert(given) or Fraction(0), 2)


def has_room(grant: StandingGrant, terms: Terms) -> bool:
    return grant.uses_left > 0 and grant.amount_left >= amount_of(terms)


def in_scope(grant: StandingGrant, quote: Quote, terms: Terms) -> bool:
    """Whether a quote is of the kind a grant was given for."""
    accounts = {account.pk for account in grant.accounts.all()}
    if accounts and quote.deal.account_id not in accounts:
        return False
    if grant.segments and terms.segment.key not in grant.segments:
        return False
    families = {line.family for line in terms.price.lines}
    return not grant.families or families <= set(grant.families)


def places(
    grant: StandingGrant,
    quote: Quote,
    route: Route,
    policy: Policy,
    answered: Collection[Place],
) -> Iterator[Place]:
    """The roles of a route that the grant answers for: each of their reasons lies in its scope."""
    for step in route.steps:
        for group in step.groups:
            place = (step.key, group.role.value)
            if place in answered or not covers_group(grant, route, group, policy):
                continue
            if may_be_asked(grant.given_by, group.role, quote):
                yield place


def may_be_asked(giver: User, role: Role, quote: Quote) -> bool:
    """Whether who lends could be asked in this role: a manager is somebody above the owner.

    Managers of two lines would otherwise let pass what the other's people sell.
    """
    if role is not Role.SALES_MANAGER:
        return True
    return User.objects.above(quote.deal.owner).filter(pk=giver.pk).exists()


def covers_group(grant: StandingGrant, route: Route, group: RouteGroup, policy: Policy) -> bool:
    if not all(within(grant, route, reason) for reason in group.reasons):
        return False
    if group.role.value == grant.role:
        return True
    needed = price_authority(policy, (group.role,))
    for_price = all(reason.axis is Axis.PRICE for reason in group.reasons)
    return for_price and 0 < needed <= authority_of(grant, policy)


def authority_of(grant: StandingGrant, policy: Policy) -> int:
    role = next((role for role in Role if role.value == grant.role), None)
    return price_authority(policy, (role,)) if role is not None else 0


def within(grant: StandingGrant, route: Route, reason: Tried) -> bool:
    """Whether one reason lies in the scope: a discount up to the most, a term that is named."""
    if reason.axis is Axis.PRICE:
        return largest_discount(route) <= exact(grant.max_discount_percent)
    if reason.rule.startswith(CATALOGUE):
        return reason.rule.removeprefix(CATALOGUE) in grant.terms
    return False


def largest_discount(route: Route) -> Fraction:
    """The largest discount on any basis that the policy measured."""
    tried = [Fraction(each.value) for each in route.trace if is_measured(each)]
    return max(tried, default=Fraction(0))


def is_measured(tried: Tried) -> bool:
    if tried.axis is not Axis.PRICE or not tried.roles:
        return False
    try:
        Fraction(tried.value)
    except ValueError:
        return False
    return True


def most_that_may_be_given(role: str, policy: Policy) -> Decimal:
    """The discount up to which a role decides alone: below the next band, 100 at the top."""
    own = next((each for each in Role if each.value == role), None)
    rank = price_authority(policy, (own,)) if own is not None else 0
    if not rank:
        return Decimal(0)
    above = [
        band.lower
        for table in policy.prices
        for band in table.bands
        if price_authority(policy, band.roles) > rank
    ]
    return min(above, default=Decimal(100))
