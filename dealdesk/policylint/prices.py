"""What is wrong with price bands and floors: gaps, overlaps, inversions, bands never reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dealdesk.canonical import decimal_text
from dealdesk.policy import JudgedBasis, Policy, Role, price_authority
from dealdesk.policylint.shapes import Area, Known, Lint, error, tables, warning
from dealdesk.wording import percent_text, roles_text


def price_gaps(policy: Policy, known: Known) -> Iterator[Lint]:
    """Discounts that no band holds, and bands that ask nobody where it matters most."""
    if not any(not table.families and table.bands for table in policy.prices):
        yield error(
            Area.PRICES,
            "gap.general",
            "No price table holds for every product, so some discounts ask nobody.",
        )
    for number, name, table in tables(policy):
        if not table.bands:
            yield error(Area.PRICES, f"gap.bands.{number}", f"The {name} has no bands.", final=True)
            continue
        if not table.bases:
            yield error(
                Area.PRICES,
                f"gap.bases.{number}",
                f"The {name} is held against nothing.",
                final=True,
            )
        if table.bands[0].lower != 0:
            start = percent_text(table.bands[0].lower)
            yield error(
                Area.PRICES,
                f"gap.start.{number}",
                f"Discounts below {start} fall into no band of the {name}.",
                final=True,
            )
        if not table.bands[-1].roles:
            edge = percent_text(table.bands[-1].lower)
            yield error(
                Area.PRICES,
                f"gap.top.{number}",
                f"The largest discounts, from {edge}, ask nobody in the {name}.",
            )


def price_order(policy: Policy, known: Known) -> Iterator[Lint]:
    """Bands start at rising percentages, each only once."""
    for number, name, table in tables(policy):
        lowers = [band.lower for band in table.bands]
        if lowers != sorted(set(lowers)):
            yield error(
                Area.PRICES,
                f"order.{number}",
                f"The bands of the {name} must start at rising percentages, each only once.",
                final=True,
            )


def price_overlaps(policy: Policy, known: Known) -> Iterator[Lint]:
    """Two tables that judge the same discount of the same products ask for both."""
    seen: dict[tuple[JudgedBasis, str], int] = {}
    for number, _, table in tables(policy):
        if len(set(table.bases)) < len(table.bases):
            yield warning(
                Area.PRICES, f"overlap.basis.{number}", f"Price table {number} names a basis twice."
            )
        for basis in dict.fromkeys(table.bases):
            for family in table.families or ("",):
                first = seen.setdefault((basis, family), number)
                if first != number:
                    of = f" of {family}" if family else ""
                    yield warning(
                        Area.PRICES,
                        f"overlap.{basis}.{family or 'all'}",
                        f"Price tables {first} and {number} both judge {BASES[basis]}{of}:"
                        " the stricter one decides.",
                    )


BASES = {
    JudgedBasis.BLENDED: "the discount of the whole quote",
    JudgedBasis.WORST_LINE: "the worst line",
    JudgedBasis.WORST_YEAR: "the worst contract year",
    JudgedBasis.RECURRING: "the recurring lines",
    JudgedBasis.ONE_OFF: "the one-off lines",
    JudgedBasis.OFF_LIST: "the total off list",
}

SALES_LINE = (Role.SALES_MANAGER, Role.VP_SALES)
"""The line of authority in sales, lowest first. The desk is beside it and not above it."""


def _in_line(roles: Iterable[Role]) -> int:
    return max((SALES_LINE.index(role) + 1 for role in roles if role in SALES_LINE), default=0)


def inversions(policy: Policy, known: Known) -> Iterator[Lint]:
    """A larger discount that a lower authority may give, or that passes somebody over."""
    for number, name, table in tables(policy):
        for lower, band in zip(table.bands, table.bands[1:], strict=False):
            key = f"{number}.{decimal_text(band.lower)}"
            edge = percent_text(band.lower)
            if price_authority(policy, band.roles) < price_authority(policy, lower.roles):
                yield error(
                    Area.PRICES,
                    f"inversion.authority.{key}",
                    f"From {edge} the {name} asks a lower authority than below it.",
                    final=True,
                )
            elif not policy.ladder and (skipped := _skipped(lower.roles, band.roles)):
                yield error(
                    Area.PRICES,
                    f"inversion.{key}",
                    f"From {edge} {roles_text(band.roles)} is asked and {roles_text(skipped)} no"
                    f" longer, who is asked from {percent_text(lower.lower)}: a larger discount"
                    f" passes {roles_text(skipped)} over.",
                )


def _skipped(below: tuple[Role, ...], above: tuple[Role, ...]) -> tuple[Role, ...]:
    """Who is asked below an edge and neither they nor anybody over them in sales above it."""
    return tuple(
        role
        for role in below
        if role not in above and not (role in SALES_LINE and _in_line(above) > _in_line((role,)))
    )


def unreachable_bands(policy: Policy, known: Known) -> Iterator[Lint]:
    """Bands no discount can reach, and bands that change nothing."""
    for number, name, table in tables(policy):
        for lower, band in zip((None, *table.bands), table.bands, strict=False):
            edge = percent_text(band.lower)
            if band.lower > 100:
                yield error(
                    Area.PRICES,
                    f"unreachable.{number}.{decimal_text(band.lower)}",
                    f"No discount reaches the band from {edge} of the {name}.",
                )
            elif lower is not None and lower.roles == band.roles:
                yield warning(
                    Area.PRICES,
                    f"same.{number}.{decimal_text(band.lower)}",
                    f"The band from {edge} of the {name} asks the same as the one below it.",
                )


def unknown_families(policy: Policy, known: Known) -> Iterator[Lint]:
    if known.families is None:
        return
    for number, name, table in tables(policy):
        for family in table.families:
            if family not in known.families:
                yield error(
                    Area.PRICES,
                    f"family.{number}.{family}",
                    f"No product is of the family {family}, which the {name} is limited to.",
                )


# Floors


def floors(policy: Policy, known: Known) -> Iterator[Lint]:
    """A floor at or below a band keeps that band's people from ever being asked."""
    seen: set[JudgedBasis] = set()
    for floor in policy.floors:
        edge, what = percent_text(floor.percent), BASES[floor.basis]
        if floor.basis in seen:
            yield error(Area.FLOORS, f"twice.{floor.basis}", f"There are two floors for {what}.")
        seen.add(floor.basis)
        if floor.percent <= 0:
            yield error(
                Area.FLOORS,
                f"nothing.{floor.basis}",
                f"A floor of {edge} on {what} lets nobody discount anything.",
                final=floor.percent < 0,
            )
        elif floor.percent > 100:
            yield warning(
                Area.FLOORS, f"unreachable.{floor.basis}", f"No discount reaches {edge} on {what}."
            )
        for number, name, table in tables(policy):
            if floor.basis not in table.bases or table.families:
                continue
            for band in table.bands:
                if band.roles and 0 < floor.percent <= band.lower:
                    yield error(
                        Area.FLOORS,
                        f"band.{floor.basis}.{number}.{decimal_text(band.lower)}",
                        f"Nobody can approve {edge} or more on {what}, so the band from"
                        f" {percent_text(band.lower)} of the {name} never asks"
                        f" {roles_text(band.roles)}.",
                    )
