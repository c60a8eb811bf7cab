"""The schema says what the API does: valid, complete, and true under random requests."""

import json

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from revops.apikeys.operations import create_token
from revops.wsgi import application
from tests.factories.dealdesk import make_quote, small_account, submit
from tests.factories.people import AT, SYSTEM, make_person
from tests.factories.pipeline import make_contact, make_deal

EXAMPLES = 10
WRITING = {"post", "put", "patch", "delete"}
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    path = tmp_path_factory.mktemp("schema") / "schema.json"
    call_command("spectacular", format="openapi-json", file=str(path), validate=True)
    return json.loads(path.read_text())


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_schema_is_valid_without_a_warning(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "s.yml"))


def test_every_endpoint_documents_its_refusals(document):
    for path, method, operation in operations(document):
        wanted = {"400", "401", "403", "404"} | (
            {"409", "415", "422"} if method in WRITING else set()
        )
        assert wanted <= set(operation["responses"]), f"{method} {path}"
        refused = operation["responses"]["403"]["content"]
        assert list(refused) == ["application/problem+json"]


def test_every_post_takes_an_idempotency_key(document):
    for path, method, operation in operations(document):
        names = [parameter["name"] for parameter in operation.get("parameters", [])]
        assert ("Idempotency-Key" in names) == (method == "post"), f"{method} {path}"


def test_every_endpoint_may_be_called_with_a_token(document):
    for path, _method, operation in operations(document):
        assert {"token": []} in operation["security"], path


@pytest.mark.django_db
def test_schema_and_docs_need_a_sign_in(client, rep):
    assert client.get("/api/v1/schema/").status_code == 401
    assert client.get("/api/v1/docs/").status_code == 302
    client.force_login(rep)
    assert client.get("/api/v1/schema/").status_code == 200
    assert client.get("/api/v1/docs/").status_code == 200


# Random requests


@pytest.fixture
def office():
    """Records to hit: the numbers that random requests name are small."""
    vp = make_person("Vera Vance", roles=["vp_sales"])
    rep = make_person("Rita Reyes", roles=["rep", "revops_admin"], manager=vp)
    deals = [make_deal(rep, f"Deal {number}", account=small_account()) for number in range(4)]
    make_contact(deals[0].account)
    quotes = [make_quote(rep, 25, deal=deal) for deal in deals]
    submit(quotes[0])
    return rep


@pytest.fixture
def schema(office):
    """The schema of the site in this process, which keeps the connection of the test."""
    secret = create_token(person=office, by=SYSTEM, at=AT).secret
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi(
        "/api/v1/schema/?format=json",
        application,
        headers={"Authorization": f"Bearer {secret}"},
    )
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.mark.django_db
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_random_requests_are_answered_as_documented(schema, office, mode):
    """Every endpoint with a handful of requests, well or ill formed, from a fixed seed."""
    secret = create_token(person=office, by=SYSTEM, at=AT).secret
    failures = []

    for found in schema.get_all_operations():
        operation = found.ok()
        try:
            try_endpoint(operation, mode, {"Authorization": f"Bearer {secret}"})
        except (Exception, FailureGroup) as failure:
            failures.append(f"{operation.label}: {told(failure)}")

    assert not failures, "\n\n".join(failures)


def try_endpoint(operation, mode, headers):
    @seed(20261104)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_one(case):
        if mode is GenerationMode.POSITIVE and "id" in case.path_parameters:
            # One that is there; random numbers hardly ever are.
            case.path_parameters["id"] = 1 + case.path_parameters["id"] % 4
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)

    try_one()


def told(failure):
    """What went wrong, and the request that shows it."""
    causes = getattr(failure, "exceptions", [failure])
    return "\n".join(str(cause)[:2000] for cause in causes)
