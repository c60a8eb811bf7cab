"""Who takes part in a deal, on both sides, and what happened between them."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from pipeline.findings import keeping
from pipeline.models import Activity, Contact, Deal, DealContact, DealMember
from pipeline.operations.filling import link
from pipeline.operations.shared import follow_evidence, follow_happenings, lock_deal, tell
from pipeline.permissions import check_can_change, check_can_reassign
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Refused


@transaction.atomic(durable=True)
def link_contact(
    *, deal: Deal, contact: Contact, role: str, by: Actor, at: datetime
) -> DealContact:
    """Give a contact a part in the deal, such as decision maker."""
    deal = lock_deal(deal)
    check_can_change(deal, by=by)
    linked = link(deal, contact, role, by=by, at=at)
    follow_evidence(deal, by=by, at=at)
    return linked


@transaction.atomic(durable=True)
def unlink_contact(*, deal_contact: DealContact, by: Actor, at: datetime) -> Deal:
    """Take a contact's part in the deal away."""
    deal = lock_deal(deal_contact.deal)
    check_can_change(deal, by=by)
    removed, _ = DealContact.objects.filter(pk=deal_contact.pk).delete()
    if not removed:
        raise Refused("This contact is no longer linked.", code="not_linked")
    contact = deal_contact.contact
    before = {"contact": contact.pk, "role": deal_contact.role}
    record("deal.contact_unlinked", deal, by=by, at=at, before=before, related=[contact])
    keeping.refresh(deal, at)
    return deal


@transaction.atomic(durable=True)
def add_member(
    *,
    deal: Deal,
    person: User,
    role: str = "",
    access: str = DealMember.Access.READ,
    until: date | None = None,
    by: Actor,
    at: datetime,
) -> DealMember:
    """Let a colleague see the deal, or work on it, until a day; a second time changes the terms.

    Who may hand the deal over may; an editing member may not let others in.
    """
    deal = lock_deal(deal)
    check_can_reassign(deal, by=by)
    if access not in DealMember.Access.values:
        raise Refused(f"“{access}” is no kind of access.", code="invalid")
    if not person.is_active:
        raise Refused(f"{person.name} is no longer active.", code="invalid")
    member, _ = DealMember.objects.update_or_create(
        deal=deal,
        person=person,
        defaults={"role": role, "access": access, "until": until},
    )
    after = {"person": person.pk, "role": role, "access": access, "until": until}
    entry = record("deal.member_added", deal, by=by, at=at, after=after)
    tell([person], "deal.shared", deal, key=entry.pk, by=by, at=at, access=access)
    return member


@transaction.atomic(durable=True)
def remove_member(*, member: DealMember, by: Actor, at: datetime) -> Deal:
    """Take a colleague off the deal."""
    deal = lock_deal(member.deal)
    check_can_reassign(deal, by=by)
    removed, _ = DealMember.objects.filter(pk=member.pk).delete()
    if not removed:
        raise Refused("This person is no longer on the deal's team.", code="not_a_member")
    before = {"person": member.person_id, "access": member.access}
    record("deal.member_removed", deal, by=by, at=at, before=before)
    return deal


@transaction.atomic(durable=True)
def log_activity(
    *,
    deal: Deal,
    kind: str,
    side: str,
    body: str = "",
    happened_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> Activity:
    """Write down a note, call, meeting or mail; one from the buyer resets the buyer's clock.

    Raises Refused when it lies in the future: what is planned is the next step.
    """
    deal = lock_deal(deal)
    check_can_change(deal, by=by)
    moment = happened_at or at
    check_activity(kind, side, body, moment, at=at)
    activity = Activity.objects.create(
        deal=deal,
        kind=kind,
        side=side,
        happened_at=moment,
        body=body.strip(),
        logged_by=by.user,
        logged_at=at,
    )
    if side == Activity.Side.BUYER and (not deal.buyer_acted_at or moment > deal.buyer_acted_at):
        deal.buyer_acted_at = moment
        deal.save(update_fields=["buyer_acted_at"])
    after = {"activity": activity.pk, "kind": kind, "side": side, "happened_at": moment}
    record("deal.activity_logged", deal, by=by, at=at, after=after)
    follow_happenings(deal, by=by, at=at)
    return activity


def check_activity(kind: str, side: str, body: str, moment: datetime, *, at: datetime) -> None:
    if kind not in Activity.Kind.values:
        raise Refused(f"“{kind}” is no kind of activity.", code="invalid")
    if side not in Activity.Side.values:
        raise Refused("Say whether it came from the buyer or from us.", code="invalid")
    if kind == Activity.Kind.NOTE and not body.strip():
        raise Refused("An empty note says nothing.", code="invalid")
    if moment > at:
        raise Refused("This lies in the future. Plan it as the next step.", code="invalid")
