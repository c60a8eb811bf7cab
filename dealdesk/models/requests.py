"""Approval requests: one row an attempt, its steps, the people asked and what they decided."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q
from django.urls import reverse
from django_fsm import FSMField, transition

from dealdesk.models.policies import PolicyVersion
from dealdesk.models.quotes import Quote, TermsSnapshot
from pipeline.models import Deal
from pipeline.models.visibility import of_visible_deals
from revops.addresses import address_of
from revops.models import ProtectedStateMixin
from revops.people.models import Role

if TYPE_CHECKING:
    from revops.people.models import User


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    def pending(self) -> ApprovalRequestQuerySet:
        return self.filter(status=ApprovalRequest.Status.PENDING)

    def visible_to(self, user: User) -> ApprovalRequestQuerySet:
        return self.filter(of_visible_deals(user))


class ApprovalRequest(ProtectedStateMixin):
    """One attempt to have the terms of a quote approved."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        RETURNED = "returned", "Returned"
        RECALLED = "recalled", "Recalled"
        EXPIRED = "expired", "Expired"
        SUPERSEDED = "superseded", "Superseded"
        CONSUMED = "consumed", "Used for the win"
        LAPSED = "lapsed", "Lapsed"
        INVALIDATED = "invalidated", "No longer covers the deal"
        REVOKED = "revoked", "Revoked"

    class Return(models.TextChoices):
        LONGER_TERM = "longer_term", "A longer term"
        PREPAYMENT = "prepayment", "Prepayment"
        VOLUME = "volume", "More volume"
        REFERENCE = "reference", "A reference"
        NOTHING = "nothing", "Nothing"

    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, related_name="requests")
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="approval_requests")
    attempt = models.PositiveSmallIntegerField()
    snapshot = models.OneToOneField(TermsSnapshot, on_delete=models.PROTECT, related_name="request")
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="requests")
    route = models.JSONField(help_text="dealdesk.routing.Route as it was evaluated, with trace.")
    route_key = models.CharField(max_length=120, help_text='"automatic" or roles joined by "+".')
    is_automatic = models.BooleanField(default=False)

    why = models.TextField(blank=True)
    in_return = models.JSONField(default=list, blank=True)
    in_return_note = models.TextField(blank=True)
    needed_by = models.DateField(null=True, blank=True)
    needed_cause = models.CharField(max_length=200, blank=True)

    status = FSMField(max_length=12, choices=Status.choices, default=Status.PENDING, protected=True)
    ended_reason = models.TextField(blank=True)
    origin = models.CharField(max_length=10, choices=Deal.Origin, default=Deal.Origin.APP)
    submitted_at = models.DateTimeField()
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="approval_requests",
    )
    expires_at = models.DateTimeField(help_text="A pending request ends here by itself.")
    decided_at = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(
        null=True, blank=True, help_text="An approval is good for issuing until here."
    )
    consumed_at = models.DateTimeField(null=True, blank=True)
    bypassed_at = models.DateTimeField(null=True, blank=True)
    bypassed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who let it pass without its approvers.",
    )

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "attempt"], name="dealdesk_request_one_per_attempt"
            ),
            models.UniqueConstraint(
                fields=["quote"],
                condition=Q(status="pending"),
                name="dealdesk_request_one_pending_per_quote",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "pending",
                        "approved",
                        "rejected",
                        "returned",
                        "recalled",
                        "expired",
                        "superseded",
                        "consumed",
                        "lapsed",
                        "invalidated",
                        "revoked",
                    ]
                ),
                name="dealdesk_request_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", decided_at=None)
                | (~Q(status="pending") & Q(decided_at__isnull=False)),
                name="dealdesk_request_decided_exactly_when_ended",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "consumed", "lapsed"])
                | Q(valid_until__isnull=False),
                name="dealdesk_request_approved_has_valid_until",
            ),
            models.CheckConstraint(
                condition=Q(status="consumed", consumed_at__isnull=False)
                | (~Q(status="consumed") & Q(consumed_at=None)),
                name="dealdesk_request_consumed_has_when",
            ),
            models.CheckConstraint(
                condition=Q(bypassed_at=None, bypassed_by=None)
                | Q(bypassed_at__isnull=False, bypassed_by__isnull=False) & ~Q(ended_reason=""),
                name="dealdesk_request_bypass_has_who_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(needed_by=None, needed_cause="")
                | (Q(needed_by__isnull=False) & ~Q(needed_cause="")),
                name="dealdesk_request_needed_by_has_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["deal", "-attempt"], name="dealdesk_request_of_deal"),
            models.Index(
                fields=["expires_at"],
                condition=Q(status="pending"),
                name="dealdesk_request_expiring",
            ),
            models.Index(
                fields=["valid_until"],
                condition=Q(status="approved"),
                name="dealdesk_request_lapsing",
            ),
            models.Index(fields=["submitted_at", "id"], name="dealdesk_request_submitted"),
            models.Index(fields=["route_key", "-decided_at"], name="dealdesk_request_of_route"),
            models.Index(
                fields=["-bypassed_at", "-id"],
                condition=Q(bypassed_at__isnull=False),
                name="dealdesk_request_let_pass",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.attempt} on {self.quote}"

    def get_absolute_url(self) -> str:
        return reverse("dealdesk:request-detail", args=[self.pk])

    @property
    def is_pending(self) -> bool:
        return self.status == self.Status.PENDING

    @transition(field=status, source=Status.PENDING, target=Status.APPROVED)
    def mark_approved(self) -> None:
        """Every step said yes."""

    @transition(field=status, source=Status.PENDING, target=Status.APPROVED)
    def mark_bypassed(self) -> None:
        """An administrator let it pass; nobody who was asked has approved it."""

    @transition(field=status, source=Status.PENDING, target=Status.REJECTED)
    def mark_rejected(self) -> None:
        """One decider said no."""

    @transition(field=status, source=Status.PENDING, target=Status.RETURNED)
    def mark_returned(self) -> None:
        """One decider wants changes before they decide."""

    @transition(field=status, source=Status.PENDING, target=Status.RECALLED)
    def mark_recalled(self) -> None:
        """The submitter took it back."""

    @transition(field=status, source=Status.PENDING, target=Status.EXPIRED)
    def mark_expired(self) -> None:
        """Nobody decided in time; not a rejection."""

    @transition(field=status, source=Status.PENDING, target=Status.SUPERSEDED)
    def mark_superseded(self) -> None:
        """A later revision was submitted in its place."""

    @transition(field=status, source=Status.APPROVED, target=Status.CONSUMED)
    def mark_consumed(self) -> None:
        """The deal was won on these terms."""

    @transition(field=status, source=Status.APPROVED, target=Status.LAPSED)
    def mark_lapsed(self) -> None:
        """Its time for issuing is over, and it was not used."""

    @transition(field=status, source=Status.APPROVED, target=Status.INVALIDATED)
    def mark_invalidated(self) -> None:
        """The deal moved to terms this approval does not cover."""

    @transition(field=status, source=[Status.PENDING, Status.APPROVED], target=Status.REVOKED)
    def mark_revoked(self) -> None:
        """Its decider took the decision back in time."""


class ApprovalStep(models.Model):
    """One thing that must be agreed: by whom, on which topics, how many of them."""

    class State(models.TextChoices):
        NOT_YET_REQUESTED = "not_yet_requested", "Not yet asked"
        REQUESTED = "requested", "Asked"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        CANCELLED = "cancelled", "Cancelled"
        CARRIED_FORWARD = "carried_forward", "Carried forward"
        BYPASSED = "bypassed", "Bypassed"

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    wave = models.PositiveSmallIntegerField(default=1)
    key = models.CharField(max_length=80, help_text='Its roles, such as "finance+legal".')
    name = models.CharField(max_length=100)
    mode = models.CharField(max_length=20, default="first_response")
    groups = models.JSONField(help_text="How many of each role must agree: {role: k}.")
    topics = models.JSONField(default=dict, help_text="Topics each role judges: {role: [...]}.")
    reasons = models.JSONField(
        default=dict, help_text="Why each role is asked: {role: [sentence]}."
    )
    state = models.CharField(max_length=20, choices=State, default=State.REQUESTED)
    settled_at = models.DateTimeField(null=True, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who asked for this step beside what the policy asks.",
    )
    added_why = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "position"], name="dealdesk_step_one_per_position"
            ),
            models.CheckConstraint(
                condition=Q(added_by=None, added_why="")
                | Q(added_by__isnull=False) & ~Q(added_why=""),
                name="dealdesk_step_added_has_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["not_yet_requested", "requested"], settled_at=None)
                | ~Q(state__in=["not_yet_requested", "requested"]) & Q(settled_at__isnull=False),
                name="dealdesk_step_settled_has_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.request}"


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


class Decision(models.Model):
    """What one person decided on one slot, and on exactly which terms. Never changes."""

    class Verdict(models.TextChoices):
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        RETURNED = "returned", "Returned for changes"

    slot = models.OneToOneField(ApprovalSlot, on_delete=models.PROTECT, related_name="decision")
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.TextField(blank=True)
    terms_digest = models.CharField(max_length=64)
    topics = models.JSONField(help_text="Digest of each topic judged: {topic: digest}.")
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions"
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    via = models.CharField(max_length=10)
    ip = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(verdict__in=["rejected", "returned"]) | ~Q(reason=""),
                name="dealdesk_decision_rejection_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["approved", "rejected", "returned"]),
                name="dealdesk_decision_verdict_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["decided_by", "-decided_at"], name="dealdesk_decision_by"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.decided_by}"


class DecisionRevocation(models.Model):
    """A decision taken back by its author in time. The decision itself stays as it was."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="revocation")
    reason = models.TextField()
    revoked_at = models.DateTimeField()
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    via = models.CharField(max_length=10)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="dealdesk_revocation_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.decision} taken back"


class ApprovalLink(models.Model):
    """A personal link to one slot. The row holds a nonce and a hash; the token is derived."""

    slot = models.ForeignKey(ApprovalSlot, on_delete=models.PROTECT, related_name="links")
    nonce = models.CharField(max_length=64, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    credential = models.CharField(
        max_length=16,
        blank=True,
        help_text="Marks the person's password: changing it ends the link.",
    )
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    first_opened_at = models.DateTimeField(null=True, blank=True)
    retyped_at = models.DateTimeField(
        null=True, blank=True, help_text="When its holder typed the discount, where that is asked."
    )
    mistyped = models.PositiveSmallIntegerField(
        default=0, help_text="How often the discount was typed wrongly."
    )
    consumed_at = models.DateTimeField(null=True, blank=True)
    killed_at = models.DateTimeField(null=True, blank=True)
    killed_why = models.CharField(max_length=30, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(killed_at=None, consumed_at=None),
                name="dealdesk_link_one_live_per_slot",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")),
                name="dealdesk_link_expires_after_issue",
            ),
            models.CheckConstraint(
                condition=Q(killed_at=None, killed_why="")
                | Q(killed_at__isnull=False) & ~Q(killed_why=""),
                name="dealdesk_link_kill_has_why",
            ),
        ]

    def __str__(self) -> str:
        return f"link to {self.slot}"
