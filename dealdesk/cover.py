"""Whether an approval of some terms still covers the terms as they are now.

Covered is what is the same or better for us on every judged topic, while nothing that was given
in return is reduced. A later rate, another policy, a note or a name never ends cover.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from dealdesk.canonical import decimal_text
from dealdesk.ladder import Rung
from dealdesk.policy import Axis, Policy, Role, TermCategory, Topic, price_authority
from dealdesk.pricing import (
    Concession,
    ConcessionKind,
    PricedLine,
    PricedYear,
    exact,
    worst_year,
)
from dealdesk.routing import (
    Route,
    Tried,
    evaluate,
    judged_segment,
    judged_worst_line,
    term_asks,
)
from dealdesk.terms import NonStandardTerm, Terms, digests
from dealdesk.wording import capital, money_text, months_text, percent_text, quantity_text


class Direction(StrEnum):
    """What a change means for us. Reduced: something given in return became less."""

    WORSE = "worse"
    REDUCED = "reduced"
    NEW_ROLE = "new_role"
    BETTER = "better"
    SAME = "same"


LOSES_COVER = frozenset({Direction.WORSE, Direction.REDUCED, Direction.NEW_ROLE})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One change between two sets of terms, in words."""

    topic: Topic
    field: str
    was: str
    now: str
    sentence: str
    direction: Direction

    @property
    def loses_cover(self) -> bool:
        return self.direction in LOSES_COVER


@dataclass(frozen=True, slots=True)
class Cover:
    """Whether the approval holds, and every change that says it does not."""

    ok: bool
    worsened: tuple[FieldChange, ...] = ()

    @property
    def worsened_topics(self) -> frozenset[Topic]:
        """Topics whose own judgement no longer holds; a newly asked role alone voids none."""
        return frozenset(c.topic for c in self.worsened if c.direction is not Direction.NEW_ROLE)

    def holds_for(self, topics: Iterable[Topic]) -> bool:
        """Whether a decision on these topics may be carried forward."""
        return not self.worsened_topics & set(topics)


def covers(approved: Terms, current: Terms, policy: Policy) -> Cover:
    """Judge current terms against approved ones, under the policy of the approval.

    In the same currency the rate of the approval counts: a rate that moved re-opens nothing.
    """
    if current.currency == approved.currency:
        current = replace(current, company=approved.company)
    current = _as_catalogued(approved, current)
    worsened = [change for change in diff(approved, current, policy) if change.loses_cover]
    worsened += _new_roles(approved, current, policy)
    return Cover(not worsened, tuple(worsened))


def _as_catalogued(approved: Terms, current: Terms) -> Terms:
    """The current terms, each unchanged wish with what the catalogue said when it was approved."""
    before = {term.key: term for term in approved.nonstandard}
    return replace(
        current,
        nonstandard=tuple(
            old if (old := before.get(term.key)) and _wish(old) == _wish(term) else term
            for term in current.nonstandard
        ),
    )


def worsened_topics(before: Terms, after: Terms, policy: Policy) -> frozenset[Topic]:
    """Topics that an edit made worse for us: its author may not decide on them."""
    return frozenset(change.topic for change in diff(before, after, policy) if change.loses_cover)


def unchanged_topics(before: Terms, after: Terms) -> frozenset[Topic]:
    """Topics in which nothing judged differs at all."""
    was, now = digests(before), digests(after)
    return frozenset(topic for topic in Topic if was.of(topic) == now.of(topic))


def diff(was: Terms, now: Terms, policy: Policy) -> list[FieldChange]:
    """Return every change between two sets of terms in words, each with what it means for us."""
    return [
        *_price_changes(was, now, policy),
        *_commercial_changes(was, now, policy),
        *_term_changes(was, now, policy),
    ]


# Price


def _price_changes(was: Terms, now: Terms, policy: Policy) -> Iterator[FieldChange]:
    if was.currency != now.currency:
        yield _change(
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
    pairs = list(_paired(was.price.lines, now.price.lines))
    for before, after in pairs:
        if before is None and after is not None:
            yield _added(after)
        elif after is None and before is not None:
            yield _change(
                Topic.PRICE,
                f"line.{before.key}",
                before.name,
                "",
                f"{before.name} was taken off the quote.",
                Direction.REDUCED,
            )
        elif before is not None and after is not None:
            yield from _line_changes(before, after, now, tolerance)
    yield from _concession_changes(was, now)
    yield from _money(
        "tcv",
        "The total net",
        was.price.tcv,
        now.price.tcv,
        now,
        slack=was.price.blended.standard * tolerance / 100,
    )


def _paired(
    was: Iterable[PricedLine], now: Iterable[PricedLine]
) -> Iterator[tuple[PricedLine | None, PricedLine | None]]:
    """Pair lines by key, then those left by product; the rest were added or removed."""
    before = {line.key: line for line in was}
    after = {line.key: line for line in now}
    for key in [key for key in before if key in after and _same_product(before[key], after[key])]:
        yield before.pop(key), after.pop(key)
    for line in list(before.values()):
        match = next((other for other in after.values() if _same_product(line, other)), None)
        if match is not None:
            yield before.pop(line.key), after.pop(match.key)
    for line in before.values():
        yield line, None
    for line in after.values():
        yield None, line


def _same_product(one: PricedLine, other: PricedLine) -> bool:
    return one.product == other.product and one.period is other.period


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
        yield from _percent(f"discount.{field}", name, before, after, tolerance)


def _percent(
    field: str, name: str, before: Fraction | None, after: Fraction | None, tolerance: Fraction
) -> Iterator[FieldChange]:
    before, after = before or Fraction(0), after or Fraction(0)
    if before == after:
        return
    was, now = _percent_pair(before, after)
    verb = "rose" if after > before else "fell"
    yield _change(
        Topic.PRICE,
        field,
        was,
        now,
        f"{name} {verb} from {was} to {now}.",
        _direction(after - before, tolerance, Direction.WORSE),
    )


def _direction(loss: Fraction, slack: Fraction, bad: Direction) -> Direction:
    """Bad beyond the tolerance, the same within it, better when we lose nothing."""
    if loss > slack:
        return bad
    return Direction.SAME if loss > 0 else Direction.BETTER


def _percent_pair(before: Fraction, after: Fraction) -> tuple[str, str]:
    """Two percentages that differ also read differently."""
    was, now = percent_text(before), percent_text(after)
    if was == now:
        return f"{float(before):.6f} %", f"{float(after):.6f} %"
    return was, now


def _added(line: PricedLine) -> FieldChange:
    """A product more is better at standard price, worse when it is discounted or given away."""
    percent = line.percent
    given = percent is None or percent > 0
    how = "included at no charge" if percent is None else f"at {percent_text(percent)} off"
    said = how if given else "at standard price"
    return _change(
        Topic.PRICE,
        f"line.{line.key}",
        "",
        line.name,
        f"{line.name} was added, {said}.",
        Direction.WORSE if given else Direction.BETTER,
    )


def _line_changes(
    was: PricedLine, now: PricedLine, terms: Terms, tolerance: Fraction
) -> Iterator[FieldChange]:
    if was.list_price != now.list_price:
        yield _change(
            Topic.PRICE,
            f"line.{now.key}.list",
            decimal_text(was.list_price),
            decimal_text(now.list_price),
            f"The list price of {now.name} changed from"
            f" {money_text(was.list_price, terms.currency, terms.price.minor_digits)}"
            f" to {money_text(now.list_price, terms.currency, terms.price.minor_digits)}.",
            Direction.SAME,
        )
    yield from _percent(
        f"line.{now.key}.discount",
        f"The discount on {now.name}",
        was.percent,
        now.percent,
        tolerance,
    )
    for before, after in _paired_years(was, now):
        yield from _year_changes(now, before, after, terms, tolerance)
    yield from _money(
        f"line.{now.key}.net",
        f"The net of {now.name}",
        was.net,
        now.net,
        terms,
        slack=was.standard * tolerance / 100,
    )


def _paired_years(
    was: PricedLine, now: PricedLine
) -> Iterator[tuple[PricedYear | None, PricedYear | None]]:
    before = {year.year: year for year in was.years}
    after = {year.year: year for year in now.years}
    for number in sorted(before.keys() | after.keys()):
        yield before.get(number), after.get(number)


def _year_changes(
    line: PricedLine,
    was: PricedYear | None,
    now: PricedYear | None,
    terms: Terms,
    tolerance: Fraction,
) -> Iterator[FieldChange]:
    """Compare one contract year; years that came or went are the term's affair."""
    if was is None or now is None:
        return
    where, field = f"{line.name}, year {now.year}", f"line.{line.key}.year{now.year}"
    if was.quantity != now.quantity:
        less = now.quantity < was.quantity
        before, after = quantity_text(was.quantity), quantity_text(now.quantity)
        yield _change(
            Topic.PRICE,
            f"{field}.quantity",
            before,
            after,
            f"{where}: the quantity {'fell' if less else 'rose'} from {before} to {after}.",
            Direction.REDUCED if less else Direction.BETTER,
        )
        if less and now.earned_percent < was.earned_percent:
            yield _change(
                Topic.PRICE,
                f"{field}.volume_step",
                percent_text(was.earned_percent),
                percent_text(now.earned_percent),
                f"{where}: the quantity no longer earns the volume step of"
                f" {percent_text(was.earned_percent)}.",
                Direction.REDUCED,
            )
    yield from _claim_change(where, field, was, now)
    if len(line.years) > 1:
        yield from _percent(
            f"{field}.discount", f"The discount on {where}", was.percent, now.percent, tolerance
        )


def _claim_change(
    where: str, field: str, was: PricedYear, now: PricedYear
) -> Iterator[FieldChange]:
    before = _excess(was)
    after = _excess(now)
    if before == after:
        return
    yield _change(
        Topic.PRICE,
        f"{field}.claim",
        percent_text(before),
        percent_text(after),
        f"{where}: the volume claim beyond the earned tier went from"
        f" {percent_text(before)} to {percent_text(after)}.",
        Direction.WORSE if after > before else Direction.BETTER,
    )


def _excess(year: PricedYear) -> Decimal:
    """Points that a claimed volume tier is beyond the one earned."""
    claimed = year.claimed_percent
    return max(claimed - year.earned_percent, Decimal(0)) if claimed is not None else Decimal(0)


def _concession_changes(was: Terms, now: Terms) -> Iterator[FieldChange]:
    """Concessions count in every discount already; a larger one is named all the same."""
    before, after = _given(was.price.concessions), _given(now.price.concessions)
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key, Decimal(0)), after.get(key, Decimal(0))
        if old == new:
            continue
        name = capital(key[0].value.replace("_", " "))
        verb = "rose" if new > old else "fell"
        yield _change(
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


def _money(
    field: str, name: str, before: Fraction, after: Fraction, terms: Terms, *, slack: Fraction
) -> Iterator[FieldChange]:
    if before == after:
        return
    digits = terms.price.minor_digits
    was, now = (
        money_text(before, terms.currency, digits),
        money_text(after, terms.currency, digits),
    )
    verb = "fell" if after < before else "rose"
    yield _change(
        Topic.PRICE,
        field,
        was,
        now,
        f"{name} {verb} from {was} to {now}.",
        _direction(before - after, slack, Direction.REDUCED),
    )


# Commercial


def _commercial_changes(was: Terms, now: Terms, policy: Policy) -> Iterator[FieldChange]:
    yield from _length_changes(was, now, policy)
    yield from _later(
        "payment",
        "Payment",
        (was.payment.name, was.payment.rank),
        (now.payment.name, now.payment.rank),
    )
    yield from _later(
        "billing",
        "Billing",
        (was.billing.name, was.billing.rank),
        (now.billing.name, now.billing.rank),
    )
    if was.segment.key != now.segment.key:
        yield _segment_change(was, now, policy)
    if was.kind != now.kind:
        yield _change(
            Topic.COMMERCIAL,
            "kind",
            was.kind,
            now.kind,
            f"The kind of quote changed from {was.kind} to {now.kind}.",
            Direction.WORSE,
        )


def _length_changes(was: Terms, now: Terms, policy: Policy) -> Iterator[FieldChange]:
    """Months paid for were given in return; months of service beyond standard were judged."""
    paid_was, paid_now = was.price.paid_months or 0, now.price.paid_months or 0
    if paid_now < paid_was:
        before, after = months_text(was.price.paid_months), months_text(now.price.paid_months)
        yield _change(
            Topic.COMMERCIAL,
            "term",
            before,
            after,
            f"The term was shortened from {before} to {after}.",
            Direction.REDUCED,
        )
    months_was, months_now = was.term_months or 0, now.term_months or 0
    if months_now > months_was:
        beyond = months_now > policy.structure.standard_months
        before, after = months_text(was.term_months), months_text(now.term_months)
        yield _change(
            Topic.COMMERCIAL,
            "term",
            before,
            after,
            f"The term was lengthened from {before} to {after}.",
            Direction.WORSE if beyond else Direction.BETTER,
        )


def _later(
    field: str, name: str, was: tuple[str, int], now: tuple[str, int]
) -> Iterator[FieldChange]:
    """Later cash is worse, and takes back a prepayment that was given in return."""
    if was == now:
        return
    if was[1] == now[1]:
        direction, how = Direction.SAME, "neither sooner nor later"
    elif now[1] > was[1]:
        direction, how = Direction.WORSE, "later"
    else:
        direction, how = Direction.BETTER, "sooner"
    sentence = f"{name} changed from {was[0]} to {now[0]}, which is {how}."
    yield _change(Topic.COMMERCIAL, field, was[0], now[0], sentence, direction)


def _segment_change(was: Terms, now: Terms, policy: Policy) -> FieldChange:
    """A segment matters only where a rule reads it: from one that asks nobody to one that does."""
    rules = policy.structure.enterprise_segments
    large_was = judged_segment(policy, was.segment.key) in rules
    large_now = judged_segment(policy, now.segment.key) in rules
    if large_was == large_now:
        direction = Direction.SAME
    else:
        direction = Direction.WORSE if large_now else Direction.BETTER
    before, after = was.segment.key, now.segment.key
    return _change(
        Topic.COMMERCIAL,
        "segment",
        before,
        after,
        f"The account's segment changed from {before} to {after}.",
        direction,
    )


# Non-standard terms


def _term_changes(was: Terms, now: Terms, policy: Policy) -> Iterator[FieldChange]:
    """A new term, or another value or text of one, is worse; a dropped one is better."""
    before = {term.key: term for term in was.nonstandard}
    after = {term.key: term for term in now.nonstandard}
    for key, term in after.items():
        free = Direction.SAME if _is_free(policy, term) else None
        if key not in before:
            yield _wording_change(term, None, term, f"{term.name} was added.", free)
        elif _wish(before[key]) != _wish(term):
            kept = free if term.rung in (Rung.STANDARD, Rung.FALLBACK) else None
            yield _wording_change(
                term, before[key], term, f"{term.name} is worded differently now.", kept
            )
    for key, term in before.items():
        if key not in after:
            yield _wording_change(term, term, None, f"{term.name} was dropped.", Direction.BETTER)
    yield from _redline_changes(was, now)


def _redline_changes(was: Terms, now: Terms) -> Iterator[FieldChange]:
    """Another file with redlines must be read again; one taken away only leaves our wording."""
    new, gone = set(now.redlines) - set(was.redlines), set(was.redlines) - set(now.redlines)
    if new:
        sentence, direction = "A file with redlines was added.", Direction.WORSE
    elif gone:
        sentence, direction = "A file with redlines was taken away.", Direction.BETTER
    else:
        return
    before, after = str(len(was.redlines)), str(len(now.redlines))
    yield _change(Topic.LEGAL, "redlines", before, after, sentence, direction)


def _is_free(policy: Policy, term: NonStandardTerm) -> bool:
    """Whether the wording is one that nobody need approve: ours, adopted, or pre-approved."""
    roles, _ = term_asks(policy, term)
    return not roles and (
        term.key in policy.terms.adopted or term.rung in (Rung.STANDARD, Rung.FALLBACK)
    )


def _wish(term: NonStandardTerm) -> tuple[TermCategory, str, str]:
    return term.category, term.requested_value, term.requested_text


def _wording_change(
    term: NonStandardTerm,
    was: NonStandardTerm | None,
    now: NonStandardTerm | None,
    sentence: str,
    direction: Direction | None,
) -> FieldChange:
    return _change(
        term.category.topic,
        f"terms.{term.key}",
        _wording(was),
        _wording(now),
        sentence,
        direction or Direction.WORSE,
    )


def _wording(term: NonStandardTerm | None) -> str:
    if term is None:
        return ""
    return term.requested_text or term.requested_value or term.name


# Roles that were not asked


def _new_roles(approved: Terms, current: Terms, policy: Policy) -> list[FieldChange]:
    """Name each role that the current terms ask and the approved ones did not.

    A lower band of the price ladder is no new role: the higher one has answered for it.
    """
    was, now = evaluate(policy, approved), evaluate(policy, current)
    answered = max((price_authority(policy, t.roles) for t in _price_reasons(was)), default=0)
    changes = [
        _role_change(now, role)
        for role in sorted(now.roles - was.roles)
        if not _answered_for(policy, now, role, answered)
    ]
    changes += [
        _change(Topic.PRICE, problem.code, "", "", problem.sentence, Direction.NEW_ROLE)
        for problem in now.problems
    ]
    return changes


def _price_reasons(route: Route) -> Iterator[Tried]:
    return (tried for tried in route.reasons if tried.axis is Axis.PRICE)


def _answered_for(policy: Policy, route: Route, role: Role, authority: int) -> bool:
    """Whether a role is asked about the price alone, and no higher than was answered already."""
    group = route.group(role)
    for_price = group is not None and all(t.axis is Axis.PRICE for t in group.reasons)
    return for_price and 0 < price_authority(policy, (role,)) <= authority


def _role_change(route: Route, role: Role) -> FieldChange:
    group = route.group(role)
    reasons = group.reasons if group else ()
    why = " ".join(reason.sentence for reason in reasons)
    topic = reasons[0].topic if reasons else Topic.PRICE
    return _change(
        topic,
        f"route.{role.value}",
        "",
        role.value,
        f"{capital(role.label)} was not asked before. {why}",
        Direction.NEW_ROLE,
    )


def _change(
    topic: Topic, field: str, was: str, now: str, sentence: str, direction: Direction
) -> FieldChange:
    return FieldChange(topic, field, was, now, sentence, direction)


def in_words(changes: Collection[FieldChange]) -> list[str]:
    """The sentences of changes, the ones that cost cover first; one price change is said once.

    On a quote of one line the whole, its worst line and its worst year all tell the same.
    """
    told = {(c.was, c.now) for c in changes if c.field in WHOLE}
    ordered = sorted(changes, key=lambda change: not change.loses_cover)
    return [c.sentence for c in ordered if c.field in WHOLE or not repeats(c, told)]


WHOLE = ("discount.blended", "tcv")


def repeats(change: FieldChange, told: Collection[tuple[str, str]]) -> bool:
    """Whether a change of a part was told already by the same change of the whole quote."""
    is_part = change.field.startswith("discount.") or change.field.endswith((".discount", ".net"))
    return is_part and (change.was, change.now) in told
