import json

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from revops.ledger.models import Entry, PersonalValue
from revops.outbox.models import Delivery
from revops.people import registry
from revops.people.actor import Actor
from revops.people.models import Role, RoleGrant, Team, User
from revops.people.operations import (
    admit_person,
    change_person,
    change_team,
    create_administrator,
    create_person,
    create_team,
    deactivate_person,
    erase_person,
    grant_role,
    reactivate_person,
    revoke_role,
    set_roles,
)
from revops.refusals import Conflict, NotAllowed, Refused
from tests.foundation import AT, SYSTEM, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return make_person("Ana Ruiz")


@pytest.fixture
def admin():
    return make_person("Adele Admin", roles=[Role.REVOPS_ADMIN])


@pytest.fixture
def open_deals(monkeypatch):
    """The one registered kind of open work: Ana holds it, and it can be handed over."""
    held_by = {}
    monkeypatch.setattr(registry, "_holdings", {})
    registry.register_holding(
        "deals",
        lambda user: ["12 open deals"] if held_by.get("deals") == user else [],
        lambda user, successor, by, at: held_by.update(deals=successor),
    )
    return held_by


def test_a_new_person_may_not_sign_in_and_is_not_mailed():
    person = create_person(email="Bo@Dealdesk.example ", name="Bo Berg", by=SYSTEM, at=AT)

    assert person.email == "bo@dealdesk.example"
    assert not person.can_be_mailed
    assert not person.has_usable_password()


def test_an_address_belongs_to_one_person(ana):
    with pytest.raises(Refused, match="already"):
        create_person(email=ana.email.upper(), name="Another", by=SYSTEM, at=AT)


def test_the_database_keeps_addresses_in_lower_case(ana):
    with pytest.raises(IntegrityError, match="lower_case"), transaction.atomic():
        User.objects.filter(pk=ana.pk).update(email="Ana@dealdesk.example")


def test_only_an_administrator_adds_people(ana):
    with pytest.raises(NotAllowed):
        create_person(email="x@dealdesk.example", name="X", by=Actor.of(ana), at=AT)


def test_an_admitted_person_is_invited_by_mail(admin):
    person = make_person("Bo Berg", admitted=False)

    admit_person(person=person, by=Actor.of(admin), at=AT)

    person.refresh_from_db()
    assert person.admitted_by == admin
    assert Delivery.objects.get().notification.person == person


def test_an_invitation_leads_to_choosing_a_password(client, admin):
    from revops.outbox.links import derive_link

    person = make_person("Bo Berg", admitted=False)
    admit_person(person=person, by=Actor.of(admin), at=AT)

    address = derive_link(person.notifications.get()).removeprefix("http://testserver")

    assert client.get(address, follow=True).status_code == 200


def test_a_person_is_admitted_once(ana):
    with pytest.raises(Refused, match="admitted already"):
        admit_person(person=ana, by=SYSTEM, at=AT)


def test_a_person_may_hold_several_roles(ana):
    grant_role(person=ana, role=Role.FINANCE, by=SYSTEM, at=AT)
    grant_role(person=ana, role=Role.LEGAL, by=SYSTEM, at=AT)

    ana.refresh_from_db()
    assert ana.roles == {"finance", "legal"}
    assert ana.has_role("legal", "rep")
    assert not ana.has_role("rep")
    assert ana in User.objects.holding("finance")


def test_a_role_is_held_once(ana):
    grant_role(person=ana, role=Role.REP, by=SYSTEM, at=AT)

    with pytest.raises(Refused, match="already"):
        grant_role(person=ana, role=Role.REP, by=SYSTEM, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(user=ana, role=Role.REP, granted_at=AT)


def test_a_revoked_role_is_kept_as_history(ana):
    grant_role(person=ana, role=Role.REP, by=SYSTEM, at=AT)
    revoke_role(person=ana, role=Role.REP, by=SYSTEM, at=AT)

    ana.refresh_from_db()
    assert ana.roles == frozenset()
    assert ana.role_grants.get().revoked_at == AT
    grant_role(person=ana, role=Role.REP, by=SYSTEM, at=AT)


def test_roles_can_be_set_together(ana):
    set_roles(person=ana, roles=["rep", "legal"], by=SYSTEM, at=AT)
    person = set_roles(person=ana, roles=["legal", "finance"], by=SYSTEM, at=AT)

    assert person.roles == {"legal", "finance"}


def test_the_last_administrator_stays_one(admin):
    with pytest.raises(Refused, match="last RevOps administrator"):
        revoke_role(person=admin, role=Role.REVOPS_ADMIN, by=Actor.of(admin), at=AT)
    with pytest.raises(Refused, match="last RevOps administrator"):
        deactivate_person(person=admin, by=Actor.of(admin), at=AT)


def test_only_the_role_opens_the_administration(ana, admin):
    assert admin.is_staff
    assert admin.has_perm("people.change_user")
    assert not ana.is_staff
    ana.is_superuser = True
    assert not ana.has_perm("people.change_user")


def test_who_leaves_open_deals_needs_a_successor(ana, open_deals):
    open_deals["deals"] = ana

    with pytest.raises(Refused, match="12 open deals") as refusal:
        deactivate_person(person=ana, by=SYSTEM, at=AT)

    assert [item.key for item in refusal.value.missing] == ["deals"]


def test_a_successor_takes_over_what_was_left_open(ana, open_deals):
    bo = make_person("Bo Berg")
    open_deals["deals"] = ana

    deactivate_person(person=ana, successor=bo, by=SYSTEM, at=AT)

    ana.refresh_from_db()
    assert not ana.is_active
    assert open_deals["deals"] == bo
    assert Entry.objects.about(bo).filter(verb="person.deactivated").exists()


def test_a_successor_takes_over_the_reports(ana):
    bo = make_person("Bo Berg", manager=ana)
    cy = make_person("Cy Cole", manager=ana)
    with pytest.raises(Refused, match="2 people report to them"):
        deactivate_person(person=ana, by=SYSTEM, at=AT)

    deactivate_person(person=ana, successor=bo, by=SYSTEM, at=AT)

    cy.refresh_from_db()
    bo.refresh_from_db()
    assert (cy.manager, bo.manager) == (bo, None)


def test_nobody_succeeds_themselves(ana):
    with pytest.raises(Refused, match="take over from themselves"):
        deactivate_person(person=ana, successor=ana, by=SYSTEM, at=AT)


def test_who_comes_back_must_be_admitted_anew(ana):
    deactivate_person(person=ana, by=SYSTEM, at=AT)

    person = reactivate_person(person=ana, by=SYSTEM, at=AT)

    assert person.is_active
    assert not person.can_be_mailed


def test_a_changed_name_reaches_the_ledger_veiled(ana):
    change_person(
        person=ana, changes={"name": "Ana Vega", "zone": "Europe/Madrid"}, by=SYSTEM, at=AT
    )

    entry = Entry.objects.about(ana).get(verb="person.changed")
    assert "Vega" not in entry.facts_json
    assert entry.after == {"zone": "Europe/Madrid"}
    assert json.loads(entry.personal_values.get(field="name").value_json) == "Ana Vega"


def test_a_change_of_nothing_leaves_no_entry(ana):
    change_person(person=ana, changes={"name": ana.name}, by=SYSTEM, at=AT)

    assert not Entry.objects.filter(verb="person.changed").exists()


def test_a_person_changed_in_the_meantime_is_a_conflict(ana):
    version = ana.version
    change_person(person=ana, changes={"name": "Ana Vega"}, by=SYSTEM, at=AT)

    with pytest.raises(Conflict):
        change_person(person=ana, changes={"name": "Ana Sol"}, by=SYSTEM, at=AT, version=version)


def test_a_person_chooses_their_own_zone_but_not_their_name(ana):
    change_person(person=ana, changes={"zone": "Europe/Madrid"}, by=Actor.of(ana), at=AT)

    with pytest.raises(NotAllowed):
        change_person(person=ana, changes={"name": "Queen"}, by=Actor.of(ana), at=AT)


def test_an_erased_person_leaves_no_name(ana):
    deactivate_person(person=ana, by=SYSTEM, at=AT)

    person = erase_person(person=ana, by=SYSTEM, at=AT)

    assert "Ana" not in person.name + person.email
    assert not PersonalValue.objects.filter(subject_type="user", subject_id=ana.pk).exists()


def test_a_team_keeps_its_key():
    team = create_team(key="central", name="Central", by=SYSTEM, at=AT)

    change_team(team=team, changes={"name": "Centre"}, by=SYSTEM, at=AT)

    assert Team.objects.get(key="central").name == "Centre"
    with pytest.raises(Refused, match="never changes"):
        change_team(team=team, changes={"key": "centre"}, by=SYSTEM, at=AT)


def test_the_first_administrator_comes_from_the_command_line(capsys):
    call_command("create_admin", "adele@dealdesk.example", "--generate")

    person = User.objects.get(email="adele@dealdesk.example")
    assert person.is_staff
    assert person.can_be_mailed
    assert person.check_password(capsys.readouterr().out.split("Password: ")[1].strip())


def test_a_known_person_can_be_made_administrator(ana):
    create_administrator(
        email=ana.email, name="", password="correct horse battery", by=SYSTEM, at=AT
    )

    assert User.objects.get(pk=ana.pk).is_staff


def test_there_are_no_superusers():
    with pytest.raises(CommandError, match="create_admin"):
        call_command("createsuperuser")


def test_constraints_say_who_and_when_together(ana):
    with pytest.raises(IntegrityError, match="deactivation_has_when"), transaction.atomic():
        User.objects.filter(pk=ana.pk).update(is_active=False)
