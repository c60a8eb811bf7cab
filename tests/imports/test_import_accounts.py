from decimal import Decimal

import pytest

from pipeline.models import Account, Contact
from revops.company.models import FieldDefinition
from revops.imports.drafts import BadRows
from revops.ledger.models import Entry, PersonalValue
from tests.imports.files import ACCOUNTS, LATER, reasons, run

pytestmark = pytest.mark.django_db

HEAD = "id,name,staff,parent\n"
FILE = HEAD + "1,Acme,50,2\n2,Globex,900,\n"


def test_parent_may_come_later_in_the_file():
    run("accounts", FILE)

    acme = Account.objects.get(name="Acme")
    assert acme.parent.name == "Globex"
    assert acme.employees == 50
    assert list(Account.objects.matching("acme")) == [acme]


def test_second_run_adds_no_entry_and_a_hand_edit_survives():
    run("accounts", FILE)
    Account.objects.filter(name="Acme").update(name="Acme Corporation")
    entries = Entry.objects.count()

    outcome = run("accounts", FILE, at=LATER)

    assert outcome.counts["account"] == {"created": 0, "changed": 0, "unchanged": 2}
    assert Entry.objects.count() == entries

    run("accounts", FILE.replace("Acme,50", "Acme,60"), at=LATER)

    acme = Account.objects.get(employees=60)
    assert acme.name == "Acme Corporation"
    entry = Entry.objects.about(acme).first()
    assert (entry.verb, entry.before, entry.after) == (
        "account.changed",
        {"employees": 50},
        {"employees": 60},
    )


def test_value_that_the_source_takes_back_is_emptied():
    run("accounts", FILE)

    run("accounts", FILE.replace("Acme,50,2", "Acme,,"), at=LATER)

    acme = Account.objects.get(name="Acme")
    assert (acme.employees, acme.parent) == (None, None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("3,C,1,9\n", "parent: “9” is no account of the source crm"),
        ("3,C,1,3\n", "parent: “3” would come above itself"),
        ("3,C,-1,\n", "employees: “-1” is not between 0 and 2147483647"),
        (",C,1,\n", "The external id of the account is blank"),
    ],
)
def test_bad_row_is_named_and_nothing_is_written(row, reason):
    with pytest.raises(BadRows) as refusal:
        run("accounts", FILE + row)

    assert reasons(refusal) == [(4, reason)]
    assert not Account.objects.exists()


def test_company_defined_field_is_read_by_its_definition():
    FieldDefinition.objects.create(entity="account", key="score", kind="number", label="Score")
    mapping = ACCOUNTS.replace("parent =", "custom.score =")

    run("accounts", HEAD + "1,Acme,50,7.5\n", mapping=mapping)

    assert Account.objects.get().custom == {"score": "7.5"}
    with pytest.raises(BadRows) as refusal:
        run("accounts", HEAD + "1,Acme,50,high\n", mapping=mapping)
    assert reasons(refusal) == [(2, "custom.score: Score is a number, not high")]


def test_number_is_scaled_exactly():
    mapping = ACCOUNTS + "revenue_amount = { column = 'staff', scale = 1000000 }"

    run("accounts", HEAD + "1,Acme,4,\n", mapping=mapping)

    assert Account.objects.get().revenue_amount == Decimal(4_000_000)


def test_contact_finds_its_account_by_name_and_stays_out_of_the_ledger():
    run("accounts", FILE)

    run("contacts", "id,name,mail,account\n1,Bea Buyer,bea@acme.example,Acme\n")

    contact = Contact.objects.get()
    assert contact.account.name == "Acme"
    assert not Entry.objects.filter(facts_json__contains="Buyer").exists()
    assert PersonalValue.objects.filter(subject_type="contact").count() == 2


def test_name_of_several_accounts_is_no_reference():
    run("accounts", HEAD + "1,Acme,,\n2,Acme,,\n")

    with pytest.raises(BadRows) as refusal:
        run("contacts", "id,name,mail,account\n1,Bea,,Acme\n")

    assert reasons(refusal) == [(2, "account: “Acme” is the name of 2 records")]
