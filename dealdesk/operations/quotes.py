"""Making quotes, changing drafts, and choosing the one a deal stands on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from dealdesk import terms as judged
from dealdesk.cover import worsened_topics
from dealdesk.defaults import STANDARD_BILLING, STANDARD_PAYMENT_TERMS
from dealdesk.drafts import (
    ConcessionDraft,
    LineDraft,
    QuoteDraft,
    TermDraft,
    build_rows,
    draft_of,
)
from dealdesk.inputs import QuoteRows, TermsReader, policy_in_force, rows_of
from dealdesk.models import BillingFrequency, LineYear, PaymentTerms, Quote, QuoteEdit
from dealdesk.operations.covering import rejudge
from dealdesk.operations.papers import copy_redlines
from dealdesk.operations.shared import (
    FIGURES,
    lock_deal,
    lock_quote,
    take_amount,
    write_figures,
)
from dealdesk.permissions import check_can_quote, check_can_save
from dealdesk.policy import Policy, Topic
from pipeline.models import Deal
from pipeline.operations.shared import follow_evidence
from revops.company.models import Company
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import NotAllowed, Refused

ALL_TOPICS = sorted(topic.value for topic in Topic)


@transaction.atomic(durable=True)
def create_quote(
    *,
    deal: Deal,
    by: Actor,
    at: datetime,
    lines: Sequence[LineDraft] = (),
    concessions: Sequence[ConcessionDraft] = (),
    terms: Sequence[TermDraft] = (),
    **header: Any,
) -> Quote:
    """Start a new quote on a deal, on standard terms; the first one becomes its primary."""
    deal = lock_deal(deal.pk)
    check_can_quote(deal, by=by)
    draft = QuoteDraft({**standard_header(deal, at), **header}, lines, concessions, terms)
    return add_revision(deal, draft, based_on=None, by=by, at=at)


@transaction.atomic(durable=True)
def save_quote(
    *,
    quote: Quote,
    header: dict[str, Any] | None = None,
    lines: Sequence[LineDraft] = (),
    concessions: Sequence[ConcessionDraft] = (),
    terms: Sequence[TermDraft] = (),
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Quote:
    """Replace what a draft offers by what was typed, priced by the list of its day.

    The edit is kept with the judged topics it made worse for us: its author may not decide on
    this quote. Raises Refused for a submitted revision and for what cannot be.
    """
    deal = lock_deal(quote.deal_id)
    quote = lock_quote(quote.pk, deal)
    check_can_save(quote, by=by)
    check_version(quote, version)
    _, policy = policy_in_force()
    reader = TermsReader(policy)
    old = rows_of(quote)
    before = reader.terms(old)
    facts = facts_of(quote)
    rows = build_rows(quote, QuoteDraft(header or {}, lines, concessions, terms))
    after = reader.terms(rows)
    _write(rows, after)
    quote.save_version(update_fields=[*header_fields(), *FIGURES])
    worse = _worsened(before, after, policy, was_empty=not old.lines)
    if by.user is not None:
        QuoteEdit.objects.create(quote=quote, edited_at=at, edited_by=by.user, worsened=worse)
    record(
        "quote.saved",
        quote,
        by=by,
        at=at,
        before=facts,
        after={**facts_of(quote), "worsened": worse},
        related=[deal],
    )
    if quote.is_primary and rows.lines:
        take_amount(deal, quote, by=by, at=at)
    follow_evidence(deal, by=by, at=at)
    return quote


@transaction.atomic(durable=True)
def revise_quote(*, quote: Quote, by: Actor, at: datetime) -> Quote:
    """Make draft n+1 of a quote, which itself stays as it is; approvals may be carried forward."""
    deal = lock_deal(quote.deal_id)
    check_can_quote(deal, by=by)
    source = rows_of(Quote.objects.get(pk=quote.pk))
    return add_revision(deal, draft_of(source), based_on=source.quote, by=by, at=at, is_copy=True)


@transaction.atomic(durable=True)
def clone_quote(*, quote: Quote, deal: Deal | None = None, by: Actor, at: datetime) -> Quote:
    """Copy a quote, at today's prices, as a draft of its own that carries no approvals."""
    if by.user and not Quote.objects.visible_to(by.user).filter(pk=quote.pk).exists():
        raise NotAllowed("This quote is not yours to copy.")
    deal = lock_deal((deal or quote.deal).pk)
    check_can_quote(deal, by=by)
    draft = draft_of(rows_of(Quote.objects.get(pk=quote.pk)))
    today = {"priced_on": Company.get().local_day(at)}
    draft = replace(draft, header={**draft.header, **today})
    return add_revision(deal, draft, based_on=None, by=by, at=at)


@transaction.atomic(durable=True)
def make_primary(*, quote: Quote, version: int | None = None, by: Actor, at: datetime) -> Quote:
    """Let a deal stand on this quote: its net becomes the deal's amount, and cover is re-judged.

    An approval that covered the quote before and does not cover this one ends here, in the same
    transaction, unless another approval covers it.
    """
    deal = lock_deal(quote.deal_id)
    quote = lock_quote(quote.pk, deal)
    check_can_quote(deal, by=by)
    check_version(quote, version)
    if quote.is_primary:
        raise Refused("This quote is the deal's primary already.")
    if not quote.lines.exists():
        raise Refused("A deal cannot stand on a quote without lines.")
    stand_on(quote, deal, by=by, at=at)
    follow_evidence(deal, by=by, at=at)
    return quote


# Shared with other operations; all assume the transaction.


def stand_on(quote: Quote, deal: Deal, *, by: Actor, at: datetime) -> None:
    """Let a locked deal stand on this quote; approvals that do not cover it end here."""
    previous = deal.quotes.filter(is_primary=True).first()
    if previous is not None:
        previous.is_primary = False
        previous.save_version(update_fields=["is_primary"])
    quote.is_primary = True
    quote.save_version(update_fields=["is_primary"])
    take_amount(deal, quote, by=by, at=at)
    lost = rejudge(deal, previous=previous, by=by, at=at)
    record(
        "quote.made_primary",
        quote,
        by=by,
        at=at,
        before={"quote": previous.pk if previous else None},
        after={"quote": quote.pk, "net": quote.net_amount, "lost": [r.pk for r in lost]},
        related=[deal, *([previous] if previous else [])],
    )


def add_revision(
    deal: Deal,
    draft: QuoteDraft,
    *,
    based_on: Quote | None,
    by: Actor,
    at: datetime,
    is_copy: bool = False,
) -> Quote:
    """Add a draft with the next revision number; the deal's first quote becomes its primary."""
    last = deal.quotes.aggregate(last=Max("revision"))["last"] or 0
    quote = Quote(
        deal=deal,
        revision=last + 1,
        based_on=based_on,
        is_primary=not last,
        created_at=at,
        created_by=by.user,
    )
    _, policy = policy_in_force()
    rows = build_rows(quote, draft)
    after = TermsReader(policy).terms(rows)
    write_figures(quote, after.price)
    quote.save()
    _write(rows, after)
    worse = [] if is_copy or not rows.lines else ALL_TOPICS
    if by.user is not None:
        QuoteEdit.objects.create(quote=quote, edited_at=at, edited_by=by.user, worsened=worse)
    record(
        "quote.revised" if based_on else "quote.created",
        quote,
        by=by,
        at=at,
        after={**facts_of(quote), "based_on": based_on.pk if based_on else None},
        related=[deal, *([based_on] if based_on else [])],
    )
    if based_on is not None:
        copy_redlines(based_on, quote, by=by, at=at)
    if quote.is_primary and rows.lines:
        take_amount(deal, quote, by=by, at=at)
    follow_evidence(deal, by=by, at=at)
    return quote


def _write(rows: QuoteRows, after: judged.Terms) -> None:
    """Put the rows in place of those there are."""
    quote = rows.quote
    write_figures(quote, after.price)
    for related in (quote.concessions, quote.terms, quote.lines):
        related.all().delete()
    quote.__dict__.pop("_prefetched_objects_cache", None)
    for line_rows in rows.lines:
        line_rows.line.save()
        for year in line_rows.years:
            year.line = line_rows.line
        LineYear.objects.bulk_create(line_rows.years)
    for concession in rows.concessions:
        concession.line = concession.line
        concession.save()
    for term in rows.terms:
        term.save()


def _worsened(
    before: judged.Terms, after: judged.Terms, policy: Policy, *, was_empty: bool
) -> list[str]:
    """Topics an edit made worse; whoever fills an empty quote is the author of all of it."""
    if was_empty or before.price.problems or after.price.problems:
        return ALL_TOPICS
    return sorted(topic.value for topic in worsened_topics(before, after, policy))


def standard_header(deal: Deal, at: datetime) -> dict[str, Any]:
    return {
        "currency": deal.currency,
        "priced_on": Company.get().local_day(at),
        "term_months": 12,
        "payment_terms": PaymentTerms.objects.get(key=STANDARD_PAYMENT_TERMS),
        "billing": BillingFrequency.objects.get(key=STANDARD_BILLING),
    }


def header_fields() -> list[str]:
    return ["kind", "currency", "priced_on", "term_months", "payment_terms", "billing", "note"]


def facts_of(quote: Quote) -> dict[str, Any]:
    """What the ledger keeps of a quote."""
    return {
        "revision": quote.revision,
        "kind": quote.kind,
        "currency": quote.currency,
        "priced_on": quote.priced_on,
        "term_months": quote.term_months,
        "payment_terms": quote.payment_terms.key,
        "billing": quote.billing.key,
        "standard": quote.standard_amount,
        "net": quote.net_amount,
        "discount_percent": quote.discount_percent,
    }
