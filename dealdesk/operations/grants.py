"""Lending one's authority within a budget, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from dealdesk import links
from dealdesk.granting import most_that_may_be_given
from dealdesk.inputs import policy_in_force
from dealdesk.models import ApprovalRequest, GrantUse, NonStandardTerm, StandingGrant
from dealdesk.operations.budgets import lock_grant
from dealdesk.operations.covering import invalidate
from dealdesk.operations.ending import end_request, tell_outcome
from dealdesk.operations.shared import lock_deal, lock_request
from dealdesk.permissions import check_can_revoke_grant
from dealdesk.policy import Policy
from pipeline.models import Account
from revops.company.models import Company
from revops.ledger.operations import record
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import Role, Team, User
from revops.refusals import Missing, NotAllowed, Refused


@transaction.atomic(durable=True)
def give_grant(
    *,
    role: str,
    person: User | None = None,
    team: Team | None = None,
    max_discount_percent: Decimal,
    max_uses: int,
    max_amount: Decimal,
    ends_on: date,
    families: Sequence[str] = (),
    segments: Sequence[str] = (),
    terms: Sequence[str] = (),
    accounts: Sequence[Account] = (),
    note: str = "",
    by: Actor,
    at: datetime,
) -> StandingGrant:
    """Lend one's own authority: requests within its scope and budget ask nobody for it.

    Only what one may decide alone is lent, to somebody else, and never for ever. Raises
    NotAllowed or Refused naming everything that is wrong.
    """
    check_may_give(role, by=by)
    assert by.user is not None  # check_may_give has asked
    _, policy = policy_in_force()
    company = Company.get()
    wrong = [
        *_grantee_problems(person, team, by.user),
        *_scope_problems(role, max_discount_percent, terms, policy),
        *_budget_problems(max_uses, max_amount, ends_on, company.local_day(at)),
    ]
    if wrong:
        sentences = " ".join(dict.fromkeys(each.sentence for each in wrong))
        raise Refused(sentences, code="grant_impossible", missing=wrong)
    grant = StandingGrant.objects.create(
        given_by=by.user,
        role=role,
        person=person,
        team=team,
        max_discount_percent=max_discount_percent,
        families=sorted(families),
        segments=sorted(segments),
        terms=sorted(terms),
        max_uses=max_uses,
        max_amount=max_amount,
        currency=company.currency,
        ends_on=ends_on,
        note=note.strip(),
        given_at=at,
    )
    grant.accounts.set(accounts)
    record(
        "grant.given",
        grant,
        by=by,
        at=at,
        after={
            "to": {"person": person.pk} if person else {"team": team.pk if team else None},
            "role": role,
            "max_discount_percent": max_discount_percent,
            "families": grant.families,
            "segments": grant.segments,
            "terms": grant.terms,
            "accounts": [account.pk for account in accounts],
            "max_uses": max_uses,
            "max_amount": max_amount,
            "currency": grant.currency,
            "ends_on": ends_on,
        },
        why=grant.note,
    )
    tell_grantees(grant, "grant.given", by=by, at=at)
    return grant


@transaction.atomic(durable=True)
def revoke_grant(*, grant: StandingGrant, reason: str, by: Actor, at: datetime) -> StandingGrant:
    """Take lent authority back. What rests on it and was not won covers nothing from now on.

    The requests themselves are ended by `end_ungranted`, each in a transaction of its own.
    """
    grant = lock_grant(grant.pk)
    check_can_revoke_grant(grant, by=by)
    if not reason.strip():
        raise Refused("Say why you take it back.", code="reason_missing")
    grant.revoked_at, grant.revoked_by, grant.revoked_why = at, by.user, reason.strip()
    grant.save(update_fields=["revoked_at", "revoked_by", "revoked_why"])
    record(
        "grant.revoked",
        grant,
        by=by,
        at=at,
        after={"used": grant.used_count, "amount": grant.used_amount},
        why=grant.revoked_why,
    )
    tell_grantees(grant, "grant.revoked", by=by, at=at)
    return grant


def end_ungranted(*, at: datetime) -> list[int]:
    """End every request that rests on a grant that was taken back and is not used up."""
    left = GrantUse.objects.filter(
        returned_at=None,
        grant__revoked_at__isnull=False,
        request__status__in=[ApprovalRequest.Status.PENDING, ApprovalRequest.Status.APPROVED],
    )
    found = list(left.order_by("pk").values_list("request", "request__deal", "grant"))
    return [request for request, deal, grant in found if _end(request, deal, grant, at=at)]


@transaction.atomic(durable=True)
def _end(request_id: int, deal_id: int, grant_id: int, *, at: datetime) -> bool:
    deal = lock_deal(deal_id)
    request = lock_request(request_id, deal)
    grant = StandingGrant.objects.select_related("revoked_by").get(pk=grant_id)
    who = grant.revoked_by.name if grant.revoked_by else "its giver"
    why = f"Grant {grant} was taken back by {who}: {grant.revoked_why} Submit the quote again."
    by = Actor.system()
    if request.is_pending:
        status = ApprovalRequest.Status.SUPERSEDED
        end_request(request, status, why=why, by=by, at=at, killed=links.Killed.ENDED)
        tell_outcome(request, by=by, at=at)
        return True
    if request.status == ApprovalRequest.Status.APPROVED:
        invalidate(request, deal, why, by=by, at=at)
        return True
    return False


# What giving asks


def check_may_give(role: str, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` holds the role whose authority is lent."""
    if by.user is None:
        raise NotAllowed("A grant is given by a person.")
    if role not in GIVEN_BY or not by.user.has_role(role):
        raise NotAllowed("Only authority of one's own is lent.")


GIVEN_BY = (Role.SALES_MANAGER, Role.VP_SALES, Role.DEAL_DESK)


def _grantee_problems(person: User | None, team: Team | None, giver: User) -> list[Missing]:
    if (person is None) == (team is None):
        return [Missing("grantee", "To", "Name one person or one team.")]
    if person is not None and person.pk == giver.pk:
        return [Missing("grantee", "To", "Nobody lends authority to themselves.")]
    if person is not None and not person.can_be_mailed:
        return [Missing("grantee", "To", f"{person.name} is not active here.")]
    return []


def _scope_problems(
    role: str, percent: Decimal, terms: Sequence[str], policy: Policy
) -> list[Missing]:
    wrong = []
    most = most_that_may_be_given(role, policy)
    label = Role(role).label
    if percent <= 0 or percent > 100 or (most < 100 and percent >= most):
        said = f"below {most.normalize():f} %" if most < 100 else "up to 100 %"
        sentence = f"{label} decides alone on discounts {said}: no more can be lent."
        wrong.append(Missing("max_discount_percent", "Discount", sentence))
    known = {term.key: term for term in NonStandardTerm.objects.filter(key__in=terms)}
    for key in terms:
        if key not in known:
            wrong.append(Missing("terms", "Terms", f"There is no term “{key}”."))
        elif role not in judges(known[key], policy):
            name = known[key].name
            wrong.append(Missing("terms", "Terms", f"{name} is not {label}'s to decide."))
    return wrong


def judges(term: NonStandardTerm, policy: Policy) -> set[str]:
    """Who is asked about a term of the catalogue."""
    rules = [rule.roles for rule in policy.terms.categories if rule.category.value == term.category]
    asked = {role.value for roles in rules for role in roles}
    return asked | set(term.owner_roles) if policy.terms.owners_too else asked


def _budget_problems(uses: int, amount: Decimal, ends_on: date, today: date) -> list[Missing]:
    wrong = []
    if uses < 1:
        wrong.append(Missing("max_uses", "Requests", "At least one request."))
    if amount <= 0:
        wrong.append(Missing("max_amount", "Discount in all", "An amount above zero."))
    if ends_on < today:
        wrong.append(Missing("ends_on", "Until", "The last day lies ahead."))
    return wrong


# Telling people


def tell_grantees(grant: StandingGrant, event: str, *, by: Actor, at: datetime) -> None:
    """Tell who may use a grant that it was given, or taken back."""
    people = [grant.person] if grant.person else list(sellers_of(grant.team))
    for person in people:
        if person is None or (by.user is not None and person.pk == by.user.pk):
            continue
        notify(
            person,
            event,
            about=grant,
            dedupe_key=f"grant:{grant.pk}:{event}",
            at=at,
            context={
                "grant": str(grant),
                "who": by.name,
                "percent": f"{grant.max_discount_percent.normalize():f} %",
                "uses": grant.max_uses,
                "amount": f"{grant.max_amount:,.2f} {grant.currency}",
                "until": f"{grant.ends_on:%-d %B %Y}",
                "why": grant.revoked_why if event == "grant.revoked" else grant.note,
            },
            link=f"grant:{grant.pk}",
        )


def sellers_of(team: Team | None) -> Sequence[User]:
    return list(User.objects.admitted().filter(team=team).order_by("pk"))
