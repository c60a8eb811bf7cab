"""Changes of the price as a whole: the currency, the discounts that bands read, the total."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from dealdesk.canonical import decimal_text
from dealdesk.cover.changes import Direction, FieldChange, money_change, percent_change
from dealdesk.cover.lines import line_added, line_changes, paired
from dealdesk.policy import Policy, Topic
from dealdesk.pricing import Concession, ConcessionKind, exact, worst_year
from dealdesk.routing import judged_worst_line
from dealdesk.terms import Terms
from dealdesk.wording import capital, quantity_text


def price_changes(was: Terms, now: Terms, policy: Policy) -> Iterator[FieldChange]:
    if was.currency != now.currency:
        yield FieldChange(
            Topic.PRICE,
            "currency",
            was.currency,
            now.currency,
            f"The currency changed from {was.currency} to {now.currency}.",
            Direction.WORSE,
        )
        return
    yield from _discount_changes(was, now, policy)
    tolerance = exact(policy.tolerance_percent)
    pairs = list(paired(was.price.lines, now.price.lines))
    for before, after in pairs:
        if before is None and after is not None:
            yield line_added(after)
        elif after is None and before is not None:
            yield FieldChange(
                Topic.PRICE,
                f"line.{before.key}",
                before.name,
                "",
                f"{before.name} was taken off the quote.",
                Direction.REDUCED,
            )
        elif before is not None and after is not None:
            yield from line_changes(before, after, now, tolerance)
    yield from _concession_changes(was, now)
    yield from money_change(
        "tcv",
        "The total net",
        was.price.tcv,
        now.price.tcv,
        now,
        slack=was.price.blended.standard * tolerance / 100,
    )


def _discount_changes(was: Terms, now: Terms, policy: Policy) -> Iterator[FieldChange]:
    """Compare what the bands read: blended, the worst line that counts, the worst year."""
    line_was, line_now = judged_worst_line(policy, was), judged_worst_line(policy, now)
    year_was, year_now = worst_year(was.price), worst_year(now.price)
    bases = (
        ("blended", "The blended discount", was.price.blended.percent, now.price.blended.percent),
        (
            "worst_line",
            "The largest discount on a line",
            line_was.percent if line_was else None,
            line_now.percent if line_now else None,
        ),
        (
            "worst_year",
            "The largest discount of a contract year",
            year_was.percent if year_was else None,
            year_now.percent if year_now else None,
        ),
    )
    tolerance = exact(policy.tolerance_percent)
    for field, name, before, after in bases:
        yield from percent_change(f"discount.{field}", name, before, after, tolerance)


def _concession_changes(was: Terms, now: Terms) -> Iterator[FieldChange]:
    """Concessions count in every discount already; a larger one is named all the same."""
    before, after = _given(was.price.concessions), _given(now.price.concessions)
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key, Decimal(0)), after.get(key, Decimal(0))
        if old == new:
            continue
        name = capital(key[0].value.replace("_", " "))
        verb = "rose" if new > old else "fell"
        yield FieldChange(
            Topic.PRICE,
            f"concession.{key[0].value}",
            decimal_text(old),
            decimal_text(new),
            f"{name} {verb} from {quantity_text(old)} to {quantity_text(new)}.",
            Direction.WORSE if new > old else Direction.BETTER,
        )


def _given(concessions: Iterable[Concession]) -> dict[tuple[ConcessionKind, str], Decimal]:
    totals: dict[tuple[ConcessionKind, str], Decimal] = {}
    for concession in concessions:
        key = (concession.kind, concession.line_key)
        totals[key] = totals.get(key, Decimal(0)) + concession.value
    return totals
