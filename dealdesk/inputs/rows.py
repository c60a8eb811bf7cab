"""The rows of a quote, read together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, prefetch_related_objects

from dealdesk.models import Concession, LineYear, Quote, QuoteLine, QuoteTerm, TermRung
from revops.models import subject_of
from revops.work.models import Attachment

BATCH = 1000


@dataclass(frozen=True)
class LineRows:
    """A line with the years of its ramp, saved or not."""

    line: QuoteLine
    years: tuple[LineYear, ...] = ()


@dataclass(frozen=True)
class QuoteRows:
    """All rows that make up one quote, saved or not: what an editor sends is read like a quote.

    `redlines` are the SHA-256 of the files in which the customer changed our contract.
    """

    quote: Quote
    lines: tuple[LineRows, ...]
    concessions: tuple[Concession, ...]
    terms: tuple[QuoteTerm, ...]
    redlines: tuple[str, ...] = ()


HEADER = ("deal__account", "payment_terms", "billing")
"""What every quote refers to. Read with the quotes themselves: a prefetch of many single rows
asks for them in a chain of ORs that SQLite refuses beyond a thousand."""


def related() -> list[Prefetch]:
    return [
        Prefetch("lines", QuoteLine.objects.select_related("product")),
        Prefetch("lines__years", LineYear.objects.order_by("year")),
        Prefetch("concessions", Concession.objects.select_related("line")),
        Prefetch("terms", QuoteTerm.objects.select_related("term")),
        Prefetch("terms__term__rungs", TermRung.objects.standing()),
    ]


def rows_of(quote: Quote) -> QuoteRows:
    """Return the rows of one saved quote, read once."""
    return next(iter(load_rows([quote])))


def load_rows(quotes: Sequence[Quote]) -> list[QuoteRows]:
    """Return the rows of many quotes, by a number of queries that does not depend on how many."""
    for quote in quotes:
        # What was prefetched earlier may be older than the rows.
        quote.__dict__.pop("_prefetched_objects_cache", None)
    prefetch_related_objects(list(quotes), *HEADER, *related())
    files = redlines_of(quotes)
    return [
        QuoteRows(
            quote=quote,
            lines=tuple(
                LineRows(line, tuple(line.years.all()))
                for line in sorted(quote.lines.all(), key=lambda line: line.position)
            ),
            concessions=tuple(sorted(quote.concessions.all(), key=lambda row: row.pk)),
            terms=tuple(quote.terms.all()),
            redlines=files.get(quote.pk, ()),
        )
        for quote in quotes
    ]


REDLINE = "redline"
"""The kind of an attachment of a quote in which the customer changed our contract."""


def redlines_of(quotes: Iterable[Quote]) -> dict[int, tuple[str, ...]]:
    """The SHA-256 of each quote's redlines, as they are now."""
    kind, _ = subject_of(Quote())
    found: dict[int, tuple[str, ...]] = {}
    rows = Attachment.objects.filter(
        about_type=kind,
        about_id__in=[quote.pk for quote in quotes if quote.pk],
        kind=REDLINE,
        removed_at=None,
    )
    for quote, mark in rows.order_by("pk").values_list("about_id", "sha256"):
        found[quote] = (*found.get(quote, ()), mark)
    return found
