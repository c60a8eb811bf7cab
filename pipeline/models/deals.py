"""Deals, who works on them, and what happened with the buyer."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_fsm import FSMField, transition

from pipeline.models.accounts import Account, Contact, Segment
from pipeline.models.process import Pipeline, Stage, StageRule
from pipeline.searching import holding_words
from revops.addresses import address_of
from revops.models import ProtectedStateMixin, Versioned

if TYPE_CHECKING:
    from revops.people.models import User


class DealQuerySet(models.QuerySet["Deal"]):
    def open(self) -> DealQuerySet:
        return self.filter(status=Deal.Status.OPEN)

    def visible_to(self, user: User) -> DealQuerySet:
        """The deals this person may see."""
        from pipeline.models.visibility import deals_visible_to

        return self.filter(deals_visible_to(user))

    def matching(self, text: str) -> DealQuerySet:
        """Deals whose name or account contains every word of `text`."""
        return self.filter(holding_words(self, text))


GROUPED = (
    "id",
    "pipeline",
    "status",
    "owner",
    "closed_owner",
    "closed_team",
    "deal_source",
    "product",
    "competitor",
    "currency",
    "amount",
)
"""What reports add deals up by, so that an index alone answers them."""


JUDGED = (
    "pipeline",
    "stage",
    "entered_stage_at",
    "close_date",
    "created_at",
    "buyer_acted_at",
    "push_count",
    "reviewed_pushes",
    "next_step",
    "missing_count",
    "decision_maker_known",
    "debt_due_on",
    "skipped_at",
    "approval_ends_at",
    "approval_voided",
    "amount",
    "currency",
)
"""What findings of an open deal are judged by and added up, beside whose it is."""


class Deal(ProtectedStateMixin, Versioned):
    """One sale we try to make to one account."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    class Origin(models.TextChoices):
        APP = "app", "Entered here"
        API = "api", "API"
        IMPORT = "import", "Imported"

    name = models.CharField(max_length=200)
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.PROTECT, related_name="deals"
    )
    # Pipeline, stage and owner each begin an index below, so need none of their own.
    pipeline = models.ForeignKey(
        Pipeline, on_delete=models.PROTECT, related_name="deals", db_index=False
    )
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="deals", db_index=False)
    status = FSMField(max_length=10, choices=Status.choices, default=Status.OPEN, protected=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deals", db_index=False
    )

    amount = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    close_date = models.DateField("expected close date", null=True, blank=True)
    close_date_waived = models.BooleanField(
        default=False,
        editable=False,
        help_text="Started without one, as the company's setting allows.",
    )
    closed_on = models.DateField(null=True, blank=True)
    opened_on = models.DateField(null=True, blank=True, help_text="Empty where unknown.")
    entered_stage_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty where the stage history is unknown."
    )
    buyer_acted_at = models.DateTimeField(null=True, blank=True)
    push_count = models.PositiveSmallIntegerField(default=0)

    deal_source = models.CharField("source", max_length=50, blank=True)
    fit_score = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    pain_points = models.TextField(blank=True)
    current_solution = models.TextField(blank=True)
    timeline = models.TextField(blank=True)
    technical_requirements = models.TextField(blank=True)
    stakeholder_map = models.TextField(blank=True)
    redlines = models.TextField(blank=True)
    contract_reference = models.CharField(
        "signed contract",
        max_length=300,
        blank=True,
        help_text="Where the signed contract is kept, when it is not attached.",
    )
    next_step = models.CharField(max_length=200, blank=True)
    next_step_date = models.DateField(null=True, blank=True)
    loss_reason = models.CharField(max_length=50, blank=True)
    loss_note = models.TextField(blank=True)
    competitor = models.CharField(max_length=200, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    product = models.CharField(
        "main product",
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Where a quote is primary, the product with the largest share of it.",
    )
    forecast_category = models.CharField(
        max_length=10,
        choices=StageRule.ForecastCategory,
        blank=True,
        default="",
        db_default="",
        help_text="Empty where the deal is forecast as its stage is.",
    )

    # Kept by every change, so that findings can be asked of all deals at once.
    missing_count = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text="What the present stage asks and the deal lacks; empty where not yet counted.",
    )
    decision_maker_known = models.BooleanField(default=False, db_default=False, editable=False)
    debt_due_on = models.DateField(
        null=True, blank=True, editable=False, help_text="When the earliest unpaid debt is due."
    )
    skipped_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When the deal last jumped over stages that it has not been in since.",
    )
    reviewed_pushes = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="How many pushes the last forecast review has seen.",
    )
    approval_ends_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="From when no approval covers the deal, as the app that approves says.",
    )
    approval_voided = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="The approval ended because terms changed or its decider took it back.",
    )

    # Stamped when the deal closes, so that a later reorganisation rewrites no report.
    closed_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    closed_team = models.ForeignKey(
        "people.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_segment = models.CharField(max_length=20, choices=Segment, blank=True)

    origin = models.CharField(max_length=10, choices=Origin, default=Origin.APP)
    source = models.CharField("source system", max_length=50, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    source_values = models.JSONField(
        default=dict,
        blank=True,
        help_text="Last values the source system gave, by field.",
    )
    created_at = models.DateTimeField()
    search_text = models.CharField(max_length=500, blank=True, editable=False)

    objects = DealQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="pipeline_deal_one_per_external_id",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "won", "lost"]),
                name="pipeline_deal_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_on=None)
                | (~Q(status="open") & Q(closed_on__isnull=False)),
                name="pipeline_deal_closed_on_exactly_when_closed",
            ),
            models.CheckConstraint(
                condition=~Q(status="open")
                | Q(close_date__isnull=False)
                | Q(close_date_waived=True)
                | Q(origin="import"),
                name="pipeline_deal_open_has_close_date",
            ),
            models.CheckConstraint(
                condition=~Q(status="lost") | ~Q(loss_reason="") | Q(origin="import"),
                name="pipeline_deal_lost_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False) | Q(origin__in=["import", "api"]),
                name="pipeline_deal_has_account",
            ),
            models.CheckConstraint(
                condition=Q(fit_score=None) | Q(fit_score__lte=100),
                name="pipeline_deal_fit_score_at_most_100",
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gte=0),
                name="pipeline_deal_amount_not_negative",
            ),
        ]
        indexes = [
            # The board reads each column newest first, and by owner for the rep's own board.
            models.Index(
                fields=["pipeline", "stage", "-entered_stage_at", "-id"],
                name="pipeline_deal_board",
            ),
            models.Index(
                fields=["owner", "stage", "-entered_stage_at", "-id"],
                name="pipeline_deal_owner_board",
            ),
            # The list: what a person starts with, one stage, and everything.
            models.Index(
                fields=["owner", "status", "close_date", "id"],
                name="pipeline_deal_owner_list",
            ),
            models.Index(fields=["stage", "close_date", "id"], name="pipeline_deal_stage_list"),
            models.Index(fields=["status", "close_date", "id"], name="pipeline_deal_close_date"),
            models.Index(fields=["status", "amount", "id"], name="pipeline_deal_amount"),
            # The list sorts by these also where no status is asked.
            models.Index(fields=["close_date", "id"], name="pipeline_deal_any_close_date"),
            models.Index(fields=["amount", "id"], name="pipeline_deal_any_amount"),
            models.Index(fields=["created_at", "id"], name="pipeline_deal_created"),
            models.Index(fields=["search_text", "id"], name="pipeline_deal_name"),
            models.Index(fields=["closed_on", "id"], name="pipeline_deal_closed_on"),
            # The list of what was won or lost: by closing day, or of a period by close date.
            models.Index(
                fields=["status", "closed_on", "id"],
                include=["close_date"],
                condition=Q(closed_on__isnull=False),
                name="pipeline_deal_closed_list",
            ),
            # Findings are counted over all open deals, and over those of an owner.
            models.Index(
                fields=["owner"],
                include=[*JUDGED, "id"],
                condition=Q(status="open"),
                name="pipeline_deal_findings",
            ),
            # The deals of one kind of finding, longest first; most kinds are rare.
            models.Index(
                fields=["entered_stage_at", "id"],
                condition=Q(status="open"),
                name="pipeline_deal_open_entered",
            ),
            models.Index(
                fields=["debt_due_on", "id"],
                condition=Q(status="open", debt_due_on__isnull=False),
                name="pipeline_deal_open_debt",
            ),
            models.Index(
                fields=["skipped_at", "id"],
                condition=Q(status="open", skipped_at__isnull=False),
                name="pipeline_deal_open_skipped",
            ),
            models.Index(
                fields=["approval_ends_at", "id"],
                condition=Q(status="open", approval_ends_at__isnull=False),
                name="pipeline_deal_open_approval",
            ),
            models.Index(
                fields=["id"],
                condition=Q(status="open", approval_voided=True),
                name="pipeline_deal_open_voided",
            ),
            # The forecast adds up what is expected to close in a period.
            models.Index(
                fields=["pipeline", "close_date"],
                include=["owner", "stage", "forecast_category", "currency", "amount"],
                condition=Q(status="open"),
                name="pipeline_deal_forecast",
            ),
            models.Index(
                fields=["pipeline", "closed_on"],
                include=["closed_owner", "owner", "currency", "amount"],
                condition=Q(status="won"),
                name="pipeline_deal_won",
            ),
            # What a line won, lost and began, for its reports.
            models.Index(
                Coalesce("closed_owner", "owner"),
                "closed_on",
                include=[*GROUPED, "closed_segment", "loss_reason", "opened_on"],
                condition=Q(closed_on__isnull=False),
                name="pipeline_deal_line_closed",
            ),
            models.Index(
                Coalesce("closed_owner", "owner"),
                "opened_on",
                include=[*GROUPED, "stage", "closed_on"],
                name="pipeline_deal_line_opened",
            ),
            # What began on a day, for the tallies of that day.
            models.Index(fields=["opened_on", "id"], name="pipeline_deal_opened_on"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address_of("pipeline:deal-detail", self.pk)

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @transition(field=status, source=Status.OPEN, target=Status.WON)
    def mark_won(self) -> None:
        """The customer signed; the operation has asked every gate."""

    @transition(field=status, source=Status.OPEN, target=Status.LOST)
    def mark_lost(self) -> None:
        """The customer will not buy."""

    @transition(field=status, source=[Status.WON, Status.LOST], target=Status.OPEN)
    def mark_open(self) -> None:
        """A closed deal is taken up again."""


class DealContact(models.Model):
    """The part a contact plays in a deal."""

    class Role(models.TextChoices):
        DECISION_MAKER = "decision_maker", "Decision maker"
        CHAMPION = "champion", "Champion"
        ECONOMIC_BUYER = "economic_buyer", "Economic buyer"
        TECHNICAL = "technical", "Technical evaluator"
        PROCUREMENT = "procurement", "Procurement"
        LEGAL = "legal", "Legal"
        USER = "user", "User"
        OTHER = "other", "Other"

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="deal_contacts")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="deal_contacts")
    role = models.CharField(max_length=20, choices=Role, default=Role.OTHER)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "contact", "role"],
                name="pipeline_deal_contact_one_per_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact} ({self.get_role_display()})"


class DealMemberQuerySet(models.QuerySet["DealMember"]):
    def standing(self, on: date | None = None) -> DealMemberQuerySet:
        """Memberships that still hold on that day (today in the active zone when not said)."""
        return self.filter(Q(until=None) | Q(until__gte=on or timezone.localdate()))


class DealMember(models.Model):
    """A colleague who works on a deal beside its owner."""

    class Access(models.TextChoices):
        READ = "read", "May read"
        EDIT = "edit", "May edit"

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="deal_memberships",
    )
    role = models.CharField(max_length=60, blank=True)
    access = models.CharField(max_length=10, choices=Access, default=Access.READ)
    until = models.DateField(null=True, blank=True)

    objects = DealMemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "person"], name="pipeline_deal_member_one_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.deal}"


class Activity(models.Model):
    """Something that happened on a deal: a note, call, meeting or mail."""

    class Kind(models.TextChoices):
        NOTE = "note", "Note"
        CALL = "call", "Call"
        MEETING = "meeting", "Meeting"
        MAIL = "mail", "Mail"

    class Side(models.TextChoices):
        BUYER = "buyer", "From the buyer"
        US = "us", "From us"

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="activities")
    kind = models.CharField(max_length=10, choices=Kind)
    side = models.CharField(max_length=10, choices=Side, default=Side.US)
    happened_at = models.DateTimeField()
    body = models.TextField(blank=True)
    logged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    logged_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["deal", "-happened_at", "-id"], name="pipeline_activity_of_deal"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.deal}"


class DeclaredNone(models.Model):
    """Somebody's word, with a date, that an item does not exist (no redlines, no competitor)."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="declared_none")
    item_key = models.CharField(max_length=60)
    declared_at = models.DateTimeField()
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "item_key"], name="pipeline_declared_none_one_per_item"
            ),
        ]

    def __str__(self) -> str:
        return f"no {self.item_key} on {self.deal}"
