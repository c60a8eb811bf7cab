"""One answer to several approvals that are alike: each is judged by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dealdesk.hardflags import hard_flags
from dealdesk.models import ApprovalRequest, ApprovalSlot, Decision
from dealdesk.operations.decisions import check_verdict, decide_approval
from dealdesk.operations.shared import judged_terms, pinned_policy
from dealdesk.policy import Axis
from dealdesk.routing import tried_of_axis
from dealdesk.wording import listed
from revops.people.actor import Actor
from revops.refusals import Refused

MOST_TOGETHER = 50


@dataclass(frozen=True)
class Picked:
    """An approval as a list showed it: the digest is of the terms it had then."""

    slot: ApprovalSlot
    digest: str


@dataclass(frozen=True)
class TogetherResult:
    """What became of one approval of several."""

    slot: ApprovalSlot
    decision: Decision | None = None
    refusal: Refused | None = None


def decide_together(
    *, picked: Sequence[Picked], verdict: str, reason: str = "", by: Actor, at: datetime
) -> list[TogetherResult]:
    """Give one verdict and one reason to several approvals, each in a transaction of its own.

    Each is the very decision that its own page makes. Left undecided are those whose terms are
    not the ones the list showed, those of another route than the first, and those with a hard
    flag. Raises Refused, and decides nothing, without a verdict, a reason where one is needed, or
    anything picked.
    """
    check_verdict(verdict, reason)
    if not picked:
        raise Refused("Choose at least one approval.", code="nothing_picked")
    if len(picked) > MOST_TOGETHER:
        raise Refused(f"At most {MOST_TOGETHER} at a time.", code="too_many")
    tier = picked[0].slot.step.request.route_key
    return [decide_one(each, tier, verdict, reason, by=by, at=at) for each in picked]


def decide_one(
    each: Picked, tier: str, verdict: str, reason: str, *, by: Actor, at: datetime
) -> TogetherResult:
    try:
        check_is_like(each.slot.step.request, tier)
        decision = decide_approval(
            slot=each.slot, verdict=verdict, reason=reason, digest=each.digest, by=by, at=at
        )
    except Refused as refusal:
        return TogetherResult(each.slot, refusal=refusal)
    return TogetherResult(each.slot, decision)


def check_is_like(request: ApprovalRequest, tier: str) -> None:
    """Raise Refused unless a request may be decided in a row with others of this route."""
    if request.route_key != tier:
        raise Refused("It asks other people than the first one: decide it by itself.", code="tier")
    flags = flags_of(request)
    if flags:
        raise Refused(f"It {listed(flags)}: decide it by itself.", code="hard_flag")


def flags_of(request: ApprovalRequest) -> list[str]:
    """The hard flags of a request, from its frozen terms and the policy it is under."""
    tried = tried_of_axis(request.route, Axis.PRICE)
    return hard_flags(judged_terms(request), pinned_policy(request), tried)
