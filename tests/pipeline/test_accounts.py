import json

import pytest

from pipeline import registry
from pipeline.models import Account, Contact, Deal
from pipeline.operations import (
    change_account,
    change_contact,
    create_account,
    create_contact,
    override_segment,
)
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.people import AT, by
from tests.factories.pipeline import make_account, make_contact, make_deal


def change(account, who, **changes):
    return change_account(account=account, changes=changes, by=by(who), at=AT)


def test_a_seller_enters_an_account(rep):
    account = create_account(name=" Acme ", domain="acme.example", by=by(rep), at=AT)

    assert (account.name, account.search_text) == ("Acme", "acme acme.example")


def test_an_auditor_enters_nothing(auditor):
    with pytest.raises(NotAllowed):
        create_account(name="Acme", by=by(auditor), at=AT)
    with pytest.raises(NotAllowed):
        create_contact(account=None, name="Bea", by=by(auditor), at=AT)


def test_an_account_without_a_name_is_refused(rep):
    with pytest.raises(Refused, match="Name"):
        create_account(name=" ", by=by(rep), at=AT)


def test_a_renamed_account_is_found_by_its_new_name(rep):
    deal = make_deal(rep, account=make_account("Acme", owner=rep))

    change(deal.account, rep, name="Ácme Holding")

    assert Deal.objects.matching("acme holding").contains(deal)


def test_who_may_change_an_account(rep, manager, desk, other_rep, outsider):
    account = make_account(owner=rep)
    for number, person in enumerate((rep, manager, desk), start=1):
        assert change(account, person, employees=number).employees == number

    for stranger in (other_rep, outsider):
        with pytest.raises(NotAllowed):
            change(account, stranger, employees=9)


def test_who_works_on_an_open_deal_may_change_its_account(rep, other_rep):
    account = make_account(owner=other_rep)
    make_deal(rep, account=account)

    assert change(account, rep, industry="Steel").industry == "Steel"


def test_head_count_and_override_re_judge_the_open_deals(rep, revops):
    heard = []
    registry.register_changed(lambda deal, fields, *, by, at: heard.append((deal.pk, fields)))
    account = make_account()
    subsidiary = make_account("Acme Iberia", parent=account)
    deal = make_deal(rep, account=subsidiary)

    change(account, revops, employees=9000)
    override_segment(account=account, segment="smb", reason="One site", by=by(revops), at=AT)
    change(account, revops, industry="Steel")

    assert heard == [(deal.pk, frozenset({"segment"}))] * 2


def test_a_segment_is_overridden_by_revops_with_a_reason(rep, revops):
    account = make_account(owner=rep)
    with pytest.raises(NotAllowed):
        override_segment(account=account, segment="smb", reason="So", by=by(rep), at=AT)
    with pytest.raises(Refused, match="reason"):
        override_segment(account=account, segment="smb", reason=" ", by=by(revops), at=AT)

    account = override_segment(account=account, segment="smb", reason="So", by=by(revops), at=AT)
    assert account.segment_override_by == revops

    account = override_segment(account=account, segment="", reason="Over", by=by(revops), at=AT)
    assert (account.segment_override, account.segment_override_by) == ("", None)


def test_an_account_is_not_put_below_itself(revops):
    parent = make_account("Parent")
    child = make_account("Child", parent=parent)

    with pytest.raises(Refused, match="lies below"):
        change(parent, revops, parent=child)


def test_two_pages_open_at_once_do_not_overwrite_each_other(rep):
    account = make_account(owner=rep)
    change(account, rep, industry="Steel")

    with pytest.raises(Conflict):
        change_account(account=account, changes={"industry": "Iron"}, version=1, by=by(rep), at=AT)


def test_the_ledger_never_shows_a_contacts_personal_values(rep):
    account = make_account(owner=rep)
    contact = create_contact(
        account=account, name="Bea Buyer", email="bea@acme.example", by=by(rep), at=AT
    )

    change_contact(contact=contact, changes={"phone": "+34 600 000 000"}, by=by(rep), at=AT)

    entries = Entry.objects.about(contact)
    shown = json.dumps([entry.facts for entry in entries])
    assert len(entries) == 2
    assert not any(secret in shown for secret in ("Bea Buyer", "bea@acme", "600 000"))


def test_contacts_are_seen_by_who_works_on_their_account(rep, other_rep, auditor, outsider):
    contact = make_contact(make_account(owner=rep))

    assert Contact.objects.visible_to(rep).contains(contact)
    assert Contact.objects.visible_to(auditor).contains(contact)
    assert not Contact.objects.visible_to(other_rep).contains(contact)
    assert not Contact.objects.visible_to(outsider).contains(contact)


def test_sellers_see_that_an_account_exists_and_others_do_not(other_rep, outsider):
    account = make_account()

    assert Account.objects.visible_to(other_rep).contains(account)
    assert not Account.objects.visible_to(outsider).exists()
