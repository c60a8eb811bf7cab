"""What can be wrong with the approval that an open deal stands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from dealdesk.models import ApprovalRequest
from pipeline.findings import Context, Kind, Seen
from pipeline.models import Deal
from pipeline.registry import BAD
from revops.remembering import remembered

Status = ApprovalRequest.Status
ENDED_IN_TIME = (Status.EXPIRED, Status.LAPSED)
VOIDED = (Status.INVALIDATED, Status.REVOKED, Status.SUPERSEDED)


def last_requests(context: Context) -> QuerySet[ApprovalRequest]:
    """The last attempt of every deal that no approval in time covers."""
    others = ApprovalRequest.objects.filter(deal=OuterRef("deal"))
    later = others.filter(attempt__gt=OuterRef("attempt"))
    standing = others.filter(status=Status.APPROVED, valid_until__gt=context.at)
    return ApprovalRequest.objects.filter(~Exists(later), ~Exists(standing))


def is_expired(context: Context) -> Q:
    """Nobody decided in time, or the approval was not used in time."""
    return Q(status__in=ENDED_IN_TIME) | Q(status=Status.APPROVED, valid_until__lte=context.at)


def approval_expired(context: Context) -> Q:
    return Q(pk__in=last_requests(context).filter(is_expired(context)).values("deal"))


def approval_voided(context: Context) -> Q:
    return Q(pk__in=last_requests(context).filter(status__in=VOIDED).values("deal"))


READ = ("deal_id", "status", "valid_until", "decided_at", "expires_at", "ended_reason")


def read_last(deals: Sequence[Deal], context: Context) -> list[ApprovalRequest]:
    """Those of the deals whose approval ended badly: asked once for both kinds."""
    pks = tuple(deal.pk for deal in deals)
    ended = is_expired(context) | Q(status__in=VOIDED)
    found = last_requests(context).filter(ended, deal__in=pks).only(*READ)
    return remembered(("last requests", pks, context.at), lambda: list(found))


def read_expired(deals: Sequence[Deal], context: Context) -> Mapping[int, ApprovalRequest]:
    found = read_last(deals, context)
    return {each.deal_id: each for each in found if each.status not in VOIDED}


def read_voided(deals: Sequence[Deal], context: Context) -> Mapping[int, ApprovalRequest]:
    found = read_last(deals, context)
    return {each.deal_id: each for each in found if each.status in VOIDED}


def judge_expired(deal: Deal, context: Context, fact: Any) -> Seen | None:
    if fact is None:
        return None
    if fact.status == Status.APPROVED:
        day = context.day(fact.valid_until)
        return Seen(day, f"The approval was good until {day:%-d %B %Y}.")
    ended = fact.decided_at or fact.expires_at
    return Seen(context.day(ended), "Nobody decided on the quote in time.")


def judge_voided(deal: Deal, context: Context, fact: Any) -> Seen | None:
    if fact is None:
        return None
    since = context.day(fact.decided_at) if fact.decided_at else None
    return Seen(since, fact.ended_reason or "The approval no longer covers the deal.")


def to_quotes(deal: Deal, context: Context) -> str:
    return f"{reverse('pipeline:deal-detail', args=[deal.pk])}#quotes"


KINDS = (
    Kind(
        "approval_expired",
        "Approval expired",
        BAD,
        "The approval was not given or not used in time.",
        approval_expired,
        judge_expired,
        "Submit the quote again",
        to_quotes,
        read=read_expired,
        order="close_date",
    ),
    Kind(
        "approval_voided",
        "Approval voided",
        BAD,
        "The approval no longer covers what the deal stands on.",
        approval_voided,
        judge_voided,
        "Submit the quote again",
        to_quotes,
        read=read_voided,
        order="close_date",
    ),
)
