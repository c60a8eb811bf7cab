"""Discounts that gather just under a threshold: counted, and held against their neighbours. Pure.

The excess under a threshold is the number of quotes in the last point below it, less what a
straight look at the neighbourhood would have there:

    expected = the mean of the bins from 3 points below to 2 above, those of the last point left out
    excess   = found in the last point − expected × its bins
    strength = excess ÷ expected, in bins' worth of quotes

Discounts gather at round numbers as well; the report says where to look, never who is to blame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

BIN = Decimal("0.5")
UNDER = 2
"""Bins that count as just under: the last point."""
BELOW, ABOVE = 4, 4
"""Bins of the neighbourhood on either side: two points below the last one, two above."""
ENOUGH = 20
HIGHEST = 100


@dataclass(frozen=True)
class Excess:
    """What is found just under one threshold, of `n` quotes in its whole neighbourhood."""

    threshold: Decimal
    found: int
    expected: Decimal
    n: int

    @property
    def excess(self) -> Decimal:
        return self.found - self.expected

    @property
    def strength(self) -> Decimal | None:
        """The excess in bins' worth of quotes; None where the neighbourhood is empty."""
        each = self.expected / UNDER
        return self.excess / each if each else None

    @property
    def is_marked(self) -> bool:
        """Enough quotes, and more than chance would give: beyond two standard deviations."""
        return self.n >= ENOUGH and float(self.excess) > 2 * sqrt(max(float(self.expected), 1.0))


def bin_of(percent: Decimal) -> Decimal:
    """The lower edge of the bin a discount falls into; edges belong to the bin above them."""
    return (percent // BIN) * BIN


def bins_of(percents: Iterable[Decimal]) -> Counter[Decimal]:
    """How many discounts fall into each bin; at or above standard price is no discount."""
    return Counter(bin_of(percent) for percent in percents if percent > 0)


def excess_under(bins: Counter[Decimal], threshold: Decimal) -> Excess:
    """Hold the last point below a threshold against its neighbourhood."""
    edge = bin_of(threshold)
    under = [edge - BIN * step for step in range(1, UNDER + 1)]
    around = [edge - BIN * step for step in range(UNDER + 1, UNDER + BELOW + 1)]
    around += [edge + BIN * step for step in range(ABOVE)]
    around = [lower for lower in around if lower >= 0]
    found = sum(bins[lower] for lower in under)
    beside = sum(bins[lower] for lower in around)
    expected = Decimal(beside) * UNDER / len(around)
    return Excess(threshold, found, expected, found + beside)


def series(bins: Counter[Decimal], thresholds: Sequence[Decimal]) -> list[tuple[Decimal, int]]:
    """Every bin in its order, empty ones too, up to some points beyond what matters."""
    if not bins:
        return []
    last = max(*bins, *(bin_of(threshold) + BIN * ABOVE for threshold in thresholds))
    last = min(last, Decimal(HIGHEST))
    count = int(last / BIN) + 1
    return [(BIN * number, bins[BIN * number]) for number in range(count)]


# Several deals of one account


@dataclass(frozen=True)
class Offer:
    """What one deal asks for, as its last submission says: its day and annual value."""

    deal: int
    account: int
    day: int
    value: Decimal


@dataclass(frozen=True)
class Split:
    """Deals of one account within some days of each other, none of them above a size threshold.

    `crosses`: together they are above it. `just_below`: each is in the last fifth below it.
    """

    account: int
    offers: tuple[Offer, ...]
    total: Decimal
    crosses: bool
    just_below: bool


def splits(offers: Iterable[Offer], threshold: Decimal, days: int = 90) -> list[Split]:
    """The largest group of each account that would have been of a higher tier as one deal."""
    by_account: dict[int, list[Offer]] = {}
    for offer in offers:
        if 0 < offer.value <= threshold:
            by_account.setdefault(offer.account, []).append(offer)
    found = []
    for account, own in by_account.items():
        if group := largest_group(sorted(own, key=lambda o: (o.day, o.deal)), days):
            split = split_of(account, group, threshold)
            if split.crosses or split.just_below:
                found.append(split)
    return sorted(found, key=lambda split: (-split.total, split.account))


def largest_group(own: Sequence[Offer], days: int) -> tuple[Offer, ...]:
    """The deals within so many days whose sum is largest; at least two."""
    groups = [
        tuple(other for other in own[at:] if other.day - first.day <= days)
        for at, first in enumerate(own)
    ]
    groups = [group for group in groups if len(group) > 1]
    return max(groups, key=lambda group: sum(offer.value for offer in group), default=())


def split_of(account: int, group: tuple[Offer, ...], threshold: Decimal) -> Split:
    total = sum((offer.value for offer in group), Decimal(0))
    near = threshold * Decimal("0.8")
    return Split(
        account=account,
        offers=group,
        total=total,
        crosses=total > threshold,
        just_below=all(offer.value >= near for offer in group),
    )
