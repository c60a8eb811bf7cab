"""Importing deals: open ones go on here, closed ones come in as history."""

from pipeline.imports.deals.importing import import_deals
from pipeline.imports.deals.kind import deals_kind
from pipeline.imports.deals.plans import DealPlan

__all__ = ["DealPlan", "deals_kind", "import_deals"]
