"""How the inbox is narrowed down, and who of several people asked is on what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef
from django.utils import timezone

from dealdesk.models import ApprovalSlot, SlotClaim
from dealdesk.models.slots import ApprovalSlotQuerySet

ALL, MINE, UNCLAIMED, DUE, NEEDED = "", "mine", "unclaimed", "due", "needed"
VIEWS = {
    ALL: "All",
    MINE: "I am on it",
    UNCLAIMED: "Nobody is on it",
    DUE: "Due today",
    NEEDED: "Needed this week",
}
SOON = timedelta(days=7)


def view_in(text: str) -> str:
    """The view an address names; all of them for one that does not exist."""
    return text if text in VIEWS else ALL


def narrowed(waiting: ApprovalSlotQuerySet, view: str, at: datetime) -> ApprovalSlotQuerySet:
    """Those of one view, in the order they had. Days are those of the reader's zone."""
    day = timezone.localtime(at).date()
    if view == MINE:
        return waiting.filter(Exists(own_claims()))
    if view == UNCLAIMED:
        return waiting.exclude(Exists(claims_on_role()))
    if view == DUE:
        end = timezone.make_aware(datetime.combine(day + timedelta(days=1), datetime.min.time()))
        return waiting.filter(due_at__lt=end, paused_at=None)
    if view == NEEDED:
        return waiting.filter(step__request__needed_by__lte=day + SOON)
    return waiting


def own_claims():
    return SlotClaim.objects.standing().filter(slot=OuterRef("pk"))


def claims_on_role():
    return SlotClaim.objects.standing().filter(step=OuterRef("step"), role=OuterRef("role"))


@dataclass(frozen=True)
class OnIt:
    """Whether others are asked in the same role of the step, and who said to be on it."""

    is_shared: bool = False
    claim: SlotClaim | None = None
    is_mine: bool = False


def on_them(slots: Sequence[ApprovalSlot]) -> dict[int, OnIt]:
    """For each of these slots who is on it; two queries for all of them."""
    steps = {slot.step_id for slot in slots}
    asked = ApprovalSlot.objects.open().filter(step__in=steps).values("step", "role")
    counts = {(row["step"], row["role"]): row["n"] for row in asked.annotate(n=Count("pk"))}
    claims = SlotClaim.objects.standing().filter(step__in=steps).select_related("slot__person")
    by_role = {(claim.step_id, claim.role): claim for claim in claims.order_by(F("pk"))}
    found = {}
    for slot in slots:
        key = (slot.step_id, slot.role)
        claim = by_role.get(key)
        mine = claim is not None and claim.slot_id == slot.pk
        found[slot.pk] = OnIt(counts.get(key, 0) > 1, claim, mine)
    return found
