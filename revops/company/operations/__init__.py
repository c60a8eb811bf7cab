"""Every change of what the company decides for itself: settings, rates, its own fields."""

from revops.company.operations.fields import (
    archive_field,
    change_field,
    define_field,
    order_fields,
    restore_field,
)
from revops.company.operations.settings import apply_settings as apply_settings
from revops.company.operations.settings import change_company, set_rate
from revops.company.operations.settings import write_rate as write_rate

__all__ = [
    "archive_field",
    "change_company",
    "change_field",
    "define_field",
    "order_fields",
    "restore_field",
    "set_rate",
]
