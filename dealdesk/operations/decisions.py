"""Deciding: the same for page, mail link and API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from dealdesk import cover, links
from dealdesk.coverage import at_rate_of
from dealdesk.exclusions import excluded_people
from dealdesk.inputs import TermsReader
from dealdesk.models import (
    ApprovalCondition,
    ApprovalLink,
    ApprovalRequest,
    ApprovalSlot,
    ApprovalStep,
    Decision,
    TermsSnapshot,
)
from dealdesk.operations.covering import rows_with
from dealdesk.operations.ending import close_slots, end_request, tell_approvers, tell_outcome
from dealdesk.operations.sameperson import carry_to_other_steps
from dealdesk.operations.shared import judged_terms, lock_deal, lock_request, pinned_policy
from dealdesk.operations.staffing import ANSWERS, ask_by_mail, standing
from dealdesk.operations.steps import settle_request
from dealdesk.papers import check_paper
from dealdesk.permissions import (
    check_can_decide,
    check_can_return,
    check_is_eligible,
    check_is_open,
    check_stands_in,
)
from dealdesk.policy import Policy, SamePerson, StepMode, StepUp, Topic
from dealdesk.settling import YES, Outcome
from dealdesk.stepup import step_up_of
from dealdesk.terms import digests, from_canonical
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Conflict, NotAllowed, Refused


@transaction.atomic(durable=True)
def decide_approval(
    *,
    slot: ApprovalSlot,
    verdict: str,
    reason: str = "",
    digest: str,
    conditions: Sequence[str] = (),
    link: ApprovalLink | None = None,
    by: Actor,
    at: datetime,
) -> Decision:
    """Record a person's decision on exactly the terms they were shown, and settle the request.

    One rejection ends the request, and so does returning it for changes; the last approval needed
    approves it. Conditions of an approval must be done before the deal is won on it.

    Who is asked, whether they may still decide and whether the terms are the ones shown is asked
    again under the lock. Raises NotAllowed, Conflict (decided, recalled, link used, terms
    changed) or Refused; then nothing at all has happened, and a link is not used up.
    """
    return decide_slot(
        slot,
        verdict=verdict,
        reason=reason,
        digest=digest,
        conditions=conditions,
        link=link,
        by=by,
        at=at,
    )


def decide_slot(
    slot: ApprovalSlot,
    *,
    verdict: str,
    reason: str,
    digest: str,
    conditions: Sequence[str] = (),
    link: ApprovalLink | None = None,
    by: Actor,
    at: datetime,
) -> Decision:
    """Decide within the caller's transaction, asking everything that `decide_approval` asks."""
    slot, policy = slot_to_decide(slot, by=by, at=at)
    request = slot.step.request
    check_verdict(verdict, reason)
    wanted = read_conditions(verdict, conditions)
    if verdict == Decision.Verdict.RETURNED:
        check_can_return(request)
    if verdict == Decision.Verdict.APPROVED:
        check_paper(slot)
    check_terms(request, digest)
    if link is not None:
        use_link(link, slot, at=at)
    decision = write_decision(
        slot, request, verdict=verdict, reason=reason, conditions=wanted, by=by, at=at
    )
    if verdict == Decision.Verdict.RETURNED:
        send_back(request, decision, by=by, at=at)
    elif standing(request).outcome is Outcome.REJECTED:
        reject(request, slot, decision, by=by, at=at)
    else:
        decided = [slot]
        if verdict == Decision.Verdict.APPROVED and policy.same_person is SamePerson.CARRIED:
            decided += carry_to_other_steps(request, slot, decision, by=by, at=at)
        for each in decided:
            close_group(request, each, by=by, at=at)
        settle_request(request, by=by, at=at)
    return decision


@transaction.atomic(durable=True)
def send_fresh_link(*, slot: ApprovalSlot, by: Actor, at: datetime) -> ApprovalSlot:
    """Mail the addressee of an open slot a fresh link; the ones before it end.

    Nobody learns anything by asking: the mail goes to the addressee and to nobody else.
    """
    deal = lock_deal(slot.step.request.deal_id)
    request = lock_request(slot.step.request_id, deal)
    slot = locked_slot(slot.pk, request)
    check_is_open(slot)
    excluded = excluded_people(request.quote, request.submitted_by, at)
    check_stands_in(slot, at=at)
    check_is_eligible(slot, excluded=excluded, policy=pinned_policy(request))
    last = slot.links.order_by("-issued_at", "-pk").first()
    if last is not None and (at - last.issued_at).total_seconds() < PAUSE:
        raise Conflict("A link was sent a moment ago. Look into your mail.", code="just_sent")
    ask_by_mail(slot, request, at=at, key=f"slot:{slot.pk}:fresh:{at.timestamp():.0f}")
    record("approval.link_sent", slot, by=by, at=at, related=[request, deal])
    return slot


PAUSE = 60
"""Seconds between two fresh links, so that a dead link cannot be used to flood a mailbox."""


def write_decision(
    slot: ApprovalSlot,
    request: ApprovalRequest,
    *,
    verdict: str,
    reason: str,
    conditions: Sequence[str] = (),
    by: Actor,
    at: datetime,
) -> Decision:
    """Write down what the person of a slot decided on the terms of a locked request.

    Who answers for somebody who is away decides under their own name, on behalf of that one.
    """
    if slot.absence is not None:
        by = replace(by, on_behalf_of=slot.principal)
    decision = Decision.objects.create(
        slot=slot,
        verdict=verdict,
        reason=reason.strip(),
        terms_digest=request.snapshot.digest,
        topics={topic: digest_of(request.snapshot, topic) for topic in slot.topics},
        decided_at=at,
        decided_by=slot.person,
        on_behalf_of=by.on_behalf_of,
        via=by.via,
        ip=by.ip,
        agent=by.agent[:300],
    )
    ApprovalCondition.objects.bulk_create(
        ApprovalCondition(decision=decision, text=text, set_at=at) for text in conditions
    )
    slot.state = verdict
    slot.closed_at = at
    slot.save(update_fields=["state", "closed_at"])
    links.kill([slot], why=links.Killed.DECIDED, at=at)
    record(
        "approval.decided",
        decision,
        by=by,
        at=at,
        after={
            "verdict": verdict,
            "role": slot.role,
            "digest": decision.terms_digest,
            "topics": decision.topics,
            "slot": slot.pk,
            "conditions": list(conditions),
        },
        why=decision.reason,
        related=[request, request.deal, request.quote],
    )
    return decision


# What deciding asks


def slot_to_decide(slot: ApprovalSlot, *, by: Actor, at: datetime) -> tuple[ApprovalSlot, Policy]:
    """The slot under the locks of its deal and request, and the policy it is judged by.

    Raises what keeps `by` from answering it now: deciding and offering other terms ask the same.
    """
    deal = lock_deal(slot.step.request.deal_id)
    request = lock_request(slot.step.request_id, deal)
    slot = locked_slot(slot.pk, request)
    policy = pinned_policy(request)
    excluded = excluded_people(request.quote, request.submitted_by, at)
    check_can_decide(slot, by=by, excluded=excluded, policy=policy)
    check_stands_in(slot, at=at)
    check_decides_once(slot)
    return slot, policy


def locked_slot(slot_id: int, request: ApprovalRequest) -> ApprovalSlot:
    """The slot as it is now; the lock on its request makes it ours."""
    slot = ApprovalSlot.objects.select_related("step", "person__calendar", "absence__person").get(
        pk=slot_id
    )
    slot.step.request = request
    return slot


def check_decides_once(slot: ApprovalSlot) -> None:
    """Raise NotAllowed when this person already answered for another group of the step."""
    others = slot.step.slots.exclude(pk=slot.pk).filter(person=slot.person)
    if others.exclude(state=ApprovalSlot.State.REASSIGNED).exists():
        raise NotAllowed("One person cannot answer for two groups of one step.")


def check_verdict(verdict: str, reason: str) -> None:
    if verdict not in Decision.Verdict.values:
        raise Refused("Choose to approve, to reject or to return it.", code="verdict_missing")
    if verdict in REASONS and not reason.strip():
        raise Refused(REASONS[Decision.Verdict(verdict)], code="reason_missing")


REASONS = {
    Decision.Verdict.REJECTED: "Say why you reject this.",
    Decision.Verdict.RETURNED: "Say what must change.",
}


def read_conditions(verdict: str, conditions: Sequence[str]) -> list[str]:
    """Return what must be done, each once; raises Refused when it belongs to no approval."""
    wanted = list(dict.fromkeys(filter(None, (text.strip() for text in conditions))))
    if wanted and verdict != Decision.Verdict.APPROVED:
        raise Refused("Conditions belong to an approval.", code="conditions_misplaced")
    if len(wanted) > MOST_CONDITIONS or any(len(text) > LONGEST for text in wanted):
        raise Refused(
            f"At most {MOST_CONDITIONS} conditions of {LONGEST} letters. If it is more, return it.",
            code="conditions_too_many",
        )
    return wanted


MOST_CONDITIONS, LONGEST = 10, 300


def check_terms(request: ApprovalRequest, shown: str) -> None:
    """Raise Conflict with what changed unless the terms shown are those judged, and hold still."""
    if shown != request.snapshot.digest:
        raise Conflict(
            "The terms changed while this page was open. Look at them again.",
            code="terms_changed",
            changes=changes_since(shown, request),
            digest=request.snapshot.digest,
        )
    policy = pinned_policy(request)
    judged = judged_terms(request)
    now = TermsReader(policy).terms(rows_with(request.quote, request.deal))
    if digests(now).overall == request.snapshot.digest:
        return
    found = cover.covers(judged, at_rate_of(judged, now), policy)
    if not found.ok:
        raise Conflict(
            "The terms changed since they were submitted. They must be submitted again.",
            code="terms_changed",
            changes=cover.in_words(found.worsened),
            digest=request.snapshot.digest,
        )


def changes_since(shown: str, request: ApprovalRequest) -> list[str]:
    """What differs between the terms that were shown and those of the request, in sentences."""
    old = TermsSnapshot.objects.filter(quote__deal=request.deal_id, digest=shown).first()
    if old is None:
        return []
    was = from_canonical(old.body)
    return cover.in_words(cover.diff(was, judged_terms(request), pinned_policy(request)))


def digest_of(snapshot: TermsSnapshot, topic: str) -> str:
    digest: str = getattr(snapshot, f"{Topic(topic).value}_digest")
    return digest


def use_link(link: ApprovalLink, slot: ApprovalSlot, *, at: datetime) -> None:
    """Use the personal link up together with the decision: exactly one POST wins."""
    link = ApprovalLink.objects.select_related("slot__person", "slot__step__request").get(
        pk=link.pk
    )
    if link.slot_id != slot.pk:
        raise NotAllowed("This link belongs to another approval.", code="not_yours")
    kind = links.kind_of(link, at)
    if kind is not links.LinkKind.LIVE:
        raise Conflict(links.SENTENCES[kind], code=f"link_{kind.value}")
    if step_up_of(slot, pinned_policy(slot.step.request)) is StepUp.RETYPE and not link.retyped_at:
        raise Refused("Type the discount as it stands above, then decide.", code="retype")
    links.consume(link, at=at)


# What deciding leads to


def reject(
    request: ApprovalRequest, slot: ApprovalSlot, decision: Decision, *, by: Actor, at: datetime
) -> None:
    """One veto ends the request; the others are asked no longer."""
    step = slot.step
    step.state = ApprovalStep.State.REJECTED
    step.settled_at = at
    step.save(update_fields=["state", "settled_at"])
    end_request(
        request,
        ApprovalRequest.Status.REJECTED,
        why=decision.reason,
        by=by,
        at=at,
        killed=links.Killed.NOT_NEEDED,
    )
    tell_outcome(request, by=by, at=at)


def send_back(request: ApprovalRequest, decision: Decision, *, by: Actor, at: datetime) -> None:
    """The round ends without a verdict on the terms; they may be changed and submitted again."""
    end_request(
        request,
        ApprovalRequest.Status.RETURNED,
        why=decision.reason,
        by=by,
        at=at,
        killed=links.Killed.NOT_NEEDED,
    )
    tell_outcome(request, by=by, at=at)


def close_group(request: ApprovalRequest, slot: ApprovalSlot, *, by: Actor, at: datetime) -> None:
    """Once enough of a group agreed, the rest of it is not needed any more.

    Unless everybody must answer: then the rest is waited for.
    """
    if slot.step.mode == StepMode.ALL_ANSWERED:
        return
    group = list(slot.step.slots.filter(role=slot.role))
    needed: Any = slot.step.groups.get(slot.role, 1)
    yes = sum(ANSWERS[ApprovalSlot.State(each.state)] in YES for each in group)
    if yes < max(needed, 1):
        return
    left = close_slots(
        request,
        ApprovalSlot.State.NOT_REQUIRED,
        at=at,
        killed=links.Killed.NOT_NEEDED,
        of=group,
    )
    why = f"{slot.person.name} has decided."
    tell_approvers(left, request, why=why, by=by, at=at)
