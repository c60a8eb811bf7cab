"""Who pays off what skipped stages are owed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pipeline.models import GateDebt
from pipeline.operations.shared import lock_deal, tell
from pipeline.permissions import can_change, check_can_change
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Refused


@transaction.atomic(durable=True)
def assign_debt(*, debt: GateDebt, owner: User, by: Actor, at: datetime) -> GateDebt:
    """Let somebody else owe one item of a skipped stage; its due day stays.

    Raises Refused when it is paid, or that person may not change the deal and so not pay it.
    """
    deal = lock_deal(debt.deal)
    check_can_change(deal, by=by)
    debt = deal.debts.select_related("owner", "stage").get(pk=debt.pk)
    if debt.paid_at:
        raise Refused("This is paid off already.", code="paid")
    if owner.pk == debt.owner_id:
        raise Refused(f"{owner.name} owes this already.", code="same_owner")
    if not (owner.is_active and can_change(deal, owner)):
        raise Refused(
            f"{owner.name} may not change this deal, and so cannot pay it off. "
            "Put them on the deal team first.",
            code="cannot_pay",
        )
    former, debt.owner = debt.owner_id, owner
    debt.save(update_fields=["owner"])
    record(
        "deal.debt_assigned",
        deal,
        by=by,
        at=at,
        before={"owner": former},
        after={"owner": owner.pk, "item": debt.item_key, "label": debt.label},
    )
    if owner != by.user:
        due = debt.due_on.isoformat() if debt.due_on else ""
        tell(
            [owner],
            "deal.debt_assigned",
            deal,
            key=f"debt:{debt.pk}:{owner.pk}:{at.isoformat()}",
            by=by,
            at=at,
            item=debt.label,
            due=due,
        )
    return debt
