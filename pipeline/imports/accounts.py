"""Importing accounts and contacts."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pipeline.models import Account, Contact
from pipeline.operations.accounts import READ_BY_POLICY, rename_in_searches, tell_deals_of
from pipeline.operations.filling import PERSONAL
from pipeline.searching import search_form
from revops.imports.drafts import Drafts, Outcome, Progress
from revops.imports.fieldtypes import Currency, Email, Integer, Number, Reference, Text
from revops.imports.kinds import Entity, Field, Kind, custom_fields
from revops.imports.writing import (
    Plan,
    by_external_id,
    finder,
    import_rows,
    reject_circles,
    reject_dangling,
    resolve,
)
from revops.outbox.operations import quietly
from revops.people.actor import Actor
from revops.people.imports import find_person

PERSON = Reference("person", ("external_id", "email", "name"))
ACCOUNT = Reference("account", ("external_id", "name", "domain"))
find_account = finder(Account.objects.all())


def accounts_kind() -> Kind:
    fields = (
        Field("name", Text(200), required=True),
        Field("domain", Text(200)),
        Field("industry", Text(100)),
        Field("country", Text(100)),
        Field("employees", Integer()),
        Field("revenue_amount", Number(digits=18, places=2)),
        Field("revenue_currency", Currency()),
        Field("founded_year", Integer(minimum=1000, maximum=2199)),
        Field("parent", ACCOUNT),
        Field("owner", PERSON),
        *custom_fields("account"),
    )
    return Kind("accounts", "account", (Entity("account", fields),), import_accounts)


def contacts_kind() -> Kind:
    fields = (
        Field("name", Text(200), required=True),
        Field("title", Text(200)),
        Field("email", Email()),
        Field("phone", Text(50)),
        Field("account", ACCOUNT),
        *custom_fields("contact"),
    )
    return Kind("contacts", "contact", (Entity("contact", fields),), import_contacts)


@transaction.atomic(durable=True)
def import_accounts(
    *,
    drafts: Drafts,
    dry_run: bool = False,
    skip_bad: bool = False,
    progress: Progress | None = None,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Take over accounts as a source knows them; a parent may come later in the same file.

    Raises BadRows when rows are bad and are not to be skipped.
    """
    records = drafts.records.get("account", {})
    there = by_external_id(Account.objects.all(), drafts.source, records.values())
    resolve(drafts, "account", "owner", find_person)
    resolve(drafts, "account", "parent", find_account, within=records)
    reject_dangling(drafts, "account", "parent")
    reject_circles(drafts, "account", "parent", there)

    def make(each: Plan[Account]) -> Account:
        return Account(source=drafts.source, external_id=each.record.external_id, created_at=at)

    def finish(each: Plan[Account]) -> None:
        search_text = search_form(each.row.name, each.row.domain)
        if each.row.search_text != search_text:
            each.row.search_text = search_text

    def follow(new: list[Plan[Account]], changed: list[Plan[Account]]) -> None:
        for each in changed:
            if "name" in each.after:
                rename_in_searches(each.row)
            if READ_BY_POLICY & set(each.after):
                with quietly():
                    tell_deals_of(each.row, by=by, at=at)

    return import_rows(
        drafts,
        "account",
        there,
        make=make,
        finish=finish,
        follow=follow,
        itself="parent",
        extra=("search_text",),
        dry_run=dry_run,
        skip_bad=skip_bad,
        by=by,
        at=at,
    )


@transaction.atomic(durable=True)
def import_contacts(
    *,
    drafts: Drafts,
    dry_run: bool = False,
    skip_bad: bool = False,
    progress: Progress | None = None,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Take over contacts; the ledger commits to their personal values without showing them.

    Raises BadRows when rows are bad and are not to be skipped.
    """
    records = drafts.records.get("contact", {})
    there = by_external_id(Contact.objects.all(), drafts.source, records.values())
    resolve(drafts, "contact", "account", find_account)

    def make(each: Plan[Contact]) -> Contact:
        return Contact(source=drafts.source, external_id=each.record.external_id, created_at=at)

    return import_rows(
        drafts,
        "contact",
        there,
        make=make,
        personal=frozenset(PERSONAL),
        dry_run=dry_run,
        skip_bad=skip_bad,
        by=by,
        at=at,
    )
