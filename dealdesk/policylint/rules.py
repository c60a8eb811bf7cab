"""What is wrong with the other rules: terms, timings, structure, size and segments."""

from __future__ import annotations

from collections.abc import Iterator

from dealdesk.policy import CashTimingFor, Policy, SizeMode, TermCategory
from dealdesk.policylint.shapes import Area, Known, Lint, error, warning
from dealdesk.wording import capital


def terms_gaps(policy: Policy, known: Known) -> Iterator[Lint]:
    """Exceptions that ask nobody."""
    rules = policy.terms
    ruled = [rule.category for rule in rules.categories]
    for category in dict.fromkeys(ruled):
        if ruled.count(category) > 1:
            yield warning(
                Area.TERMS,
                f"overlap.{category}",
                f"Two rules are about terms of the kind {category.value}: both are asked.",
            )
    asking = {rule.category for rule in rules.categories if rule.roles}
    for category in TermCategory:
        if category not in asking and not rules.owners_too:
            yield error(
                Area.TERMS,
                f"gap.{category}",
                f"Non-standard terms of the kind {category.value} ask nobody.",
            )
    for name, roles in (
        ("payment", rules.payment.roles),
        ("billing", rules.billing.roles),
        ("volume", rules.volume_roles),
    ):
        if not roles:
            yield error(Area.TERMS, f"gap.{name}", GAPS[name])
    for key in rules.adopted:
        if known.terms is not None and key not in known.terms:
            yield warning(
                Area.TERMS,
                f"adopted.{key}",
                f"The catalogue has no term {key}, which the policy calls standard.",
            )


GAPS = {
    "payment": "Payment later than standard asks nobody.",
    "billing": "Billing later than standard asks nobody.",
    "volume": "A volume discount beyond the published tier asks nobody.",
}


def timings(policy: Policy, known: Known) -> Iterator[Lint]:
    """Standards by segment and region: each once, for what exists, and who wins where two fit."""
    segments = {band.key for band in policy.segments}
    seen: set[tuple[str, str, str]] = set()
    for row in policy.terms.timings:
        where = (row.kind.value, row.segment, row.region)
        key, said = ".".join(part or "any" for part in where), _said(row)
        if where in seen:
            yield error(Area.TIMINGS, f"twice.{key}", f"{said} has two standards.", final=True)
        seen.add(where)
        if not row.segment and not row.region:
            yield error(
                Area.TIMINGS,
                f"general.{key}",
                f"{said} is the general standard: write it there.",
            )
        if not row.timing.roles:
            yield error(Area.TIMINGS, f"gap.{key}", f"{said}: later cash asks nobody.")
        if row.segment and row.segment not in segments:
            yield error(
                Area.TIMINGS,
                f"segment.{key}",
                f"{said} is never reached: there is no segment {row.segment}.",
            )
        if row.region and known.regions is not None and row.region not in known.regions:
            yield warning(
                Area.TIMINGS, f"region.{key}", f"{said}: no team is in the region {row.region}."
            )
    for kind, segment, region in sorted(seen):
        if segment and region:
            continue
        for other in sorted(seen):
            both = (kind, segment, other[2])
            if other == (kind, "", other[2]) and segment and other[2] and both not in seen:
                yield warning(
                    Area.TIMINGS,
                    f"both.{kind}.{segment}.{other[2]}",
                    f"For {segment} in {other[2]} two standards of {kind} fit:"
                    " that of the segment wins.",
                )


def _said(row: CashTimingFor) -> str:
    where = " in ".join(part for part in (row.segment, row.region) if part)
    return f"{capital(row.kind.value)} {row.timing.label} for {where or 'everybody'}"


# Structure, size and segments


def structure(policy: Policy, known: Known) -> Iterator[Lint]:
    """Rules about segments and terms that can never hold, or that ask nobody when they do."""
    rules = policy.structure
    keys = [band.key for band in policy.segments]
    for segment in rules.enterprise_segments:
        if segment not in keys:
            yield error(
                Area.STRUCTURE,
                f"segment.{segment}",
                f"There is no segment {segment}, which the enterprise rule names.",
            )
    if rules.unknown_as not in keys:
        yield error(
            Area.STRUCTURE,
            "unknown_as",
            f"An unknown segment is judged as {rules.unknown_as}, which is no segment.",
        )
    needs = rules.only_with
    if needs and not (
        needs.nonstandard_term or needs.beyond_rep_authority or needs.annual_value_above is not None
    ):
        yield error(
            Area.STRUCTURE,
            "unreachable.enterprise",
            "The enterprise rule waits for something beside it and names nothing: it never asks.",
        )
    if not rules.long_term_roles:
        yield warning(
            Area.STRUCTURE,
            "gap.term",
            f"A term longer than {rules.standard_months} months asks nobody.",
        )
    if not rules.enterprise_roles and rules.enterprise_segments:
        yield warning(Area.STRUCTURE, "gap.enterprise", "An enterprise segment asks nobody.")


def size(policy: Policy, known: Known) -> Iterator[Lint]:
    """Large deals that nobody looks at, and money that cannot be compared."""
    if policy.size.mode is not SizeMode.OFF and not policy.size.roles:
        yield error(Area.SIZE, "gap.size", "The size rule names nobody.")
    if policy.size.threshold < 0:
        yield error(
            Area.SIZE, "threshold", "A size rule begins at an amount above zero.", final=True
        )
    if known.currencies is None or known.rates is None:
        return
    for currency in sorted(set(known.currencies) - set(known.rates)):
        yield error(
            Area.SIZE,
            f"rate.{currency}",
            f"There is no exchange rate of today for {currency}, so no quote in {currency} can be"
            " submitted.",
        )


def segments(policy: Policy, known: Known) -> Iterator[Lint]:
    """Head counts that belong to no segment, or to one that is never reached."""
    bands = policy.segments
    if not bands:
        yield error(Area.SEGMENTS, "none", "There are no segments.")
        return
    starts = [band.from_heads for band in bands]
    if starts != sorted(set(starts)):
        yield error(
            Area.SEGMENTS, "order", "Segments must start at rising head counts.", final=True
        )
    if bands[0].from_heads > 1:
        yield error(
            Area.SEGMENTS,
            "gap.start",
            f"Accounts of fewer than {bands[0].from_heads} people are in no segment.",
        )
    for band in bands:
        if [other.key for other in bands].count(band.key) > 1:
            yield error(
                Area.SEGMENTS, f"twice.{band.key}", f"The segment {band.key} is there twice."
            )
