"""People, their roles and line, and when they are away."""

from revops.people.models.absences import Absence, AbsenceQuerySet
from revops.people.models.people import (
    ReportingLink,
    Role,
    RoleGrant,
    Team,
    User,
    UserManager,
    UserQuerySet,
    validate_zone,
)

__all__ = [
    "Absence",
    "AbsenceQuerySet",
    "ReportingLink",
    "Role",
    "RoleGrant",
    "Team",
    "User",
    "UserManager",
    "UserQuerySet",
    "validate_zone",
]
