import pytest

from revops.imports.drafts import BadRows
from revops.ledger.models import Entry
from revops.outbox.models import Notification
from revops.people.changes import line_problems
from revops.people.models import RoleGrant, Team, User
from tests.imports.files import LATER, reasons, run

pytestmark = pytest.mark.django_db

HEAD = "id,name,office,boss,roles\n"
FILE = HEAD + "rita,Rita Reyes,North,max,rep\nmax,Max Moreno,North,,sales_manager\n"


def test_manager_may_come_after_those_they_lead():
    outcome = run("people", FILE)

    rita = User.objects.get(external_id="rita")
    assert outcome.counts["person"] == {"created": 2, "changed": 0, "unchanged": 0}
    assert rita.manager.name == "Max Moreno"
    assert rita.team == Team.objects.get(key="north")
    assert list(User.objects.above(rita)) == [rita.manager]
    assert rita.roles == {"rep"}
    assert line_problems() == []


def test_imported_people_are_not_admitted_and_not_mailed():
    run("people", FILE)

    rita = User.objects.get(external_id="rita")
    assert rita.admitted_at is None
    assert not rita.can_be_mailed
    assert not rita.has_usable_password()
    assert not Notification.objects.exists()


def test_names_and_addresses_do_not_enter_the_ledger():
    run("people", FILE)

    assert not Entry.objects.filter(facts_json__contains="Reyes").exists()
    assert set(Entry.objects.values_list("via", flat=True)) == {"import"}


def test_second_run_changes_nothing_and_adds_no_entry():
    run("people", FILE)
    entries = Entry.objects.count()
    versions = list(User.objects.order_by("pk").values_list("version", flat=True))

    outcome = run("people", FILE, at=LATER)

    assert outcome.counts["person"] == {"created": 0, "changed": 0, "unchanged": 2}
    assert Entry.objects.count() == entries
    assert list(User.objects.order_by("pk").values_list("version", flat=True)) == versions


def test_only_what_the_source_changed_is_overwritten():
    run("people", FILE)
    User.objects.filter(external_id="rita").update(name="Rita R.", team=None)

    run("people", FILE.replace("North,max", "South,max"), at=LATER)

    rita = User.objects.get(external_id="rita")
    assert rita.name == "Rita R."
    assert rita.team.name == "South"


def test_role_that_the_source_takes_back_is_revoked_and_one_given_here_stays():
    run("people", FILE)
    rita = User.objects.get(external_id="rita")
    RoleGrant.objects.create(user=rita, role="deal_desk", granted_at=LATER)

    run("people", FILE.replace("max,rep", "max,legal"), at=LATER)

    assert User.objects.get(pk=rita.pk).roles == {"legal", "deal_desk"}


def test_new_manager_moves_the_line_below():
    run("people", FILE)

    run("people", FILE.replace(",North,,", ",North,vera,") + "vera,Vera,North,,\n", at=LATER)

    rita = User.objects.get(external_id="rita")
    assert [each.name for each in User.objects.above(rita)] == ["Max Moreno", "Vera"]


def test_person_who_is_here_already_is_found_by_address():
    here = User.objects.create(email="rita@crm.example", name="Rita", created_at=LATER)

    run("people", FILE)

    here.refresh_from_db()
    assert (here.source, here.external_id) == ("crm", "rita")
    assert here.manager.name == "Max Moreno"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("ron,Ron,,nobody,\n", "manager: “nobody” is no person of the source crm"),
        ("ron,Ron,,ron,\n", "manager: “ron” would come above itself"),
        ("ron,Ron,,,boss\n", "roles: “boss” is none of rep, sales_manager, vp_sales, deal_desk,"),
        ("RITA,Ron,,,\n", "email: rita@crm.example is also that of “rita”"),
        ("rita,Ron,,,\n", "The person “rita” is already on line 2"),
    ],
)
def test_bad_row_is_named_and_nothing_is_written(row, reason):
    with pytest.raises(BadRows) as refusal:
        run("people", FILE + row)

    ((line, said),) = reasons(refusal)
    assert line == 4
    assert said.startswith(reason)
    assert not User.objects.exists()


def test_circle_of_managers_is_refused_also_through_those_who_are_here():
    run("people", FILE)

    with pytest.raises(BadRows) as refusal:
        run("people", HEAD + "max,Max Moreno,North,rita,sales_manager\n")

    assert reasons(refusal) == [(2, "manager: “max” would come above itself")]


def test_who_refers_to_a_bad_row_is_bad_too():
    with pytest.raises(BadRows) as refusal:
        run("people", HEAD + "rita,Rita,,max,rep\nmax,Max,,,boss\n")

    assert [line for line, _ in reasons(refusal)] == [2, 3]


def test_dry_run_writes_nothing_and_says_what_would_be():
    outcome = run("people", FILE + "ron,Ron,,,boss\n", dry_run=True)

    assert outcome.counts["person"]["created"] == 2
    assert [bad.line for bad in outcome.bad] == [4]
    assert not outcome.written
    assert not User.objects.exists()
    assert not Entry.objects.exists()


def test_bad_rows_can_be_left_out():
    outcome = run("people", FILE + "ron,Ron,,,boss\n", skip_bad=True)

    assert outcome.written
    assert [bad.line for bad in outcome.bad] == [4]
    assert User.objects.count() == 2
