"""From the rows of a quote to what is judged: rows → pricing input → terms.

Everything loads in batches, so that a replay over every quote asks as many queries as one over
a thousand.
"""

from dealdesk.inputs.books import PriceBook
from dealdesk.inputs.policies import policy_in_force
from dealdesk.inputs.prices import quote_input
from dealdesk.inputs.rows import (
    HEADER,
    REDLINE,
    LineRows,
    QuoteRows,
    load_rows,
    redlines_of,
    rows_of,
)
from dealdesk.inputs.terms import RateBook, TermsReader, stream_terms, terms_of

__all__ = [
    "HEADER",
    "REDLINE",
    "LineRows",
    "PriceBook",
    "QuoteRows",
    "RateBook",
    "TermsReader",
    "load_rows",
    "policy_in_force",
    "quote_input",
    "redlines_of",
    "rows_of",
    "stream_terms",
    "terms_of",
]
