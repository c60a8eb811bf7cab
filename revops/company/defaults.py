from datetime import datetime

from revops.company.models import Company


def ensure_company(at: datetime) -> None:
    """The one row of settings, until someone sets the company up."""
    Company.objects.get_or_create(pk=1)
