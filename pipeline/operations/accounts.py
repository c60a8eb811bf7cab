"""Entering and changing accounts and contacts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from pipeline.findings import keeping
from pipeline.models import Account, Contact, Deal, Segment
from pipeline.operations.filling import PERSONAL, add_contact, check_fields, check_is_new
from pipeline.operations.shared import (
    lock_deal,
    merge_custom,
    search_text_of,
    split_custom,
    tell_listeners,
)
from pipeline.permissions import (
    check_can_change_account,
    check_can_override_segment,
    check_can_sell,
)
from pipeline.searching import search_form
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Refused

ACCOUNT_FIELDS = frozenset(
    {
        "name",
        "domain",
        "industry",
        "country",
        "employees",
        "revenue_amount",
        "revenue_currency",
        "founded_year",
        "parent",
        "owner",
    }
)
IDENTITY = frozenset({"source", "external_id"})
CONTACT_FIELDS = frozenset({*PERSONAL, "account"})
READ_BY_POLICY = frozenset({"employees", "parent"})
"""Facts of an account that decide its segment, and so what was approved on its deals."""


@transaction.atomic(durable=True)
def create_account(*, name: str, by: Actor, at: datetime, **facts: Any) -> Account:
    """Enter a company we sell to."""
    check_can_sell(by=by)
    typed, custom = split_custom({"name": name, **facts})
    check_known(typed, ACCOUNT_FIELDS | IDENTITY)
    check_is_new(Account, facts.get("source", ""), facts.get("external_id", ""))
    account = Account(created_at=at, **strip_all(typed))
    account.custom = merge_custom(account, "account", custom, by=by, at=at)
    account.search_text = search_form(account.name, account.domain)
    check_fields(account)
    account.save()
    record("account.created", account, by=by, at=at, after=typed)
    return account


@transaction.atomic(durable=True)
def change_account(
    *,
    account: Account,
    changes: Mapping[str, Any],
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Account:
    """Change facts of an account; a fact that decides its segment re-judges its open deals."""
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    check_version(account, version)
    check_can_change_account(account, by=by)
    typed, custom = split_custom(changes)
    check_known(typed, ACCOUNT_FIELDS)
    changed = {
        name: value for name, value in strip_all(typed).items() if getattr(account, name) != value
    }
    merged = merge_custom(account, "account", custom, by=by, at=at)
    if custom and merged != account.custom:
        changed["custom"] = merged
    if not changed:
        return account
    if changed.get("parent"):
        check_no_circle(account, changed["parent"])
    write_account(account, changed, by=by, at=at)
    if "name" in changed:
        rename_in_searches(account)
    if READ_BY_POLICY & set(changed):
        tell_deals_of(account, by=by, at=at)
    return account


def write_account(account: Account, changed: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    before = {name: getattr(account, name) for name in changed}
    for name, value in changed.items():
        setattr(account, name, value)
    account.search_text = search_form(account.name, account.domain)
    check_fields(account, changed)
    account.save_version(update_fields=[*changed, "search_text"])
    record("account.changed", account, by=by, at=at, before=before, after=changed)


@transaction.atomic(durable=True)
def override_segment(
    *, account: Account, segment: str, reason: str, by: Actor, at: datetime
) -> Account:
    """Say an account's segment against its head count, with a reason; an empty one ends that.

    Only RevOps may. The account's open deals are re-judged at once.
    """
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    check_can_override_segment(by=by)
    if segment and segment not in Segment.values:
        raise Refused(f"“{segment}” is no segment.", code="invalid")
    if not reason.strip():
        raise Refused("Give a reason for overriding the segment.", code="reason_missing")
    before = {"segment_override": account.segment_override}
    account.segment_override = segment
    account.segment_override_reason = reason.strip() if segment else ""
    account.segment_override_by = by.user if segment else None
    account.segment_override_at = at if segment else None
    account.save_version(
        update_fields=[
            "segment_override",
            "segment_override_reason",
            "segment_override_by",
            "segment_override_at",
        ]
    )
    after = {"segment_override": segment}
    record(
        "account.segment_overridden", account, by=by, at=at, before=before, after=after, why=reason
    )
    tell_deals_of(account, by=by, at=at)
    return account


@transaction.atomic(durable=True)
def create_contact(
    *, account: Account | None, name: str, by: Actor, at: datetime, **facts: Any
) -> Contact:
    """Enter a person we know at an account."""
    check_can_sell(by=by)
    typed, custom = split_custom({"account": account, "name": name, **facts})
    check_known(typed, CONTACT_FIELDS | IDENTITY)
    custom = merge_custom(Contact(), "contact", custom, by=by, at=at)
    return add_contact(by=by, at=at, custom=custom, **strip_all(typed))


@transaction.atomic(durable=True)
def change_contact(
    *,
    contact: Contact,
    changes: Mapping[str, Any],
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Contact:
    """Change facts of a contact; the ledger commits to personal values without showing them."""
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    check_version(contact, version)
    check_can_change_contact(contact, by=by)
    typed, custom = split_custom(changes)
    check_known(typed, CONTACT_FIELDS)
    changed = {
        name: value for name, value in strip_all(typed).items() if getattr(contact, name) != value
    }
    merged = merge_custom(contact, "contact", custom, by=by, at=at)
    if custom and merged != contact.custom:
        changed["custom"] = merged
    if changed:
        write_contact(contact, changed, by=by, at=at)
    return contact


def check_can_change_contact(contact: Contact, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` may change the contact's account; without one, any seller."""
    if contact.account is None:
        check_can_sell(by=by)
    else:
        check_can_change_account(contact.account, by=by)


def write_contact(contact: Contact, changed: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    facts = {name: value for name, value in changed.items() if name == "account"}
    before = {name: getattr(contact, name) for name in facts}
    for name, value in changed.items():
        setattr(contact, name, value)
    check_fields(contact, changed)
    contact.save_version(update_fields=list(changed))
    personal = {name: value for name, value in changed.items() if name not in facts}
    record(
        "contact.changed",
        contact,
        by=by,
        at=at,
        before=before,
        after=facts,
        related=[contact.account] if contact.account else [],
        personal=personal,
    )
    for deal in (
        Deal.objects.open().filter(deal_contacts__contact=contact).distinct().order_by("pk")
    ):
        keeping.refresh(lock_deal(deal), at)


def check_known(typed: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(set(typed) - known):
        raise Refused(f"This is not changed in this way: {', '.join(unknown)}.", code="invalid")


def strip_all(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.strip() if isinstance(value, str) else value for name, value in typed.items()
    }


def check_no_circle(account: Account, parent: Account) -> None:
    """Raise Refused when the parent would lie below the account itself."""
    above: Account | None = parent
    while above is not None:
        if above.pk == account.pk:
            raise Refused(f"{parent.name} lies below {account.name}.", code="circle")
        above = above.parent


def rename_in_searches(account: Account) -> None:
    """Let the deals of a renamed account be found by its new name."""
    deals = list(account.deals.select_related("account"))
    for deal in deals:
        deal.search_text = search_text_of(deal)
    Deal.objects.bulk_update(deals, ["search_text"], batch_size=500)


def family_of(account: Account) -> set[int]:
    """Numbers of the account and everything below it."""
    found, newest = {account.pk}, {account.pk}
    while newest:
        below = Account.objects.filter(parent__in=newest).values_list("pk", flat=True)
        newest = set(below) - found
        found |= newest
    return found


def tell_deals_of(account: Account, *, by: Actor, at: datetime) -> None:
    """Tell other apps that the segment of these open deals may be another one now."""
    deals = Deal.objects.open().filter(account__in=family_of(account)).order_by("pk")
    for pk in deals.values_list("pk", flat=True):
        tell_listeners(lock_deal(Deal(pk=pk)), frozenset({"segment"}), by=by, at=at)
