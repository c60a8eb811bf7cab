"""Who may do what at the deal desk: `check_can_x` raises with the reason, `can_x` answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dealdesk.exclusions import excluded_people, family_of
from dealdesk.models import (
    ApprovalCondition,
    ApprovalRequest,
    ApprovalSlot,
    CounterOffer,
    Decision,
    Quote,
    StandingGrant,
)
from dealdesk.policy import Policy, policy_from_json
from dealdesk.stepup import check_way_in
from pipeline.permissions import check_can_change, person
from revops.people.away import chain_of, read_away
from revops.people.models import Role
from revops.refusals import Conflict, NotAllowed, Refused

MOST_RETURNS = 3

if TYPE_CHECKING:
    from pipeline.models import Deal
    from revops.people.actor import Actor
    from revops.people.models import User


def check_can_quote(deal: Deal, *, by: Actor) -> None:
    """Raise unless `by` may make and change quotes of this deal, which must be open."""
    check_can_change(deal, by=by)
    if not deal.is_open:
        raise Refused("This deal is closed. Reopen it before changing its quotes.")


def check_can_save(quote: Quote, *, by: Actor) -> None:
    """Raise unless `by` may change this quote: a submitted revision never changes."""
    check_can_quote(quote.deal, by=by)
    if not quote.is_draft:
        raise Refused(
            "A submitted revision never changes. Make a new revision of it.", code="submitted"
        )


def check_can_submit(quote: Quote, *, by: Actor) -> None:
    """Raise unless `by` may submit this quote now."""
    check_can_quote(quote.deal, by=by)
    if by.user is None:
        raise NotAllowed("A quote is submitted by a person.")
    if quote.requests.pending().exists():
        raise Conflict(
            "These terms are waiting for an answer already. Recall that request first.",
            code="already_pending",
        )


def check_is_pending(request: ApprovalRequest) -> None:
    """Raise Conflict unless the request still waits for an answer."""
    if not request.is_pending:
        raise Conflict(
            f"This request is no longer open: {request.get_status_display().lower()}.",
            code="not_pending",
            status=request.status,
        )


def check_can_recall(request: ApprovalRequest, *, by: Actor) -> None:
    """Raise unless `by` may take this request back: its submitter, the owner and RevOps."""
    user = person(by)
    if user and not (
        user.pk in (request.submitted_by_id, request.deal.owner_id)
        or user.has_role(Role.REVOPS_ADMIN)
    ):
        raise NotAllowed("Only who submitted it, the deal's owner and RevOps may recall this.")
    check_is_pending(request)


def check_can_decide(
    slot: ApprovalSlot, *, by: Actor, excluded: Mapping[int, str], policy: Policy
) -> None:
    """Raise, with the reason, unless `by` may decide this slot now.

    The person asked and nobody else, administrators included: still active, still in the role
    that made them eligible, and not excluded; on a slot that is open in a pending request.
    """
    if by.user is None or by.user.pk != slot.person_id:
        raise NotAllowed(f"This approval is {slot.person.name}'s to decide.", code="not_yours")
    if by.on_behalf_of is not None and by.on_behalf_of.pk != by.user.pk:
        raise NotAllowed("Nobody decides on behalf of somebody else here.")
    check_is_open(slot)
    check_is_eligible(slot, excluded=excluded, policy=policy)
    check_way_in(slot, by=by, policy=policy)


def check_is_open(slot: ApprovalSlot) -> None:
    """Raise Conflict unless this slot still waits for its person's answer."""
    check_is_pending(slot.step.request)
    if slot.state in ApprovalSlot.DECIDED:
        raise Conflict("You have decided this already.", code="already_decided")
    if not slot.is_open:
        raise Conflict(
            f"This approval is not open to you: {slot.get_state_display().lower()}.",
            code="not_open",
            state=slot.state,
        )


def check_is_eligible(slot: ApprovalSlot, *, excluded: Mapping[int, str], policy: Policy) -> None:
    """Raise NotAllowed unless the person of the slot may still answer it."""
    why = ineligible(slot, excluded=excluded, policy=policy)
    if why:
        raise NotAllowed(why, code="not_eligible")


def ineligible(slot: ApprovalSlot, *, excluded: Mapping[int, str], policy: Policy) -> str:
    """Why the person of a slot may not answer it any more, in a sentence; "" when they may.

    Who answers for another needs no role of their own: the other one must still hold theirs.
    """
    user, principal = slot.person, slot.principal
    for each in dict.fromkeys((user, principal)):
        if not each.is_active or not user.can_be_mailed:
            return f"{each.name} is no longer active."
        if each.pk in excluded:
            return f"{user.name} may not decide: {each.name} {excluded[each.pk]}."
    if slot.held_as and not principal.has_role(slot.held_as):
        return f"{principal.name} no longer holds the role {Role(slot.held_as).label}."
    if not slot.held_as and principal.email not in named_for(slot.role, policy):
        return f"{principal.name} was never named to stand in for {slot.get_role_display()}."
    return ""


def named_for(role: str, policy: Policy) -> set[str]:
    """The addresses of those whom the policy names for a role, when nobody else answers."""
    rules = [rule for rule in policy.roles if rule.role.value == role]
    return {name.lower() for rule in rules for name in (rule.fallback, rule.backup) if name}


def check_stands_in(slot: ApprovalSlot, *, at: datetime) -> None:
    """Raise NotAllowed when a person answers for somebody who is back, or named another."""
    if slot.absence is None:
        return
    principal = slot.principal
    if not slot.absence.holds(at):
        raise NotAllowed(
            f"{principal.name} is back: this is {principal.short_name}'s to decide again.",
            code="not_eligible",
        )
    if slot.person_id not in chain_of(principal.pk, read_away(at).delegates):
        raise NotAllowed(
            f"{slot.person.name} no longer answers for {principal.name}.", code="not_eligible"
        )


def check_can_comment(request: ApprovalRequest, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` takes part in this request, or works at the deal desk."""
    if by.user is None:
        raise NotAllowed("A comment is written by a person.")
    takes_part = by.user.pk in (request.submitted_by_id, request.deal.owner_id)
    asked = ApprovalSlot.objects.filter(step__request=request, person=by.user)
    if takes_part or by.user.has_role(*COMMENTS) or asked.exists():
        return
    check_can_change(request.deal, by=by)


COMMENTS = (Role.DEAL_DESK, Role.REVOPS_ADMIN)


def check_can_ask(slot: ApprovalSlot, *, by: Actor) -> None:
    """Raise unless `by` is asked here, and may so ask back."""
    if by.user is None or by.user.pk != slot.person_id:
        raise NotAllowed(f"This approval is {slot.person.name}'s to decide.", code="not_yours")
    check_is_open(slot)


def check_can_answer(request: ApprovalRequest, *, by: Actor) -> None:
    """Raise unless `by` answers for the deal: who submitted it, or may change it."""
    if by.user is None:
        raise NotAllowed("A question is answered by a person.")
    if by.user.pk != request.submitted_by_id:
        check_can_change(request.deal, by=by)
    check_is_pending(request)


def check_can_hand_on(slot: ApprovalSlot, *, by: Actor) -> None:
    """Raise unless `by` may hand this approval on: who is asked, and RevOps."""
    user = person(by)
    if user and user.pk != slot.person_id and not user.has_role(Role.REVOPS_ADMIN):
        raise NotAllowed(f"Only {slot.person.name} and RevOps may hand this on.")
    check_is_open(slot)


def check_fits(slot: ApprovalSlot, to: User, *, excluded: Mapping[int, str]) -> str:
    """Return the role in which `to` may decide instead, of the same discipline, or raise why not.

    A VP may stand in for a sales manager; nobody else stands in for another role.
    """
    if to.pk == slot.person_id:
        raise Refused(f"{to.name} is asked already.", code="already_asked")
    if not to.can_be_mailed:
        raise NotAllowed(f"{to.name} is not active here.", code="not_eligible")
    if to.pk in excluded:
        why = f"{to.name} may not decide: {to.name} {excluded[to.pk]}."
        raise NotAllowed(why, code="not_eligible")
    if slot.step.slots.filter(person=to).exclude(state=ApprovalSlot.State.REASSIGNED).exists():
        raise Refused(f"{to.name} is asked in this step already.", code="already_asked")
    for role in (slot.role, STANDS_IN.get(slot.role)):
        if role and to.has_role(role):
            return role
    needed = Role(slot.role).label
    raise NotAllowed(f"{to.name} does not hold the role {needed}.", code="not_eligible")


STANDS_IN: Mapping[str, str] = {Role.SALES_MANAGER: Role.VP_SALES}


def check_can_add_approver(request: ApprovalRequest, *, by: Actor) -> None:
    """Raise unless `by` may ask somebody more: who is asked now, the deal desk and RevOps."""
    if by.user is None:
        raise NotAllowed("Somebody is added by a person.")
    asked = ApprovalSlot.objects.open().filter(step__request=request, person=by.user)
    if not by.user.has_role(Role.DEAL_DESK, Role.REVOPS_ADMIN) and not asked.exists():
        raise NotAllowed("Only who is asked, the deal desk and RevOps may ask somebody more.")
    check_is_pending(request)


def check_may_be_added(request: ApprovalRequest, to: User, *, excluded: Mapping[int, str]) -> None:
    """Raise unless this person may decide beside those asked: active, with no part in the terms."""
    if not to.can_be_mailed or not to.roles:
        raise NotAllowed(f"{to.name} is not active here.", code="not_eligible")
    if to.pk in excluded:
        why = f"{to.name} may not decide: {to.name} {excluded[to.pk]}."
        raise NotAllowed(why, code="not_eligible")
    slots = ApprovalSlot.objects.filter(step__request=request, person=to)
    if slots.exclude(state=ApprovalSlot.State.REASSIGNED).exists():
        raise Refused(f"{to.name} is asked already.", code="already_asked")


def check_can_bypass(request: ApprovalRequest, *, by: Actor, at: datetime) -> None:
    """Raise unless `by` may let this request pass: RevOps, with no part in it themselves."""
    if by.user is None or not by.user.has_role(Role.REVOPS_ADMIN):
        raise NotAllowed("Only RevOps may let a request pass without its approvers.")
    check_is_pending(request)
    excluded = excluded_people(request.quote, request.submitted_by, at)
    if by.user.pk in excluded:
        why = f"You may not: {by.user.name} {excluded[by.user.pk]}."
        raise NotAllowed(why, code="not_eligible")


def check_can_meet(deal: Deal, condition: ApprovalCondition, *, by: Actor) -> None:
    """Raise unless `by` may say that a condition is met: who set it, and who changes the deal."""
    if by.user is None:
        raise NotAllowed("A condition is met by a person.")
    if not deal.is_open:
        raise Refused("This deal is closed.", code="closed")
    if by.user.pk != condition.decision.decided_by_id:
        check_can_change(deal, by=by)


def check_can_return(request: ApprovalRequest) -> None:
    """Raise Refused once these terms went back and forth as often as they may (approvals 3.1)."""
    rounds = ApprovalRequest.objects.filter(
        quote__in=family_of(request.quote), status=ApprovalRequest.Status.RETURNED
    )
    if rounds.count() >= MOST_RETURNS:
        raise Refused(
            f"This was returned {MOST_RETURNS} times already. Approve or reject it.",
            code="returned_enough",
        )


def check_can_answer_offer(
    counter: CounterOffer, request: ApprovalRequest, *, by: Actor, at: datetime
) -> None:
    """Raise unless `by` may take this offer or turn it down now: who sells, in its time.

    An offer rests on the attempt it answered, and on the person who made it.
    """
    check_can_quote(request.deal, by=by)
    if by.user is None:
        raise NotAllowed("A counter-offer is answered by a person.")
    if hasattr(counter.decision, "revocation"):
        raise Conflict("This counter-offer was taken back.", code="withdrawn")
    if not counter.is_open:
        words = counter.get_answer_display().lower()
        raise Conflict(f"This counter-offer is answered already: {words}.", code="already_answered")
    later = ApprovalRequest.objects.filter(
        quote__in=family_of(request.quote), attempt__gt=request.attempt
    )
    if later.exists():
        raise Conflict("The quote was submitted again since.", code="superseded")
    policy, decision = policy_from_json(request.policy.body), counter.decision
    if at >= decision.decided_at + timedelta(days=policy.validity_days):
        raise Conflict("The time of this counter-offer is over.", code="too_late")
    why = ineligible(
        decision.slot, excluded=excluded_people(request.quote, by.user, at), policy=policy
    )
    if why:
        raise Conflict(f"{why} Edit the quote and submit it.", code="not_eligible")


def check_can_revoke(decision: Decision, *, by: Actor, at: datetime, hours: int) -> None:
    """Raise unless `by` may take back this approval: its author, in time, before it was used."""
    if by.user is None or by.user.pk != decision.decided_by_id:
        raise NotAllowed("Only who decided may take a decision back.")
    request = decision.slot.step.request
    offer = getattr(decision, "counter", None)
    if decision.verdict != Decision.Verdict.APPROVED and offer is None:
        raise Refused("Only an approval is taken back: the quote may be submitted again.")
    if hasattr(decision, "revocation"):
        raise Conflict("This decision has been taken back already.", code="already_revoked")
    if offer is not None and offer.answer == CounterOffer.Answer.DECLINED:
        raise Conflict("This counter-offer was declined.", code="not_revocable")
    stands = (ApprovalRequest.Status.PENDING, ApprovalRequest.Status.APPROVED)
    if offer is None and request.status not in stands:
        raise Conflict(
            f"Nothing rests on this decision any more: {request.get_status_display().lower()}.",
            code="not_revocable",
        )
    if not request.deal.is_open:
        raise Conflict("The deal is closed.", code="not_revocable")
    if at > decision.decided_at + timedelta(hours=hours):
        raise Refused(f"A decision may be taken back within {hours} hours.", code="too_late")


def check_can_revoke_grant(grant: StandingGrant, *, by: Actor) -> None:
    """Raise unless `by` may take this grant back: who gave it, and RevOps; once."""
    user = person(by)
    if user and user.pk != grant.given_by_id and not user.has_role(Role.REVOPS_ADMIN):
        raise NotAllowed(f"Only {grant.given_by.name} and RevOps may take this grant back.")
    if by.user is None:
        raise NotAllowed("A grant is taken back by a person.")
    if grant.revoked_at is not None:
        raise Conflict("This grant was taken back already.", code="already_revoked")


def check_can_govern(*, by: Actor) -> None:
    """Raise NotAllowed unless `by` may publish policies and change prices and the catalogue."""
    user = person(by)
    if user and not user.has_role(Role.REVOPS_ADMIN):
        raise NotAllowed("Only RevOps may change the policy, the prices and the catalogue.")


def can_see_exceptions(user: User) -> bool:
    """Whether the exception report is open to this person."""
    return user.is_active and user.has_role(
        Role.REVOPS_ADMIN, Role.DEAL_DESK, Role.FINANCE, Role.LEGAL, Role.AUDITOR, Role.VP_SALES
    )


def allowed(check: Any, *args: Any, **kwargs: Any) -> bool:
    try:
        check(*args, **kwargs)
    except Refused:
        return False
    return True


def can_quote(deal: Deal, by: Actor) -> bool:
    return allowed(check_can_quote, deal, by=by)


def can_save(quote: Quote, by: Actor) -> bool:
    return allowed(check_can_save, quote, by=by)


def can_submit(quote: Quote, by: Actor) -> bool:
    return allowed(check_can_submit, quote, by=by)


def can_recall(request: ApprovalRequest, by: Actor) -> bool:
    return allowed(check_can_recall, request, by=by)
