"""What happens to approvals when a deal, its account or its primary quote changes."""

from __future__ import annotations

from datetime import datetime

from dealdesk import cover, links
from dealdesk.coverage import approvals_behind, approvals_of, cover_of, covers
from dealdesk.inputs import QuoteRows, TermsReader, policy_in_force, rows_of, terms_of
from dealdesk.models import ApprovalRequest, Quote
from dealdesk.operations.budgets import give_back
from dealdesk.operations.ending import end_request, tell_outcome
from dealdesk.operations.shared import lock_deal, lock_request, pinned_policy
from dealdesk.operations.staffing import restaff
from dealdesk.terms import digests
from pipeline.findings.keeping import refresh_approval
from pipeline.models import Deal, Move
from pipeline.registry import PlannedMove
from revops.ledger.operations import record
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import User

READ_BY_RULES = frozenset({"account", "segment", "currency"})
"""Facts of a deal, outside its quotes, that rules read."""


def rejudge(
    deal: Deal, *, by: Actor, at: datetime, previous: Quote | None = None
) -> list[ApprovalRequest]:
    """Hold every approval of a locked deal against its terms as they are now; return those lost.

    An approval whose own quote changed from outside (segment, account) ends. One that covered
    the `previous` primary ends when neither it nor any other approval covers the new primary.
    """
    lost = [*_changed_from_outside(deal, by=by, at=at)]
    primary = Quote.objects.filter(deal=deal, is_primary=True).first()
    if previous is None or primary is None:
        return lost
    rows = rows_of(primary)
    held = [r for r in approvals_of(previous) if r.valid_until and at < r.valid_until]
    if any(covers(request, rows).ok for request in approvals_of(primary)):
        return lost
    before = rows_of(previous)
    for request in held:
        if covers(request, before).ok:
            changes = covers(request, rows).worsened or ()
            lost.append(invalidate(request, deal, words(changes), by=by, at=at))
    return lost


def words(changes: tuple[cover.FieldChange, ...]) -> str:
    return " ".join(cover.in_words(changes))


def _changed_from_outside(deal: Deal, *, by: Actor, at: datetime) -> list[ApprovalRequest]:
    """End what no longer fits its own quote, and pending requests that judge other facts."""
    standing = ApprovalRequest.objects.filter(
        deal=deal,
        status__in=[ApprovalRequest.Status.APPROVED, ApprovalRequest.Status.PENDING],
    ).select_related("quote", "snapshot", "policy")
    lost = []
    for request in standing.order_by("attempt"):
        found = covers(request, rows_with(request.quote, deal))
        if found.ok:
            continue
        if request.is_pending:
            _supersede(request, deal, found, by=by, at=at)
        else:
            lost.append(invalidate(request, deal, words(found.worsened), by=by, at=at))
    return lost


def rows_with(quote: Quote, deal: Deal) -> QuoteRows:
    """The rows of a quote with the deal as it stands in this transaction."""
    rows = rows_of(quote)
    quote.deal = deal
    return rows


def invalidate(
    request: ApprovalRequest,
    deal: Deal,
    why: str,
    *,
    by: Actor,
    at: datetime,
) -> ApprovalRequest:
    request = lock_request(request.pk, deal)
    request.mark_invalidated()
    request.ended_reason = why or "The deal stands on other terms."
    request.save(update_fields=["status", "ended_reason"])
    refresh_approval(request.deal_id)
    give_back(request, why=request.ended_reason, by=by, at=at)
    record(
        "approval.cover_lost",
        request,
        by=by,
        at=at,
        after={"status": request.status, "digest": request.snapshot.digest},
        why=request.ended_reason,
        related=[deal, request.quote],
    )
    told: list[User] = [decision.decided_by for decision in approvals_behind(request)]
    for person in dict.fromkeys([deal.owner, *told]):
        notify(
            person,
            "approval.cover_lost",
            about=request,
            dedupe_key=f"request:{request.pk}",
            at=at,
            context={"deal": deal.name, "why": request.ended_reason, "who": by.name},
            link=f"request:{request.pk}",
        )
    return request


def _supersede(
    request: ApprovalRequest, deal: Deal, found: cover.Cover, *, by: Actor, at: datetime
) -> None:
    """End a pending request whose terms are no longer those of its quote."""
    request = lock_request(request.pk, deal)
    why = " ".join(cover.in_words(found.worsened))
    end_request(
        request,
        ApprovalRequest.Status.SUPERSEDED,
        why=f"{why} Submit the quote again.".strip(),
        by=by,
        at=at,
        killed=links.Killed.ENDED,
    )
    tell_outcome(request, by=by, at=at)


# What the pipeline calls, within the transaction of its change.


def on_deal_changed(deal: Deal, fields: frozenset[str], *, by: Actor, at: datetime) -> None:
    """Re-judge at once when a fact changed that a rule reads; a new owner decides nothing."""
    if not fields & (READ_BY_RULES | {"owner"}):
        return
    fresh = lock_deal(deal.pk)
    if not fresh.is_open:
        return
    if fields & READ_BY_RULES:
        rejudge(fresh, by=by, at=at)
    if "owner" in fields:
        pending = ApprovalRequest.objects.pending().filter(deal=fresh).order_by("pk")
        for pk in list(pending.values_list("pk", flat=True)):
            restaff(lock_request(pk, fresh), by=by, at=at)


def on_move(move: PlannedMove, *, by: Actor, at: datetime) -> None:
    """A win uses its approval up; a closed deal keeps no request open and no segment in doubt."""
    if move.kind in (Move.WIN, Move.LOSE):
        _stamp_segment(move.deal)
        _close_pending(move, by=by, at=at)
    if move.kind == Move.WIN:
        _consume(move, by=by, at=at)


def _stamp_segment(deal: Deal) -> None:
    """Keep the segment a deal closed with, whatever becomes of the account."""
    _, policy = policy_in_force()
    deal.closed_segment = TermsReader(policy).segment(deal.account).key
    Deal.objects.filter(pk=deal.pk).update(closed_segment=deal.closed_segment)


def _close_pending(move: PlannedMove, *, by: Actor, at: datetime) -> None:
    pending = ApprovalRequest.objects.pending().filter(deal=move.deal).order_by("pk")
    for found in pending:
        request = lock_request(found.pk, move.deal)
        end_request(
            request,
            ApprovalRequest.Status.SUPERSEDED,
            why="The deal was closed.",
            by=by,
            at=at,
            killed=links.Killed.ENDED,
        )


def _consume(move: PlannedMove, *, by: Actor, at: datetime) -> None:
    state = cover_of(move.deal, at)
    if state.request is None or state.quote is None:
        return
    request = lock_request(state.request.pk, move.deal)
    request.mark_consumed()
    request.consumed_at = at
    request.save(update_fields=["status", "consumed_at"])
    record(
        "approval.consumed",
        request,
        by=by,
        at=at,
        after={
            "approved_digest": request.snapshot.digest,
            "won_digest": covers_digest(request, state.quote),
        },
        related=[move.deal, state.quote],
    )


def covers_digest(request: ApprovalRequest, quote: Quote) -> str:
    """The digest of the terms a deal is won on, beside the one that was approved."""
    reader = TermsReader(pinned_policy(request))
    return digests(terms_of(quote, reader=reader)).overall
