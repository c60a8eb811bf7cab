"""Drawing a standing grant down and giving back, under the lock of its row.

The deal is locked first, then the grant: two submissions on two deals meet at the grant and the
second sees what the first took. The caller has the transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from dealdesk.granting import Granted, has_room, may_still_give
from dealdesk.inputs import QuoteRows
from dealdesk.models import ApprovalRequest, GrantUse, StandingGrant
from dealdesk.previewing import Judgement, judge
from revops.company.models import Company
from revops.ledger.operations import record
from revops.outbox.operations import notify
from revops.people.actor import Actor

TRIES = 3


def lock_grant(number: int) -> StandingGrant:
    found = StandingGrant.objects.select_for_update(of=("self",)).select_related("given_by")
    return found.get(pk=number)


def secured(rows: QuoteRows, found: Judgement, *, by: Actor, at: datetime) -> Judgement:
    """Hold the grant that answers for a quote, or another; without any, people are asked."""
    for _ in range(TRIES):
        if found.granted is None:
            return found
        grant = lock_grant(found.granted.grant.pk)
        if is_good(grant, found, at):
            return replace(found, granted=replace(found.granted, grant=grant))
        found = judge(rows, submitter=by.user, at=at)
    return replace(found, granted=None)


def is_good(grant: StandingGrant, found: Judgement, at: datetime) -> bool:
    stands = grant.revoked_at is None and grant.ends_on >= Company.get().local_day(at)
    return stands and may_still_give(grant) and has_room(grant, found.terms)


def draw(granted: Granted, request: ApprovalRequest, *, by: Actor, at: datetime) -> GrantUse:
    """Take what a request needs out of a locked grant; its giver is told."""
    grant = granted.grant
    # Superseding the last revision may have given back to this very row since it was read.
    grant.refresh_from_db(fields=["used_count", "used_amount"])
    use = GrantUse.objects.create(grant=grant, request=request, amount=granted.amount, drawn_at=at)
    _count(grant, 1, granted.amount)
    record(
        "grant.used",
        grant,
        by=by,
        at=at,
        after={"request": request.pk, "amount": granted.amount, "uses_left": grant.uses_left},
        related=[request.deal, request],
    )
    notify(
        grant.given_by,
        "grant.used",
        about=grant,
        dedupe_key=f"use:{use.pk}",
        at=at,
        context={
            "grant": str(grant),
            "deal": request.deal.name,
            "who": by.name,
            "amount": f"{granted.amount:,.2f} {grant.currency}",
            "uses_left": grant.uses_left,
            "amount_left": f"{grant.amount_left:,.2f} {grant.currency}",
        },
        link=f"request:{request.pk}",
    )
    return use


def give_back(request: ApprovalRequest, *, why: str, by: Actor, at: datetime) -> None:
    """Give back what a request took of a grant and did not use, if it took anything."""
    use = GrantUse.objects.filter(request=request, returned_at=None).first()
    if use is None:
        return
    grant = lock_grant(use.grant_id)
    use.returned_at, use.returned_why = at, why
    use.save(update_fields=["returned_at", "returned_why"])
    _count(grant, -1, -use.amount)
    record(
        "grant.returned",
        grant,
        by=by,
        at=at,
        after={"request": request.pk, "amount": use.amount, "uses_left": grant.uses_left},
        why=why,
        related=[request.deal, request],
    )


def _count(grant: StandingGrant, uses: int, amount: Decimal) -> None:
    grant.used_count += uses
    grant.used_amount += amount
    grant.save(update_fields=["used_count", "used_amount"])
