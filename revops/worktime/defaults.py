from datetime import datetime

from revops.worktime.models import Calendar


def ensure_calendar(at: datetime) -> None:
    """A calendar for everybody who has no other: Monday to Friday, nine to five."""
    if not Calendar.objects.filter(is_default=True).exists():
        Calendar.objects.get_or_create(name="Office hours", defaults={"is_default": True})
