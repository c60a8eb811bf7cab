"""Every change of what the company decides for itself: settings, rates, its own fields."""

from revops.company.operations.fields import (
    archive_field,
    change_field,
    define_field,
    order_fields,
    restore_field,
)
from revops.company.operations.settings import apply_settings, change_company, set_rate, write_rate

__all__ = [
    "apply_settings",
    "archive_field",
    "change_company",
    "change_field",
    "define_field",
    "order_fields",
    "restore_field",
    "set_rate",
    "write_rate",
]
