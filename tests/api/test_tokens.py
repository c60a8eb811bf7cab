from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from revops.apikeys.models import Token
from revops.apikeys.operations import create_token, revoke_token
from revops.ledger.models import Entry
from revops.people.operations import admit_person, deactivate_person, reactivate_person
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.people import AT, SYSTEM, by, make_person

pytestmark = pytest.mark.django_db


def call(secret):
    return Client().get("/api/v1/deals/", headers={"Authorization": f"Bearer {secret}"})


def test_command_prints_a_token_that_opens_the_api(rep):
    out = StringIO()

    call_command("create_token", rep.email.upper(), stdout=out, stderr=StringIO())

    secret = out.getvalue().strip()
    assert call(secret).status_code == 200


def test_only_the_hash_of_a_token_is_kept(rep):
    secret = create_token(person=rep, by=SYSTEM, at=AT).secret

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM apikeys_token")
        row = cursor.fetchone()
    assert not any(secret == value or secret[10:] in str(value) for value in row)
    facts = "".join(Entry.objects.values_list("facts_json", flat=True))
    assert secret[10:] not in facts


def test_unknown_token_is_answered_401(db):
    response = call("ddk_nobody")

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "authentication_failed"


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer \xff"])
def test_header_that_is_no_token_is_answered_401(db, header):
    assert Client().get("/api/v1/deals/", headers={"Authorization": header}).status_code == 401


def test_revoked_token_is_refused_at_once(rep):
    new = create_token(person=rep, by=SYSTEM, at=AT)

    revoke_token(token=new.row, by=by(rep), at=AT)

    assert call(new.secret).status_code == 401
    with pytest.raises(Conflict, match="revoked already"):
        revoke_token(token=new.row, by=by(rep), at=AT)


def test_token_of_somebody_who_left_is_refused(rep):
    secret = create_token(person=rep, by=SYSTEM, at=AT).secret

    deactivate_person(person=rep, by=SYSTEM, at=AT)

    assert call(secret).status_code == 401


def test_token_from_before_a_return_stays_dead(rep):
    secret = create_token(person=rep, by=SYSTEM, at=AT).secret
    deactivate_person(person=rep, by=SYSTEM, at=AT)
    reactivate_person(person=rep, by=SYSTEM, at=AT)

    admit_person(person=rep, by=SYSTEM, at=AT + timedelta(hours=1), invite=False)

    assert call(secret).status_code == 401


def test_nobody_who_may_not_sign_in_gets_a_token(db):
    person = make_person("Ivo Import", admitted=False)

    with pytest.raises(Refused, match="may not sign in"):
        create_token(person=person, by=SYSTEM, at=AT)
    with pytest.raises(CommandError, match="may not sign in"):
        call_command("create_token", person.email)


def test_a_rep_makes_no_token_for_somebody_else(rep, other_rep):
    with pytest.raises(NotAllowed):
        create_token(person=other_rep, by=by(rep), at=AT)


def test_use_of_a_token_is_noted_once_an_hour(rep, clock):
    new = create_token(person=rep, by=SYSTEM, at=AT)

    call(new.secret)
    first = Token.objects.get().last_used_at
    clock.shift(timedelta(minutes=59))
    call(new.secret)
    assert Token.objects.get().last_used_at == first
    clock.shift(timedelta(minutes=1))
    call(new.secret)
    assert Token.objects.get().last_used_at == first + timedelta(hours=1)


def test_revoke_tokens_revokes_by_hint(rep):
    first, second = (create_token(person=rep, by=SYSTEM, at=AT) for _ in range(2))

    call_command("revoke_tokens", rep.email, hint=first.row.hint, stdout=StringIO())

    assert call(first.secret).status_code == 401
    assert call(second.secret).status_code == 200


def test_session_needs_its_csrf_token(rep):
    client = Client(enforce_csrf_checks=True)
    client.force_login(rep)

    refused = client.post("/api/v1/accounts/", {"name": "Acme"}, content_type="application/json")

    assert refused.status_code == 403
    assert "CSRF" in refused.json()["detail"]
    assert client.get("/api/v1/accounts/").status_code == 200


def test_session_with_its_csrf_token_may_write(rep):
    client = Client(enforce_csrf_checks=True)
    client.force_login(rep)
    client.get("/api/v1/docs/?script=")
    token = client.cookies["csrftoken"].value

    response = client.post(
        "/api/v1/accounts/",
        {"name": "Acme"},
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )

    assert response.status_code == 201


def test_token_needs_no_csrf_token(rep):
    secret = create_token(person=rep, by=SYSTEM, at=AT).secret

    response = Client(enforce_csrf_checks=True).post(
        "/api/v1/accounts/",
        {"name": "Acme"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )

    assert response.status_code == 201
