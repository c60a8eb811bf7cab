"""What a counter-offer changes: typed, kept as it was said, and put onto a quote.

A counter may change what is asked and nothing else: the discount of a line, the length, when the
customer pays and is billed, a concession, a term of the catalogue. It adds no line and no term.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dealdesk import cover
from dealdesk.drafts import ConcessionDraft, LineDraft, QuoteDraft, TermDraft
from dealdesk.models import BillingFrequency, Concession, PaymentTerms, QuoteLine
from dealdesk.policy import Policy, Topic
from dealdesk.terms import Terms, digests
from revops.refusals import Refused


@dataclass(frozen=True, slots=True)
class LinePatch:
    """Another discount on one line, in percent off standard, in every year of it."""

    key: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TermPatch:
    """Another value or wording of a term, or the term left out."""

    key: str
    value: str = ""
    text: str = ""
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class ConcessionPatch:
    """Another value of a concession: months, money or seats; nought leaves it out."""

    kind: str
    line_key: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Patch:
    """Everything that an approver wants otherwise; what is empty stays as it was asked."""

    lines: tuple[LinePatch, ...] = ()
    term_months: int | None = None
    payment: str = ""
    billing: str = ""
    concessions: tuple[ConcessionPatch, ...] = ()
    terms: tuple[TermPatch, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self == Patch()


def patched(draft: QuoteDraft, patch: Patch) -> QuoteDraft:
    """Return the draft of a quote with these changes. Raises Refused for what it has not."""
    _check_there("line", {line.key for line in draft.lines}, (p.key for p in patch.lines))
    _check_there("term", {row.term.key for row in draft.terms}, (p.key for p in patch.terms))
    given = {(row.kind, row.line_key) for row in draft.concessions}
    _check_there("concession", given, ((p.kind, p.line_key) for p in patch.concessions))
    return QuoteDraft(
        header={**draft.header, **_header(patch)},
        lines=[_line(line, patch) for line in draft.lines],
        concessions=list(filter(None, (_concession(row, patch) for row in draft.concessions))),
        terms=list(filter(None, (_term(row, patch) for row in draft.terms))),
    )


def _check_there(noun: str, there: Collection[Any], named: Iterable[Any]) -> None:
    if set(named) - set(there):
        raise Refused(f"The quote has no such {noun}.", code="patch_does_not_fit")


def _header(patch: Patch) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if patch.term_months is not None:
        found["term_months"] = patch.term_months
    if patch.payment:
        found["payment_terms"] = _standing(PaymentTerms, patch.payment)
    if patch.billing:
        found["billing"] = _standing(BillingFrequency, patch.billing)
    return found


def _standing(model: Any, key: str) -> Any:
    row = model.objects.filter(key=key, retired_at=None).first()
    if row is None:
        raise Refused(
            f"{model._meta.verbose_name.capitalize()} “{key}” is not offered any more.",
            code="patch_does_not_fit",
        )
    return row


def _line(line: LineDraft, patch: Patch) -> LineDraft:
    wanted = next((p for p in patch.lines if p.key == line.key), None)
    if wanted is None:
        return line
    nothing, percent = QuoteLine.Typed.NOTHING, QuoteLine.Typed.PERCENT
    years = [replace(year, typed=nothing, typed_value=None) for year in line.years]
    return replace(
        line,
        discount_kind=QuoteLine.DiscountKind.DISCRETIONARY,
        typed=percent if wanted.percent else nothing,
        typed_value=wanted.percent or None,
        years=years,
    )


def _concession(row: ConcessionDraft, patch: Patch) -> ConcessionDraft | None:
    wanted = next(
        (p for p in patch.concessions if (p.kind, p.line_key) == (row.kind, row.line_key)), None
    )
    if wanted is None:
        return row
    if not wanted.value:
        return None
    if row.kind == Concession.Kind.FREE_MONTHS:
        return replace(row, months=int(wanted.value))
    if row.kind == Concession.Kind.FREE_SEATS:
        return replace(row, quantity=wanted.value)
    return replace(row, amount=wanted.value)


def _term(row: TermDraft, patch: Patch) -> TermDraft | None:
    wanted = next((p for p in patch.terms if p.key == row.term.key), None)
    if wanted is None:
        return row
    if wanted.dropped:
        return None
    return replace(row, requested_value=wanted.value, requested_text=wanted.text)


def check_offer(asked: Terms, offered: Terms, policy: Policy, *, judged: Collection[Topic]) -> None:
    """Raise Refused unless an approver may offer these terms instead of those asked.

    They differ, they can be priced, and nothing in them is worse for us than what was asked: so
    nobody becomes the author of worse terms by countering. Another wording of a term belongs to
    who judges its topic. A longer term is something we get; who must agree to it is asked.
    """
    if offered.price.problems:
        raise Refused(offered.price.problems[0].sentence, code="patch_does_not_fit")
    if digests(asked).overall == digests(offered).overall:
        raise Refused("A counter-offer changes something.", code="nothing_changed")
    worse = [
        change
        for change in cover.diff(asked, offered, policy)
        if change.loses_cover and not _may_be_offered(change, asked, offered, judged)
    ]
    if worse:
        raise Refused(
            f"A counter-offer is nowhere worse for us. {' '.join(cover.in_words(worse)[:3])}",
            code="counter_is_worse",
        )


def _may_be_offered(
    change: cover.FieldChange, asked: Terms, offered: Terms, judged: Collection[Topic]
) -> bool:
    if change.field == "term":
        return (offered.price.paid_months or 0) > (asked.price.paid_months or 0)
    return change.field.startswith("terms.") and change.topic in judged
