"""What a person does besides holding the link of a mail before they decide by it."""

from __future__ import annotations

from decimal import Decimal

from dealdesk.models import ApprovalSlot
from dealdesk.policy import Policy, StepUp
from dealdesk.policy import Role as AskedRole
from dealdesk.pricing import exact
from dealdesk.terms import Terms
from dealdesk.wording import percent_text
from revops.people.actor import Actor, Via
from revops.refusals import NotAllowed

MOST_MISTYPED = 5
"""How often the discount may be typed wrongly before a link ends."""


def step_up_of(slot: ApprovalSlot, policy: Policy) -> StepUp:
    """What the policy asks of this slot's role when it decides from a mail."""
    try:
        return policy.rule(AskedRole(slot.role)).step_up
    except ValueError:
        return StepUp.LINK


def check_way_in(slot: ApprovalSlot, *, by: Actor, policy: Policy) -> None:
    """Raise NotAllowed where the policy wants its person signed in, or on the page of the link."""
    asked = step_up_of(slot, policy)
    if by.via == Via.LINK and asked is StepUp.SIGN_IN:
        raise NotAllowed("Sign in to decide this: the policy asks for it.", code="sign_in")
    if by.via == Via.MAIL and asked is not StepUp.LINK:
        raise NotAllowed("This is not decided by answering a mail.", code="not_by_mail")


def is_discount_of(typed: Decimal | None, terms: Terms) -> bool:
    """Whether `typed` is the discount of these terms, as it is shown (two decimals) or exact.

    Terms at or above standard take 0, or how much above.
    """
    percent = terms.price.blended.percent
    if typed is None or percent is None:
        return False
    shown = Decimal(percent_text(percent).removesuffix(" %").removeprefix("less than ").lstrip("-"))
    known = {exact(shown), abs(percent)}
    if percent <= 0:
        known.add(exact(Decimal(0)))
    return exact(typed) in known
