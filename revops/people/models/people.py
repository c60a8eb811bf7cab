from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property

from revops.models import Versioned


class Role(models.TextChoices):
    """What a person is asked and allowed to do; one person may hold several."""

    REP = "rep", "Rep"
    SALES_MANAGER = "sales_manager", "Sales manager"
    VP_SALES = "vp_sales", "VP sales"
    DEAL_DESK = "deal_desk", "Deal desk"
    FINANCE = "finance", "Finance"
    LEGAL = "legal", "Legal"
    REVOPS_ADMIN = "revops_admin", "RevOps administrator"
    AUDITOR = "auditor", "Auditor"
    CUSTOMER_SUCCESS = "customer_success", "Customer success"


def validate_zone(value: str) -> None:
    """Refuse a zone that the time-zone database does not know."""
    if value not in available_timezones():
        raise ValidationError(f"{value} is no time zone. Take one such as Europe/Madrid.")


class Team(Versioned):
    """An office or a group of sellers."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    region = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = [Lower("name"), "pk"]

    def __str__(self) -> str:
        return self.name


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def admitted(self) -> UserQuerySet:
        """People who may sign in and are mailed."""
        return self.filter(is_active=True, admitted_at__isnull=False)

    def holding(self, *roles: str) -> UserQuerySet:
        """People who hold one of `roles` today."""
        grants = RoleGrant.objects.active().filter(role__in=roles)
        return self.filter(pk__in=grants.values("user"))

    def below(self, user: User) -> UserQuerySet:
        """The whole line below `user`, without them."""
        links = ReportingLink.objects.filter(ancestor=user, depth__gt=0)
        return self.filter(pk__in=links.values("descendant"))

    def above(self, user: User) -> UserQuerySet:
        """The managers above `user`, nearest first."""
        return self.filter(
            links_below__descendant=user,
            links_below__depth__gt=0,
        ).order_by("links_below__depth")

    def by_name(self) -> UserQuerySet:
        return self.order_by(Lower("name"), "pk")


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(Versioned, AbstractBaseUser):
    """A person of the company. Who is not admitted may not sign in and is never mailed."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    manager = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reports"
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="members"
    )
    zone = models.CharField(
        max_length=60,
        blank=True,
        validators=[validate_zone],
        help_text="Blank: the company's.",
    )
    calendar = models.ForeignKey(
        "worktime.Calendar",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    source = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=120, blank=True)

    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    admitted_at = models.DateTimeField(null=True, blank=True)
    admitted_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    deactivated_at = models.DateTimeField(null=True, blank=True)
    deactivated_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="people_user_email_is_lower_case",
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="people_user_external_id_unique_in_source",
            ),
            models.CheckConstraint(
                condition=Q(is_active=True, deactivated_at=None, deactivated_by=None)
                | Q(is_active=False, deactivated_at__isnull=False),
                name="people_user_deactivation_has_when",
            ),
            models.CheckConstraint(
                condition=Q(admitted_at__isnull=False) | Q(admitted_by=None),
                name="people_user_admission_has_when",
            ),
            models.CheckConstraint(
                condition=Q(manager=None) | ~Q(manager=F("pk")),
                name="people_user_is_not_their_own_manager",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles held today; read once for each instance."""
        return frozenset(grant.role for grant in self.role_grants.all() if grant.revoked_at is None)

    def has_role(self, *roles: str) -> bool:
        """Whether this person holds one of `roles`."""
        return not self.roles.isdisjoint(roles)

    @property
    def can_be_mailed(self) -> bool:
        return self.is_active and self.admitted_at is not None

    @property
    def short_name(self) -> str:
        return self.name.split(" ")[0]

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.short_name

    def get_zone(self) -> ZoneInfo:
        """The zone in which this person reads times."""
        if self.zone:
            return ZoneInfo(self.zone)
        from revops.company.models import Company

        return Company.get().zone_info

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        self.__dict__.pop("roles", None)
        super().refresh_from_db(*args, **kwargs)

    # What the administration site asks. There is no superuser: the role decides.

    @property
    def is_staff(self) -> bool:
        return self.is_active and self.has_role(Role.REVOPS_ADMIN)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_staff

    def has_perms(self, perm_list: Any, obj: Any = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class RoleGrantQuerySet(models.QuerySet["RoleGrant"]):
    def active(self) -> RoleGrantQuerySet:
        return self.filter(revoked_at=None)


class RoleGrant(models.Model):
    """A role given to a person, until it is taken back."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=20, choices=Role)
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = RoleGrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"],
                condition=Q(revoked_at=None),
                name="people_role_grant_one_active_per_role",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values),
                name="people_role_grant_role_is_known",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=False) | Q(revoked_by=None),
                name="people_role_grant_revocation_has_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["role", "user"],
                condition=Q(revoked_at=None),
                name="people_role_grant_holders",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class ReportingLink(models.Model):
    """The reporting line, closed: every manager above every person, and each person themselves."""

    ancestor = models.ForeignKey(User, on_delete=models.CASCADE, related_name="links_below")
    descendant = models.ForeignKey(User, on_delete=models.CASCADE, related_name="links_above")
    depth = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ancestor", "descendant"], name="people_reporting_link_once"
            ),
            models.CheckConstraint(
                condition=Q(depth=0, ancestor=F("descendant"))
                | Q(depth__gt=0) & ~Q(ancestor=F("descendant")),
                name="people_reporting_link_has_no_cycle",
            ),
        ]
        indexes = [models.Index(fields=["descendant", "depth"], name="people_reporting_link_above")]

    def __str__(self) -> str:
        return f"{self.ancestor} above {self.descendant} by {self.depth}"
