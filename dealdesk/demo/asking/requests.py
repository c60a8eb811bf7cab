"""Writing a demo request: its row, its snapshot, its submission."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from dealdesk.demo import offers, words
from dealdesk.demo.asking.exceptions import write_exceptions
from dealdesk.demo.asking.facts import Request
from dealdesk.demo.asking.steps import (
    asked_steps,
    decided_steps,
    pending_steps,
    recalled_steps,
    settle,
)
from dealdesk.demo.world import DAY
from dealdesk.resolving import AskedStep

if TYPE_CHECKING:
    from dealdesk.demo.drafting import DealDraft, QuoteDraft
    from dealdesk.demo.quoting import Quoting


def write_request(
    chunk: Quoting, deal: DealDraft, quote: QuoteDraft, at: datetime, wish: str, until: datetime
) -> Request:
    """Submit a quote and let the request come out as wished, no later than `until`."""
    segment = deal.account.segment
    money = chunk.world.money(quote.offer.currency, chunk.world.day(at))
    judged = chunk.judge.judged(quote.offer, segment, money)
    if judged.route.problems:
        raise ValueError(judged.route.problems[0].sentence)
    quote.submitted_at = at
    deal.attempt += 1
    request = Request(chunk.numbers.take("request"), chunk, deal, quote, judged, at, wish, until)
    write_snapshot(request)
    if not judged.route.automatic:
        give_reasons(request)
    steps = asked_steps(request)
    record_submission(request, steps)
    if judged.route.automatic:
        settle(request, "approved", at)
    elif wish == "pending":
        pending_steps(request, steps)
    elif wish == "recalled":
        recalled_steps(request, steps, chunk.between(at, until, 0.4))
    else:
        decided_steps(request, steps)
    write_row(request)
    write_exceptions(request)
    if request.status == "consumed":
        chunk.record(
            "approval.consumed",
            request.subject,
            at=deal.closed_at or at,
            by=deal.seller.id,
            after={
                "approved_digest": judged.digests.overall,
                "won_digest": judged.digests.overall,
            },
            related=request.related,
        )
    return request


def write_snapshot(request: Request) -> None:
    chunk, judged = request.chunk, request.judged
    request.snapshot = chunk.numbers.take("snapshot")
    digests, segment = judged.digests, request.deal.account.segment
    chunk.rows["snapshot"].append(
        (
            request.snapshot,
            request.quote.id,
            chunk.judge.body(judged, segment),
            digests.overall,
            digests.price,
            digests.commercial,
            digests.legal,
            segment.key,
            request.at,
        )
    )


def give_reasons(request: Request) -> None:
    """Why it is asked, what is given in return, and by when an answer is needed."""
    rng = request.chunk.rng
    request.why = rng.choice(words.WHY)
    request.in_return, request.in_return_note = rng.choice(words.IN_RETURN)
    if rng.random() < 0.4:
        request.needed_by = request.chunk.world.day(request.at) + DAY * rng.randint(3, 9)
        request.needed_cause = rng.choice(words.NEEDED_CAUSES)


def record_submission(request: Request, steps: Sequence[AskedStep]) -> None:
    """The entry of the submission, as the operation writes it."""
    chunk, judged = request.chunk, request.judged
    people = [p.key for step in steps for group in step.groups for p in group.people]
    chunk.record(
        "quote.submitted",
        request.subject,
        at=request.at,
        by=request.deal.seller.id,
        after={
            "attempt": request.deal.attempt,
            "digest": judged.digests.overall,
            "policy": chunk.world.policy_number,
            "policy_digest": chunk.world.policy_digest,
            "route": judged.route.key,
            "net": offers.priced(request.quote.offer).net_amount,
            "asked": people,
            "carried": [],
            "needed_by": request.needed_by,
        },
        why=request.why,
        related=request.related,
    )


def write_row(request: Request) -> None:
    chunk, deal, judged = request.chunk, request.deal, request.judged
    world = chunk.world
    valid_until = consumed_at = None
    if request.status in ("approved", "consumed") and request.decided_at:
        valid_until = request.decided_at + DAY * world.policy.validity_days
    if request.status == "consumed":
        consumed_at = deal.closed_at
    chunk.rows["request"].append(
        (
            request.id,
            request.quote.id,
            deal.id,
            deal.attempt,
            request.snapshot,
            world.policy_id,
            judged.route_json,
            judged.route.key,
            judged.route.automatic,
            request.why,
            request.in_return,
            request.in_return_note,
            request.needed_by,
            request.needed_cause,
            request.status,
            request.ended_reason,
            request.at,
            deal.seller.id,
            request.at + DAY * world.policy.pending_days,
            request.decided_at,
            valid_until,
            consumed_at,
        )
    )
