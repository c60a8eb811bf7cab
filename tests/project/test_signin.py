from datetime import UTC, datetime

import pytest

from revops.people.models import User
from revops.signin import AdmittedBackend

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db


def make_person(**facts):
    facts = {"email": "rita@dealdesk.example", "name": "Rita", "admitted_at": AT} | facts
    person = User(created_at=AT, **facts)
    person.set_password(PASSWORD)
    person.save()
    return person


def sign_in(client, email="rita@dealdesk.example"):
    client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    return "_auth_user_id" in client.session


def test_admitted_person_signs_in_by_email(client):
    make_person()

    assert sign_in(client)


def test_case_of_the_address_does_not_matter(client):
    make_person()

    assert sign_in(client, "Rita@DealDesk.example")


def test_person_who_is_not_admitted_cannot_sign_in(client):
    make_person(admitted_at=None)

    assert not sign_in(client)


def test_deactivated_person_cannot_sign_in(client):
    make_person(is_active=False, deactivated_at=AT)

    assert not sign_in(client)


def test_session_ends_with_the_deactivation():
    person = make_person()
    person.is_active = False
    person.deactivated_at = AT
    person.save()

    assert AdmittedBackend().get_user(person.pk) is None


def test_nobody_signs_up_or_changes_their_address(client):
    client.force_login(make_person(), backend="revops.signin.AdmittedBackend")

    assert client.get("/accounts/signup/").status_code == 404
    assert client.get("/accounts/email/").status_code == 404


@pytest.mark.parametrize(("admitted_at", "mails"), [(AT, 1), (None, 0)])
def test_only_admitted_people_are_mailed_a_new_password(client, mailoutbox, admitted_at, mails):
    make_person(admitted_at=admitted_at)

    answer = client.post("/accounts/password/reset/", {"email": "rita@dealdesk.example"})

    assert answer.status_code == 302
    assert len(mailoutbox) == mails


def test_second_factors_can_be_switched_on(client):
    client.force_login(make_person(), backend="revops.signin.AdmittedBackend")

    page = client.get("/accounts/2fa/").content.decode()

    assert "/accounts/2fa/totp/activate/" in page
    assert "/accounts/2fa/webauthn/" in page


def test_pages_allow_neither_inline_scripts_nor_other_hosts(client):
    policy = client.get("/accounts/login/").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "http" not in policy


def test_where_nobody_is_yet_signing_in_leads_to_the_setup(client):
    answer = client.get("/accounts/login/")

    assert answer.status_code == 302
    assert answer.url == "/setup/"
