"""Saying to the others who are asked in the same role: I am on it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dealdesk.models import ApprovalSlot, SlotClaim
from dealdesk.operations.decisions import locked_slot
from dealdesk.operations.shared import lock_deal, lock_request
from dealdesk.permissions import check_is_open
from revops.ledger.operations import record
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.refusals import Conflict, NotAllowed


@transaction.atomic(durable=True)
def claim_approval(*, slot: ApprovalSlot, by: Actor, at: datetime) -> SlotClaim:
    """Say that one is on it, or take it over from who was; the others may decide all the same.

    Raises Conflict when it is one's own already, NotAllowed when somebody else is asked here.
    """
    slot = _locked(slot)
    _check_is_own(slot, by=by)
    check_is_open(slot)
    standing = _unreleased(slot)
    if standing is not None and standing.slot_id == slot.pk:
        raise Conflict("You are on it already.", code="already_claimed")
    if standing is not None:
        _end(standing, at=at)
        _tell_former(standing, slot, by=by, at=at)
    claim = SlotClaim.objects.create(step=slot.step, role=slot.role, slot=slot, claimed_at=at)
    request = slot.step.request
    after = {"from": standing.slot.person_id if standing else None}
    related = [request, request.deal]
    record("approval.claimed", slot, by=by, at=at, after=after, related=related)
    return claim


@transaction.atomic(durable=True)
def release_approval(*, slot: ApprovalSlot, by: Actor, at: datetime) -> None:
    """Take back that one is on it. Raises Conflict when one is not."""
    slot = _locked(slot)
    _check_is_own(slot, by=by)
    standing = _unreleased(slot)
    if standing is None or standing.slot_id != slot.pk:
        raise Conflict("You are not on it.", code="not_claimed")
    _end(standing, at=at)
    request = slot.step.request
    record("approval.released", slot, by=by, at=at, after={}, related=[request, request.deal])


def _locked(slot: ApprovalSlot) -> ApprovalSlot:
    deal = lock_deal(slot.step.request.deal_id)
    return locked_slot(slot.pk, lock_request(slot.step.request_id, deal))


def _check_is_own(slot: ApprovalSlot, *, by: Actor) -> None:
    if by.user is None or by.user.pk != slot.person_id:
        raise NotAllowed(f"This approval is {slot.person.name}'s to decide.", code="not_yours")


def _unreleased(slot: ApprovalSlot) -> SlotClaim | None:
    """The claim of this step and role that nobody gave back; the deal's lock guards it."""
    claims = SlotClaim.objects.filter(step=slot.step, role=slot.role, released_at=None)
    return claims.select_related("slot__person").first()


def _end(claim: SlotClaim, *, at: datetime) -> None:
    claim.released_at = at
    claim.save(update_fields=["released_at"])


def _tell_former(was: SlotClaim, slot: ApprovalSlot, *, by: Actor, at: datetime) -> None:
    if not was.slot.is_open:
        return
    notify(
        was.slot.person,
        "approval.taken_over",
        about=slot.step.request,
        dedupe_key=f"claim:{was.pk}",
        at=at,
        context={"deal": slot.step.request.deal.name, "who": by.name},
        link=f"request:{slot.step.request_id}",
    )
