"""What makes a quote impossible to judge: in what was typed, and in the money of it."""

from __future__ import annotations

from collections.abc import Sequence

from dealdesk.pricing.amounts import Basis
from dealdesk.pricing.inputs import (
    Concession,
    ConcessionKind,
    DiscountKind,
    LineInput,
    Period,
    QuoteInput,
    Typed,
)
from dealdesk.pricing.priced import PricedLine, Problem


def price_problems(lines: Sequence[PricedLine], blended: Basis) -> tuple[Problem, ...]:
    """Name what money makes impossible to judge: nothing to compare with, or a negative net."""
    problems = []
    for line in lines:
        if not line.list_price and not line.included:
            problems.append(
                Problem(
                    "zero_list_not_included",
                    f"{line.name} has no list price: mark it as included or give it a price.",
                    line.key,
                )
            )
        if any(year.net < 0 for year in line.years):
            problems.append(
                Problem(
                    "negative_net",
                    f"{line.name} would be sold for less than nothing: raise its net.",
                    line.key,
                )
            )
    if not blended.standard:
        problems.append(
            Problem(
                "zero_standard",
                "The standard price of the quote is zero, so no discount can be judged.",
            )
        )
    if blended.net < 0 and not any(problem.code == "negative_net" for problem in problems):
        problems.append(Problem("negative_net", "The net of the quote is below zero."))
    return tuple(problems)


def typing_problems(quote: QuoteInput, lengths: tuple[int, ...]) -> tuple[Problem, ...]:
    """Name what was typed that cannot mean anything."""
    problems = []
    keys = {line.key for line in quote.lines}
    for line in quote.lines:
        problems += _line_problems(line, lengths)
    if len(keys) < len(quote.lines):
        problems.append(Problem("duplicate_line", "Two lines of the quote have the same key."))
    for concession in quote.concessions:
        problems += _concession_problems(concession, keys, quote.term_months)
    return tuple(problems)


def _line_problems(line: LineInput, lengths: tuple[int, ...]) -> list[Problem]:
    problems = []
    if line.period is not Period.ONCE and not lengths:
        problems.append(
            Problem("term_missing", f"{line.name} is recurring: give the quote a term.", line.key)
        )
    if not line.periods:
        problems.append(Problem("quantity_missing", f"{line.name} has no quantity.", line.key))
    elif len(line.periods) > max(len(lengths), 1):
        problems.append(
            Problem(
                "period_beyond_term",
                f"{line.name} sells in contract year {len(line.periods)},"
                f" but the term has {max(len(lengths), 1)}.",
                line.key,
            )
        )
    if line.list_price < 0:
        problems.append(
            Problem("negative_list_price", f"{line.name} has a negative list price.", line.key)
        )
    if any(period.quantity < 0 for period in line.periods):
        problems.append(
            Problem("negative_quantity", f"{line.name} has a negative quantity.", line.key)
        )
    if any(
        ask.kind is DiscountKind.VOLUME and ask.typed not in (Typed.PERCENT, Typed.NOTHING)
        for ask in (line.ask, *(period.ask for period in line.periods))
    ):
        problems.append(
            Problem(
                "volume_claim_not_percent",
                f"{line.name} claims a volume tier: type its percent.",
                line.key,
            )
        )
    return problems


def _concession_problems(
    concession: Concession, keys: set[str], term_months: int | None
) -> list[Problem]:
    kind, problems = concession.kind, []
    if concession.value < 0:
        problems.append(Problem("negative_concession", "A concession cannot be negative."))
    if kind is ConcessionKind.FREE_MONTHS:
        if not term_months:
            problems.append(Problem("free_months_without_term", "Free months need a term."))
        if concession.value != int(concession.value):
            problems.append(Problem("part_of_a_month", "Free months are whole months."))
    needs_line = kind is ConcessionKind.FREE_SEATS or bool(concession.line_key)
    if needs_line and concession.line_key not in keys:
        problems.append(
            Problem("concession_without_line", "A concession names a line the quote has not.")
        )
    return problems
