"""Every endpoint for every role: who is served, who is refused, and for whom nothing is there.

The endpoints are found in the urlconf; one without an expectation here fails the first test.
"""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.api.calling import Caller
from tests.api.expecting import CAST, expectations
from tests.api.office import Upload, set_up
from tests.project.walking import addresses
from tests.worlds import taken_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(rep, vp, finance, legal, desk):
    return set_up(rep, vp, desk)


def endpoints():
    """(name, method) of everything under /api/ but the page of docs and what is not there."""
    return sorted(
        (address.name, method)
        for address in addresses()
        if address.route.startswith("api/") and address.name != "api-docs"
        for method in address.methods
    )


def address_of(name, numbers):
    return reverse(name, args=numbers).removeprefix("/api/v1/")


def test_every_endpoint_has_an_expectation(office):
    assert sorted(expectations(office)) == endpoints()


READING = [(name, method) for name, method in endpoints() if method == "get"]
WRITING = [(name, method) for name, method in endpoints() if method != "get"]


def answered(caller, method, path, body):
    """The answer, read to its end."""
    if isinstance(body, Upload):
        answer = body.sent(caller, path)
    else:
        answer = caller.get(path) if method == "get" else caller.send(method, path, body)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer


@pytest.fixture
def callers(request):
    """Everybody with a token, by their part."""
    return {role: Caller(request.getfixturevalue(role)) for role in CAST}


def all_wrong_answers(asked, office, callers):
    """The wrong answers of these endpoints, each asked in the office as it was."""
    found = {}
    for name, method in asked:
        with taken_back():
            if wrong := wrong_answers(office, name, method, callers):
                found[name, method] = wrong
    return found


def wrong_answers(office, name, method, callers):
    """Who is answered otherwise than expected, and how.

    Who may comes last: what they do must not change what the others meet.
    """
    numbers, expected = expectations(office)[name, method]
    path = address_of(name, numbers)
    found = {}
    for role in sorted(CAST, key=lambda role: (role in expected.may, CAST.index(role))):
        answer = answered(callers[role], method, path, expected.body)
        allowed = expected.status_for(role)
        if method == "delete" and role in expected.may:
            # Whoever comes second finds it gone.
            allowed = allowed | {404}
        if answer.status_code not in allowed:
            said = "" if answer.streaming else answer.content[:300]
            found[role] = (answer.status_code, said)
    return found


def test_reading_endpoints_serve_the_roles_they_are_for(office, callers):
    assert all_wrong_answers(READING, office, callers) == {}


def test_writing_endpoints_serve_the_roles_they_are_for(office, callers):
    assert all_wrong_answers(WRITING, office, callers) == {}


def test_no_endpoint_is_open_to_who_is_nobody():
    for address in addresses():
        if not address.route.startswith("api/") or address.name == "api-docs":
            continue
        path = re.sub(r"<int:\w+>", "1", f"/{address.route}")
        path = path.replace("<str:source>", "crm").replace("<path:external_id>", "1")
        for method in address.methods:
            answer = getattr(Client(), method)(path, content_type="application/json")
            assert answer.status_code == 401, path
            assert answer.json()["code"] == "not_authenticated"
            assert answer["Content-Type"] == "application/problem+json"


def test_record_that_is_not_there_is_404(office, revops):
    caller = Caller(revops)
    for (name, method), (numbers, expected) in expectations(office).items():
        if not numbers or not isinstance(numbers[0], int):
            continue
        path = address_of(name, [10**9, *numbers[1:]])
        answer = answered(caller, method, path, expected.body)
        assert answer.status_code == 404, (name, method)
