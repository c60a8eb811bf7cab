"""Questions that judge many deals in the database and add up what they find, by owner."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Case, Q, QuerySet, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from pipeline.findings.context import Context
from pipeline.findings.frames import Frame
from pipeline.findings.judging import condition, kinds, problem_keys
from pipeline.models import Deal, FindingMark, FindingTally, TurningDeal

Told = tuple[str, Sequence[Any]]
"""A statement with what it is given."""

SUMS = """
SELECT CAST(NULL AS integer), owner_id, currency, {counts}, sum(amount) FILTER (WHERE {wrong})
FROM ({rows}) AS judged
WHERE {which} GROUP BY owner_id, currency
"""
TURNING = "SELECT id, owner_id FROM ({rows}) AS judged WHERE findings <> later"


@dataclass(frozen=True)
class Sums:
    """The findings of one owner's deals in one currency."""

    frame: int | None
    """The frame they were kept for; None where they were judged just now."""
    owner: int
    currency: str
    counts: list[int]
    """Open deals, those with each kind, those with any problem."""
    amount: Decimal
    """Of those with any problem."""


def sums_of(deals: QuerySet[Deal], context: Context) -> Iterator[Sums]:
    """Judge each open deal once, in one question."""
    try:
        yield from answered(*judged_sums(deals, context))
    except EmptyResultSet:
        return


def sums_kept(whose: Q, context: Context) -> Iterator[Sums]:
    """What is kept of the owners in `whose`, and what must be judged now, in one question.

    In one, so that a deal that changes hands meanwhile is counted once and not twice.
    """
    marked = FindingMark.objects.values("owner")
    rows = FindingTally.objects.filter(whose).exclude(owner__in=marked).order_by()
    columns = ("frame_id", "owner_id", "currency", Cast("counts", TextField()), "amount")
    changed = Deal.objects.open().filter(owner__in=marked).values("pk")
    judged_now = changed.union(TurningDeal.objects.values("deal"), all=True)
    deals = Deal.objects.filter(whose, pk__in=judged_now)
    try:
        kept, told = rows.values_list(*columns).query.sql_with_params()
        now, more = judged_sums(deals, context)
    except EmptyResultSet:
        return
    yield from answered(f"{kept} UNION ALL {now}", (*told, *more))


def settled(deals: QuerySet[Deal], frame: Frame) -> Iterator[Sums]:
    """The deals that have the same findings at both ends of a frame."""
    yield from answered(*judged_sums(deals, frame.early, frame.late))


def turning(deals: QuerySet[Deal], frame: Frame) -> list[tuple[int, int]]:
    """The deals that have not, with their owners."""
    rows, parameters = judged(deals, frame.early, frame.late)
    with connection.cursor() as cursor:
        cursor.execute(TURNING.format(rows=rows), parameters)
        return cursor.fetchall()


def answered(statement: str, parameters: Sequence[Any]) -> Iterator[Sums]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        for frame, owner, currency, counts, value in cursor.fetchall():
            yield Sums(frame, owner, currency, json.loads(counts), exact(value))


def exact(value: Any) -> Decimal:
    """A sum as the database tells it: SQLite adds up in floats."""
    if isinstance(value, Decimal):
        return value
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


# The statements


def judged_sums(deals: QuerySet[Deal], *contexts: Context) -> Told:
    """What the findings come to, of deals on which all contexts agree."""
    rows, parameters = judged(deals, *contexts)
    bits = bits_of_kinds()
    wrong = has(sum(bits[key] for key in problem_keys()))
    each = [f"count(*) FILTER (WHERE {has(bit)})" for bit in bits.values()]
    counts = " || ',' || ".join(["count(*)", *each, f"count(*) FILTER (WHERE {wrong})"])
    which = "findings = later" if len(contexts) > 1 else "1 = 1"
    told = SUMS.format(counts=f"'[' || {counts} || ']'", wrong=wrong, rows=rows, which=which)
    return told, parameters


def bits_of_kinds() -> dict[str, int]:
    return {kind.key: 1 << place for place, kind in enumerate(kinds())}


def has(bits: int) -> str:
    return f"findings & {bits} <> 0"


def judged(deals: QuerySet[Deal], *contexts: Context) -> Told:
    """The open deals, each with its findings as bits of one number, in each context.

    Without its end the database would judge a deal anew for each count.
    """
    names = ("findings", "later")
    found = {name: findings(context) for name, context in zip(names, contexts, strict=False)}
    rows = deals.open().order_by()  # type: ignore[attr-defined]
    rows = rows.values("id", "owner_id", "currency", "amount", **found)
    told, parameters = rows.query.sql_with_params()
    end = "OFFSET 0" if connection.vendor == "postgresql" else "LIMIT -1"
    return f"{told} {end}", parameters


def findings(context: Context) -> Combinable:
    return reduce(
        add,
        (
            Case(When(condition(key, context), then=Value(bit)), default=Value(0))
            for key, bit in bits_of_kinds().items()
        ),
    )
