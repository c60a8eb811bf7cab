"""Who may do what in the pipeline: `check_can_x` raises with the reason, `can_x` answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.models import Account, Deal, DealMember
from pipeline.models.visibility import (
    LEADS_A_LINE,
    SELLS,
    accounts_visible_to,
    contacts_visible_to,
    deals_visible_to,
    sees_all_deals,
)
from revops.people.actor import Actor, Via
from revops.people.models import ReportingLink, Role
from revops.refusals import NotAllowed
from revops.remembering import remembered

if TYPE_CHECKING:
    from pipeline.stages import Rule
    from revops.people.models import User

__all__ = [
    "accounts_visible_to",
    "can_call",
    "can_change",
    "can_override",
    "can_reassign",
    "can_reopen",
    "check_can_call",
    "check_can_change",
    "check_can_change_account",
    "check_can_create",
    "check_can_enter",
    "check_can_override",
    "check_can_override_segment",
    "check_can_reassign",
    "check_can_reopen",
    "check_can_sell",
    "contacts_visible_to",
    "deals_visible_to",
    "sees_all_deals",
]

BY_ITSELF = frozenset({Via.SYSTEM, Via.COMMAND, Via.IMPORT})


def person(by: Actor) -> User | None:
    """Return who acts; None when it is the installation itself.

    Raises NotAllowed for somebody unknown who came by a page, the API or a link.
    """
    if by.user is None:
        if by.via not in BY_ITSELF:
            raise NotAllowed("Sign in first.")
        return None
    if not by.user.is_active:
        raise NotAllowed("This person is no longer active.")
    return by.user


def leads(user: User, owner_id: int | None) -> bool:
    """Whether `user` is a sales manager or VP above that owner."""
    if not user.has_role(*LEADS_A_LINE):
        return False
    links = ReportingLink.objects.filter(ancestor=user, descendant=owner_id, depth__gt=0)
    return remembered(("leads", user.pk, owner_id), links.exists)


def check_can_sell(*, by: Actor) -> None:
    """Raise NotAllowed unless `by` may enter accounts and contacts."""
    user = person(by)
    if user and not user.has_role(*SELLS, Role.DEAL_DESK, Role.REVOPS_ADMIN):
        raise NotAllowed("Only sellers, the deal desk and RevOps enter accounts and contacts.")


def check_can_create(owner: User, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` may enter a deal that belongs to `owner`."""
    user = person(by)
    if user is None or user.has_role(Role.REVOPS_ADMIN):
        return
    if owner.pk == user.pk and user.has_role(*SELLS):
        return
    if leads(user, owner.pk):
        return
    raise NotAllowed("Only the future owner, managers above them and RevOps may enter this deal.")


def check_can_change(deal: Deal, *, by: Actor) -> None:
    """Raise NotAllowed, with the reason, unless `by` may change this deal.

    Only its owner, editing members of its team, managers above the owner and RevOps.
    """
    user = person(by)
    if user is None or user.has_role(Role.REVOPS_ADMIN) or deal.owner_id == user.pk:
        return
    if leads(user, deal.owner_id):
        return
    membership = DealMember.objects.standing().filter(deal=deal, person=user)
    editing = membership.filter(access=DealMember.Access.EDIT)
    if remembered(("edits", user.pk, deal.pk), editing.exists):
        return
    raise NotAllowed(
        "Only the owner, editing members of the deal team, managers above the owner "
        "and RevOps may change this deal."
    )


def check_can_reassign(deal: Deal, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` may give this deal to somebody else or change its team."""
    user = person(by)
    if user is None or user.has_role(Role.REVOPS_ADMIN) or deal.owner_id == user.pk:
        return
    if not leads(user, deal.owner_id):
        raise NotAllowed(
            "Only the owner, managers above the owner and RevOps may hand this deal over."
        )


def check_can_call(owner: User, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` may call the forecast of this person's line."""
    user = person(by)
    if user is None or can_call(owner.pk, user):
        return
    raise NotAllowed("Only the person and the managers above them call their forecast.")


def check_can_reopen(deal: Deal, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` may take up this closed deal again.

    Its owner may not: a won deal reopened by its owner would undo what others have counted on.
    """
    user = person(by)
    if user is None or user.has_role(Role.REVOPS_ADMIN) or leads(user, deal.owner_id):
        return
    raise NotAllowed("Only managers above the owner and RevOps may reopen a closed deal.")


def check_can_review(deal: Deal, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` may review the forecast of this deal; its owner may not."""
    user = person(by)
    if user is None or user.has_role(Role.REVOPS_ADMIN) or leads(user, deal.owner_id):
        return
    raise NotAllowed("Only managers above the owner and RevOps review the forecast of a deal.")


def check_can_plan(*, by: Actor) -> None:
    """Raise NotAllowed unless `by` may run a guided clean-up: managers and RevOps."""
    user = person(by)
    if user is None or not user.has_role(*LEADS_A_LINE, Role.REVOPS_ADMIN):
        raise NotAllowed("Only managers and RevOps run a clean-up of the pipeline.")


def check_can_override(*, by: Actor) -> None:
    """Raise NotAllowed unless `by` may move a deal past what its gate still asks.

    Only a person who answers for it: RevOps administration, and never the installation itself.
    """
    user = person(by)
    if user is None or not user.has_role(Role.REVOPS_ADMIN):
        raise NotAllowed("Only RevOps administrators may override a gate.")


def check_can_enter(rule: Rule, *, by: Actor) -> None:
    """Raise NotAllowed unless the stage is open to the roles of `by`."""
    user = person(by)
    if user is None or not rule.entry_roles or user.has_role(*rule.entry_roles):
        return
    allowed = ", ".join(Role(role).label for role in sorted(rule.entry_roles))
    raise NotAllowed(f"Only these roles may move a deal into {rule.name}: {allowed}.")


def check_can_change_account(account: Account, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` may change this account and its contacts.

    Its owner and those above them, the deal desk, RevOps, any seller where it has no owner,
    and who may change an open deal with it.
    """
    user = person(by)
    if user is None or user.has_role(Role.REVOPS_ADMIN, Role.DEAL_DESK):
        return
    if account.owner_id is None and user.has_role(*SELLS):
        return
    if account.owner_id == user.pk or leads(user, account.owner_id):
        return
    deals = account.deals.open().visible_to(user)
    if any(can_change(deal, user) for deal in deals[:20]):
        return
    raise NotAllowed(
        "Only the account's owner, managers above them, who works on an open deal with it, "
        "the deal desk and RevOps may change this account."
    )


def check_can_override_segment(*, by: Actor) -> None:
    """Raise NotAllowed unless `by` may say an account's segment against its head count."""
    user = person(by)
    if user and not user.has_role(Role.REVOPS_ADMIN):
        raise NotAllowed("Only RevOps may override a segment.")


def allowed(check: Callable[..., None], deal: Deal, *, by: Actor) -> bool:
    try:
        check(deal, by=by)
    except NotAllowed:
        return False
    return True


def can_override(user: User) -> bool:
    return user.has_role(Role.REVOPS_ADMIN)


def can_call(owner_id: int, user: User) -> bool:
    """Whether `user` may call the forecast of this person's line."""
    return (owner_id == user.pk and user.has_role(*SELLS)) or leads(user, owner_id)


def can_change(deal: Deal, user: User) -> bool:
    return allowed(check_can_change, deal, by=Actor.of(user))


def can_reassign(deal: Deal, user: User) -> bool:
    return allowed(check_can_reassign, deal, by=Actor.of(user))


def can_reopen(deal: Deal, user: User) -> bool:
    return allowed(check_can_reopen, deal, by=Actor.of(user))
