"""The next policy while it is being written: one draft, its rules as typed rows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from dealdesk.models.policies import PolicyVersion
from revops.models import Versioned


class BandRole(models.TextChoices):
    """The roles that a policy can ask; the codes of dealdesk.policy.Role."""

    SALES_MANAGER = "sales_manager", "Sales manager"
    VP_SALES = "vp_sales", "VP of sales"
    DEAL_DESK = "deal_desk", "Deal desk"
    FINANCE = "finance", "Finance"
    LEGAL = "legal", "Legal"


class Basis(models.TextChoices):
    BLENDED = "blended", "The whole quote"
    WORST_LINE = "worst_line", "The worst line"
    WORST_YEAR = "worst_year", "The worst contract year"
    RECURRING = "recurring", "The recurring lines"
    ONE_OFF = "one_off", "The one-off lines"
    OFF_LIST = "off_list", "The total against list"


def role_list() -> models.JSONField:
    """Role codes, in the order they are told."""
    return models.JSONField(default=list, blank=True)


class PolicyDraft(Versioned):
    """The one policy that is being written; it goes when it is published or thrown away.

    Its rows say what the next version says. `proposed_by` vouches for exactly what it says now:
    every change takes the proposal back.
    """

    class SizeMode(models.TextChoices):
        REVIEW = "review", "Ask"
        ALERT = "alert", "Tell, and ask nothing"
        OFF = "off", "Nothing happens"

    class Order(models.TextChoices):
        PARALLEL = "parallel", "Everybody at the same time"
        PRICE_FIRST = "price_first", "The price first, then the rest"
        WAVES = "waves", "Price and deal desk first, then finance and legal"
        SEQUENCE = "sequence", "One step after the other"

    class SamePerson(models.TextChoices):
        ASKED = "asked", "Is asked for each of them"
        CARRIED = "carried", "Answers once for the same topics"

    is_open = models.BooleanField(default=True, unique=True, editable=False)
    name = models.CharField(max_length=100)
    code = models.CharField(max_length=100, help_text="What routes name the policy by.")
    note = models.TextField(blank=True)
    based_on = models.ForeignKey(
        PolicyVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    preset = models.CharField(max_length=30, blank=True)

    volume_roles = role_list()
    owners_too = models.BooleanField(default=False)
    adopted = models.JSONField(default=list, blank=True)

    standard_months = models.PositiveSmallIntegerField(default=12)
    long_term_roles = role_list()
    custom_multiyear_roles = role_list()
    enterprise_segments = models.JSONField(default=list, blank=True)
    enterprise_roles = role_list()
    unknown_as = models.CharField(max_length=50, blank=True)
    enterprise_needs_more = models.BooleanField(default=False)
    with_nonstandard_term = models.BooleanField(default=True)
    with_beyond_authority = models.BooleanField(default=True)
    with_annual_value_above = models.DecimalField(
        max_digits=16, decimal_places=2, null=True, blank=True
    )

    size_mode = models.CharField(max_length=10, choices=SizeMode, default=SizeMode.REVIEW)
    size_threshold = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    size_roles = role_list()

    segment_of_parent = models.BooleanField(default=False)
    price_ladder = role_list()
    ladder = models.BooleanField(default=False)
    order = models.CharField(max_length=15, choices=Order, default=Order.PARALLEL)
    groups = models.JSONField(default=list, blank=True)
    one_veto = models.BooleanField(default=True)
    same_person = models.CharField(max_length=10, choices=SamePerson, default=SamePerson.ASKED)
    material_share_percent = models.DecimalField(max_digits=9, decimal_places=4, default=5)
    material_amount = models.DecimalField(max_digits=16, decimal_places=2, default=1000)
    tolerance_percent = models.DecimalField(max_digits=9, decimal_places=4, default=0)
    validity_days = models.PositiveSmallIntegerField(default=30)
    pending_days = models.PositiveSmallIntegerField(default=30)
    revoke_hours = models.PositiveSmallIntegerField(default=24)

    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    authors = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_open=True), name="dealdesk_policy_draft_only_one"
            ),
            models.CheckConstraint(
                condition=Q(proposed_at=None, proposed_by=None)
                | Q(proposed_at__isnull=False, proposed_by__isnull=False),
                name="dealdesk_policy_draft_proposal_has_who_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"Draft of {self.name}"


class DraftTable(models.Model):
    """One table of price bands, and what its discounts are measured on."""

    draft = models.ForeignKey(PolicyDraft, on_delete=models.CASCADE, related_name="tables")
    position = models.PositiveSmallIntegerField()
    bases = models.JSONField(default=list, help_text="Codes of Basis.")
    families = models.JSONField(
        default=list, blank=True, help_text="Product families; none: every line."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "position"], name="dealdesk_draft_table_one_per_place"
            ),
        ]

    def __str__(self) -> str:
        return f"Price table {self.position + 1}"


class DraftBand(models.Model):
    """Discounts from `lower` percent up to the next band ask these roles; none: nobody."""

    table = models.ForeignKey(DraftTable, on_delete=models.CASCADE, related_name="bands")
    position = models.PositiveSmallIntegerField()
    lower = models.DecimalField(max_digits=9, decimal_places=4)
    roles = role_list()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["table", "position"], name="dealdesk_draft_band_one_per_place"
            ),
        ]

    def __str__(self) -> str:
        return f"From {self.lower} %"


class DraftFloor(models.Model):
    """A discount that nobody can approve: this percentage or more on this basis."""

    draft = models.ForeignKey(PolicyDraft, on_delete=models.CASCADE, related_name="floors")
    position = models.PositiveSmallIntegerField()
    basis = models.CharField(max_length=15, choices=Basis)
    percent = models.DecimalField(max_digits=9, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "position"], name="dealdesk_draft_floor_one_per_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent} % on {self.basis}"


class DraftTiming(models.Model):
    """A standard of payment or billing and who is asked about later cash.

    Without segment and region it is the general one, of which there is one of each kind.
    """

    class Kind(models.TextChoices):
        PAYMENT = "payment", "Payment"
        BILLING = "billing", "Billing"

    draft = models.ForeignKey(PolicyDraft, on_delete=models.CASCADE, related_name="timings")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    is_general = models.BooleanField(default=False)
    segment = models.CharField(max_length=50, blank=True)
    region = models.CharField(max_length=60, blank=True)
    label = models.CharField(max_length=100)
    rank = models.PositiveIntegerField(help_text="A higher rank is later cash.")
    roles = role_list()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "kind"],
                condition=Q(is_general=True),
                name="dealdesk_draft_timing_one_general",
            ),
            models.CheckConstraint(
                condition=Q(is_general=False) | Q(segment="", region=""),
                name="dealdesk_draft_timing_general_is_for_all",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


class DraftCategory(models.Model):
    """Who is asked about catalogue terms of one category."""

    draft = models.ForeignKey(PolicyDraft, on_delete=models.CASCADE, related_name="categories")
    position = models.PositiveSmallIntegerField()
    category = models.CharField(max_length=10)
    roles = role_list()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "category"], name="dealdesk_draft_category_once"
            ),
        ]

    def __str__(self) -> str:
        return self.category


class DraftSegment(models.Model):
    """A segment of accounts: from so many heads until the next one starts."""

    draft = models.ForeignKey(PolicyDraft, on_delete=models.CASCADE, related_name="segments")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=50)
    label = models.CharField(max_length=100)
    from_heads = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "key"], name="dealdesk_draft_segment_once"),
        ]

    def __str__(self) -> str:
        return self.label


class DraftRole(models.Model):
    """How one role is asked: what it judges, how long it has, who stands in."""

    class Mode(models.TextChoices):
        FIRST_RESPONSE = "first_response", "The first answer counts"
        UNANIMOUS = "unanimous", "All must agree"
        QUORUM = "quorum", "So many must agree"
        PERCENT = "percent", "A share of those asked must agree"
        ALL_ANSWERED = "all_answered", "All must answer and one must agree"
        PER_GROUP = "per_group", "Each group must agree"

    class StepUp(models.TextChoices):
        LINK = "link", "Opens the link"
        RETYPE = "retype", "Retypes the discount"
        SIGN_IN = "sign_in", "Signs in"

    draft = models.ForeignKey(PolicyDraft, on_delete=models.CASCADE, related_name="roles")
    position = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=20, choices=BandRole)
    topics = models.JSONField(default=list, help_text="Codes of dealdesk.policy.Topic.")
    hours = models.PositiveSmallIntegerField(help_text="Business hours.")
    mode = models.CharField(max_length=15, choices=Mode, default=Mode.FIRST_RESPONSE)
    needed = models.PositiveSmallIntegerField(default=1)
    percent = models.PositiveSmallIntegerField(default=0)
    fallback = models.EmailField(blank=True)
    backup = models.EmailField(blank=True)
    step_up = models.CharField(max_length=10, choices=StepUp, default=StepUp.LINK)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "role"], name="dealdesk_draft_role_once"),
            models.CheckConstraint(
                condition=Q(percent__lte=100), name="dealdesk_draft_role_percent_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.role


class DraftAcknowledgement(models.Model):
    """A finding of the linter that somebody has read and means: its words then, and why."""

    draft = models.ForeignKey(
        PolicyDraft, on_delete=models.CASCADE, related_name="acknowledgements"
    )
    key = models.CharField(max_length=200)
    sentence = models.TextField()
    note = models.TextField()
    acknowledged_at = models.DateTimeField()
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "key"], name="dealdesk_draft_acknowledged_once"
            ),
            models.CheckConstraint(
                condition=~Q(note=""), name="dealdesk_draft_acknowledgement_has_a_note"
            ),
        ]

    def __str__(self) -> str:
        return self.key
