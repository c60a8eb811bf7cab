import json

import pytest
from rest_framework.exceptions import ValidationError
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from revops.refusals import Conflict, Missing, NotAllowed, Refused


def answer_to(exception):
    class View(APIView):
        authentication_classes = ()
        permission_classes = ()

        def get(self, request):
            raise exception

    response = View.as_view()(APIRequestFactory().get("/")).render()
    return response, json.loads(response.content)


def test_refusal_is_a_sentence_with_everything_that_is_missing():
    refused = Refused(
        "Two items are missing.",
        code="gate",
        missing=[Missing("champion", "Champion", "Name a champion.", "discovery")],
    )

    response, body = answer_to(refused)

    assert response.headers["Content-Type"] == "application/problem+json"
    assert body["status"] == 422
    assert body["code"] == "gate"
    assert body["detail"] == "Two items are missing."
    assert body["missing"] == [
        {
            "key": "champion",
            "label": "Champion",
            "sentence": "Name a champion.",
            "stage": "discovery",
        }
    ]


@pytest.mark.parametrize(("kind", "status"), [(NotAllowed, 403), (Conflict, 409)])
def test_kind_of_refusal_decides_the_status(kind, status):
    response, body = answer_to(kind("No."))

    assert response.status_code == body["status"] == status


def test_invalid_input_names_its_fields():
    response, body = answer_to(ValidationError({"amount": ["A number is needed."]}))

    assert response.status_code == 400
    assert body["errors"] == {"amount": ["A number is needed."]}
