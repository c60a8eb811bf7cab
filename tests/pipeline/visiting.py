"""What the tests of the pipeline's pages share: a frozen moment and signed-in visits."""

from datetime import timedelta

import pytest
from django.test import Client

from tests.factories.people import AT

NOW = AT + timedelta(days=1)
SWAP = {"HX-Request": "true"}


@pytest.fixture
def now(monkeypatch):
    """The day after the factories' moment."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    return NOW


@pytest.fixture
def visit():
    """`visit(person)` is a browser in which that person has signed in."""

    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def text_of(response) -> str:
    return response.content.decode()
