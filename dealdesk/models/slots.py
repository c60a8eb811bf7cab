"""The people asked in a step, each in one role."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q

from dealdesk.models.steps import ApprovalStep
from revops.addresses import address_of
from revops.people.models import Role

if TYPE_CHECKING:
    from revops.people.models import User


class ApprovalSlotQuerySet(models.QuerySet["ApprovalSlot"]):
    def open(self) -> ApprovalSlotQuerySet:
        return self.filter(state=ApprovalSlot.State.REQUESTED)

    def late(self, at: datetime) -> ApprovalSlotQuerySet:
        """Those past their time; a stopped clock is never late."""
        return self.filter(due_at__lt=at, paused_at=None)

    def numbers(self, at: datetime) -> dict[str, int]:
        """How many there are, and how many of them are late."""
        late = Q(due_at__lt=at, paused_at=None)
        return self.aggregate(all=Count("pk"), late=Count("pk", filter=late))

    def waiting_on(self, user: User) -> ApprovalSlotQuerySet:
        """Open slots of this person: by needed-by day, then due, then the longest wait.

        A request that ended asks nobody any more (`check_integrity`), so an index counts these.
        """
        mine = self.open().filter(person=user)
        return mine.order_by(F("step__request__needed_by").asc(nulls_last=True), "due_at", "pk")

    def coming_to(self, user: User) -> ApprovalSlotQuerySet:
        """Slots of a later step, of which this person is not asked yet: by needed-by day."""
        later = self.filter(person=user, state=ApprovalSlot.State.NOT_YET_REQUESTED)
        return later.order_by(F("step__request__needed_by").asc(nulls_last=True), "pk")

    def coming_after(self, slot: ApprovalSlot) -> ApprovalSlotQuerySet:
        """Those that come after `slot` in the order of what is not asked yet."""
        return self.after_day(slot, Q(pk__gt=slot.pk))

    def later_than(self, slot: ApprovalSlot) -> ApprovalSlotQuerySet:
        """Those that come after `slot` in the order in which they wait."""
        return self.after_day(
            slot, Q(due_at__gt=slot.due_at) | Q(due_at=slot.due_at, pk__gt=slot.pk)
        )

    def after_day(self, slot: ApprovalSlot, later: Q) -> ApprovalSlotQuerySet:
        """Those needed by a later day than `slot`, or by the same one and `later`."""
        needed_by = slot.step.request.needed_by
        here = Q(step__request__needed_by=needed_by)
        if needed_by is None:
            return self.filter(here, later)
        beyond = Q(step__request__needed_by__gt=needed_by) | Q(step__request__needed_by=None)
        return self.filter(beyond | (here & later))


class ApprovalSlot(models.Model):
    """One person asked in one role of a step."""

    class State(models.TextChoices):
        NOT_YET_REQUESTED = "not_yet_requested", "Not yet asked"
        REQUESTED = "requested", "Asked"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        CANCELLED = "cancelled", "Cancelled"
        NOT_REQUIRED = "not_required", "Not needed any more"
        REASSIGNED = "reassigned", "Reassigned"
        CARRIED_FORWARD = "carried_forward", "Carried forward"
        RETURNED = "returned", "Returned for changes"
        BYPASSED = "bypassed", "Bypassed"
        GRANTED = "granted", "Under a standing grant"

    DECIDED = (State.APPROVED, State.REJECTED, State.RETURNED)

    step = models.ForeignKey(ApprovalStep, on_delete=models.PROTECT, related_name="slots")
    role = models.CharField(max_length=20, choices=Role)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="approval_slots",
    )
    substitution = models.CharField(
        max_length=300, blank=True, help_text="Why this person and not the usual one."
    )
    held_as = models.CharField(
        max_length=20,
        blank=True,
        help_text="The role that makes the person eligible; blank: the policy names them.",
    )
    absence = models.ForeignKey(
        "people.Absence",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose absence the person answers in; blank: they answer for themselves.",
    )
    carried_from = models.ForeignKey(
        "Decision",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="carried_to",
    )
    state = models.CharField(max_length=20, choices=State, default=State.REQUESTED)
    hours = models.DecimalField("business hours allowed", max_digits=6, decimal_places=2)
    requested_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when the clock waits for an answer of the rep."
    )
    time_left = models.DurationField(
        "business time left",
        null=True,
        blank=True,
        help_text="What was left of the clock when it stopped.",
    )

    objects = ApprovalSlotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["step", "person"],
                condition=~Q(state="reassigned"),
                name="dealdesk_slot_one_per_person_and_step",
            ),
            models.CheckConstraint(
                condition=~Q(state="requested")
                | Q(requested_at__isnull=False, due_at__isnull=False, closed_at=None),
                name="dealdesk_slot_requested_has_due",
            ),
            models.CheckConstraint(
                condition=Q(paused_at=None, time_left=None)
                | Q(paused_at__isnull=False, time_left__isnull=False),
                name="dealdesk_slot_pause_has_time_left",
            ),
            models.CheckConstraint(
                condition=~Q(state="carried_forward") | Q(carried_from__isnull=False),
                name="dealdesk_slot_carried_has_decision",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["not_yet_requested", "requested"], closed_at=None)
                | ~Q(state__in=["not_yet_requested", "requested"]) & Q(closed_at__isnull=False),
                name="dealdesk_slot_closed_exactly_when_settled",
            ),
        ]
        indexes = [
            models.Index(
                fields=["person", "due_at"],
                condition=Q(state="requested"),
                name="dealdesk_slot_waiting",
            ),
            models.Index(
                fields=["person"],
                condition=Q(state="not_yet_requested"),
                name="dealdesk_slot_coming",
            ),
            models.Index(
                fields=["absence"],
                condition=Q(absence__isnull=False, state__in=["requested", "not_yet_requested"]),
                name="dealdesk_slot_on_behalf",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} as {self.get_role_display()} on {self.step}"

    def get_absolute_url(self) -> str:
        return address_of("dealdesk:approval-detail", self.pk)

    @property
    def is_open(self) -> bool:
        return self.state == self.State.REQUESTED

    @property
    def principal(self) -> User:
        """Whose answer it is: the person's own, or of whom they answer for."""
        return self.absence.person if self.absence else self.person

    def is_late(self, at: datetime) -> bool:
        """Whether the answer is overdue; a stopped clock is never late."""
        due = self.due_at if self.is_open and self.paused_at is None else None
        return due is not None and due < at

    @property
    def topics(self) -> list[str]:
        """What this person judges."""
        return self.step.topics.get(self.role, [])

    @property
    def reasons(self) -> list[str]:
        """Why this person is asked, a sentence each."""
        return self.step.reasons.get(self.role, [])
