"""How a form of missing items makes facts that are rows of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db.models import Model

from pipeline.models import Contact, Deal, DealContact
from pipeline.operations.shared import change_facts
from revops.addresses import number_in
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Conflict, Missing, NotAllowed, Refused
from revops.work.operations import keep_file

PERSONAL = ("name", "title", "email", "phone")


def fill_contact(deal: Deal, value: Any, *, by: Actor, at: datetime) -> None:
    """Link a contact, new or known, by whatever role was given."""
    role = value.get("role") if isinstance(value, Mapping) else None
    link(deal, contact_of(deal, value, by=by, at=at), role or DealContact.Role.OTHER, by=by, at=at)


def fill_decision_maker(deal: Deal, value: Any, *, by: Actor, at: datetime) -> None:
    """Link a contact as decision maker."""
    contact = contact_of(deal, value, by=by, at=at)
    link(deal, contact, DealContact.Role.DECISION_MAKER, by=by, at=at)


def fill_contract(deal: Deal, value: Any, *, by: Actor, at: datetime) -> None:
    """Attach the signed contract, or note where it is kept."""
    if isinstance(value, File):
        keep_file(file=value, about=deal, kind="signed_contract", by=by, at=at)
    else:
        change_facts(deal, {"contract_reference": value}, by=by, at=at)


def contact_of(deal: Deal, value: Any, *, by: Actor, at: datetime) -> Contact:
    """The contact that was chosen (itself, its number) or described (name, mail, telephone)."""
    facts = value if isinstance(value, Mapping) else {"contact": value}
    if chosen := facts.get("contact"):
        return known_contact(chosen)
    described = {name: str(facts.get(name) or "").strip() for name in PERSONAL}
    if not described["name"]:
        raise Refused("Name the contact.", code="invalid")
    if not (described["email"] or described["phone"]):
        raise Refused("Give the contact an e-mail address or a telephone number.", code="invalid")
    return add_contact(account=deal.account, by=by, at=at, **described)


def known_contact(chosen: Any) -> Contact:
    if isinstance(chosen, Contact):
        return chosen
    if contact := Contact.objects.filter(pk=number_in(chosen) or 0).first():
        return contact
    raise Refused("There is no such contact.", code="invalid")


def add_contact(*, by: Actor, at: datetime, **facts: Any) -> Contact:
    """Write a new contact; the ledger commits to their personal values without showing them."""
    check_is_new(Contact, facts.get("source", ""), facts.get("external_id", ""))
    contact = Contact(created_at=at, **facts)
    check_fields(contact)
    contact.save()
    personal = {name: facts[name] for name in PERSONAL if facts.get(name)}
    related = [contact.account] if contact.account else []
    record("contact.created", contact, by=by, at=at, related=related, personal=personal)
    return contact


def check_is_new(model: type[Model], source: str, external_id: str) -> None:
    """Raise Conflict when the source system's record has been entered already."""
    known = model._default_manager.filter(source=source, external_id=external_id)
    if external_id and known.exists():
        raise Conflict(
            f"{source} {external_id} has been entered already.", code="external_id_taken"
        )


def check_fields(record_: Model, names: Iterable[str] | None = None) -> None:
    """Raise Refused, naming each fault, unless the record's fields are valid."""

    every = {field.name for field in record_._meta.fields}
    try:
        record_.clean_fields(exclude=every - set(names) if names is not None else None)
    except ValidationError as fault:
        faults = [
            Missing(name, name.replace("_", " ").capitalize(), " ".join(messages))
            for name, messages in fault.message_dict.items()
        ]
        text = " ".join(f"{each.label}: {each.sentence}" for each in faults)
        raise Refused(text, code="invalid", missing=faults) from None


def link(deal: Deal, contact: Contact, role: str, *, by: Actor, at: datetime) -> DealContact:
    """Give the contact a part in the deal, once."""
    if role not in DealContact.Role.values:
        raise Refused(f"“{role}” is no part that a contact plays.", code="invalid")
    check_reachable_for(contact, deal, by=by)
    made, is_new = DealContact.objects.get_or_create(deal=deal, contact=contact, role=role)
    if is_new:
        after = {"contact": contact.pk, "role": role}
        record("deal.contact_linked", deal, by=by, at=at, after=after, related=[contact])
    return made


def check_reachable_for(contact: Contact, deal: Deal, *, by: Actor) -> None:
    """Raise NotAllowed unless the contact is the account's own or one that `by` may see."""
    if contact.account_id is None or contact.account_id == deal.account_id or by.user is None:
        return
    if not Contact.objects.visible_to(by.user).filter(pk=contact.pk).exists():
        raise NotAllowed("This contact belongs to an account that you do not work on.")
