"""Noting that the person of a slot had the terms before them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dealdesk.models import ApprovalOpening, ApprovalSlot
from revops.people.actor import Actor


@transaction.atomic(durable=True)
def note_opening(*, slot: ApprovalSlot, by: Actor, at: datetime) -> None:
    """Keep when a slot's own person first opened it, signed in; every later time changes nothing.

    A mail's link is never noted: a scanner that opens it is not a person who reads.
    """
    opening = ApprovalOpening(slot=slot, opened_at=at, via=by.via)
    ApprovalOpening.objects.bulk_create([opening], ignore_conflicts=True)
