"""Importing products with their prices, and the quotes of imported closed deals."""

from dealdesk.imports.products import products_kind
from dealdesk.imports.quotes import QuoteOfDeal
from pipeline.imports import register_extension
from revops.imports.kinds import register_kind

register_kind("products", products_kind)
register_extension("quote", QuoteOfDeal)
