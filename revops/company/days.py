"""Which day it is where the company is."""

from __future__ import annotations

from datetime import date, datetime

from revops.company.models import Company


def local_day(at: datetime) -> date:
    """The company's day at `at`. In a loop, read Company.get() once and ask it instead."""
    return Company.get().local_day(at)
