"""Who may not decide on a quote, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dealdesk.models import ApprovalRequest, Quote, QuoteEdit
from revops.people.away import Away, delegators, read_away
from revops.people.models import User
from revops.remembering import remembered

EVER_APPROVED = frozenset(
    {
        ApprovalRequest.Status.APPROVED,
        ApprovalRequest.Status.CONSUMED,
        ApprovalRequest.Status.LAPSED,
        ApprovalRequest.Status.INVALIDATED,
    }
)


def family_of(quote: Quote) -> list[int]:
    """Return the revisions that grew out of the same quote, itself too.

    A clone begins a family of its own, so that it carries no approvals.
    """
    based_on = Quote.objects.filter(deal=quote.deal_id).values_list("pk", "based_on")
    parents = remembered(("based on", quote.deal_id), lambda: dict(based_on))
    root = root_of(quote.pk, parents)
    return sorted(pk for pk in parents if root_of(pk, parents) == root)


def root_of(pk: int, parents: dict[int, int | None]) -> int:
    while (parent := parents.get(pk)) is not None and parent in parents:
        pk = parent
    return pk


def excluded_people(
    quote: Quote, submitter: User | None, at: datetime | None = None
) -> dict[int, str]:
    """Return who may not decide on this quote: person → why, as the end of a sentence.

    The submitter, the deal's owner, whoever worsened a judged topic since the last approval, and
    whoever has one of these as delegate at that moment (None: delegates are not looked at).
    """
    excluded = dict.fromkeys(worseners(quote), "made these terms worse for us")
    excluded[quote.deal.owner_id] = "owns this deal"
    if submitter is not None:
        excluded[submitter.pk] = "submitted this quote"
    return with_delegators(excluded, at)


def with_delegators(excluded: dict[int, str], at: datetime | None) -> dict[int, str]:
    """Add those for whom an excluded person answers now: their say would be that person's."""
    away = read_away(at) if at is not None else Away()
    found = delegators(excluded, away.delegates)
    if not found:
        return excluded
    names = dict(User.objects.filter(pk__in=found.values()).values_list("pk", "name"))
    return excluded | {
        delegator: f"has {names[person]} as delegate, who {excluded[person]}"
        for delegator, person in found.items()
    }


def worseners(quote: Quote) -> Iterable[int]:
    """People whose edit made a judged topic of this family worse since its last approval."""
    family = family_of(quote)
    edits = QuoteEdit.objects.filter(quote__in=family).exclude(worsened=[])
    last = (
        ApprovalRequest.objects.filter(quote__in=family, status__in=EVER_APPROVED)
        .order_by("-decided_at")
        .values_list("decided_at", flat=True)
        .first()
    )
    if last:
        edits = edits.filter(edited_at__gt=last)
    return set(edits.values_list("edited_by", flat=True))
