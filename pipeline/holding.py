"""What a person leaves open in the pipeline when they go, and who may see what is about a deal."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.urls import reverse

from pipeline.models import Account, Contact, Deal, GateDebt
from pipeline.operations.accounts import write_account
from pipeline.operations.deals import give_to, open_deals_of
from pipeline.operations.shared import follow_files, lock_deal
from pipeline.permissions import can_change
from revops.ledger.operations import record
from revops.outbox.links import register_link
from revops.people.actor import Actor
from revops.people.models import User
from revops.people.registry import register_holding
from revops.work.registry import register_files_changed, register_visibility

NAMED = 10


def describe(user: User) -> list[str]:
    """A sentence on the open deals of `user`, naming the largest."""
    deals = list(
        Deal.objects.open()
        .filter(owner=user)
        .order_by("-amount", "pk")
        .only("name", "amount", "currency")
    )
    if not deals:
        return []
    names = ", ".join(deal.name for deal in deals[:NAMED])
    more = f" and {len(deals) - NAMED} more" if len(deals) > NAMED else ""
    noun = "open deal" if len(deals) == 1 else "open deals"
    return [f"{len(deals)} {noun}{worth(deals)}: {names}{more}."]


def worth(deals: list[Deal]) -> str:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for deal in deals:
        sums[deal.currency] += deal.amount or 0
    amounts = [f"{amount:,.2f} {currency}" for currency, amount in sorted(sums.items()) if amount]
    return f" worth {' and '.join(amounts)}" if amounts else ""


def hand_over(user: User, successor: User, by: Actor, at: datetime) -> None:
    """Give every open deal of `user` to `successor`, within the caller's transaction."""
    for deal in open_deals_of(user):
        give_to(deal, successor, reason=f"{user.name} leaves", tells=False, by=by, at=at)


def debts_of(user: User) -> QuerySet[GateDebt]:
    """What a person owes on open deals of others; on their own it goes with the deal."""
    unpaid = GateDebt.objects.filter(owner=user, paid_at=None, deal__status=Deal.Status.OPEN)
    return unpaid.exclude(deal__owner=user)


def describe_debts(user: User) -> list[str]:
    number = debts_of(user).count()
    noun = "item owed" if number == 1 else "items owed"
    return [f"{number} {noun} on deals of others."] if number else []


def hand_over_debts(user: User, successor: User, by: Actor, at: datetime) -> None:
    """Let the successor owe what the person owes; the owner of the deal where that cannot be."""
    deals = debts_of(user).order_by("deal").values_list("deal", flat=True).distinct()
    for pk in list(deals):
        deal = lock_deal(Deal(pk=pk))
        heir = successor if can_change(deal, successor) else deal.owner
        debts = deal.debts.filter(owner=user, paid_at=None)
        items = [debt.item_key for debt in debts]
        debts.update(owner=heir)
        after = {"owner": heir.pk, "items": items}
        record("deal.debt_assigned", deal, by=by, at=at, before={"owner": user.pk}, after=after)


def describe_accounts(user: User) -> list[str]:
    number = Account.objects.filter(owner=user).count()
    return [f"{number} account{'' if number == 1 else 's'}."] if number else []


def hand_over_accounts(user: User, successor: User, by: Actor, at: datetime) -> None:
    """Give every account of the person to the successor."""
    for account in Account.objects.select_for_update(no_key=True).filter(owner=user).order_by("pk"):
        write_account(account, {"owner": successor}, by=by, at=at)


def may_see_deal(user: User, pk: int) -> bool:
    return Deal.objects.visible_to(user).filter(pk=pk).exists()


def may_see_account(user: User, pk: int) -> bool:
    return Account.objects.visible_to(user).filter(pk=pk).exists()


def may_see_contact(user: User, pk: int) -> bool:
    return Contact.objects.visible_to(user).filter(pk=pk).exists()


def register() -> None:
    register_holding("deals", describe, hand_over)
    register_holding("debts", describe_debts, hand_over_debts)
    register_holding("accounts", describe_accounts, hand_over_accounts)
    register_visibility("deal", may_see_deal)
    register_files_changed("deal", follow_files)
    register_visibility("account", may_see_account)
    register_visibility("contact", may_see_contact)
    register_link("deal", lambda pk: reverse("pipeline:deal-detail", args=[pk]))
