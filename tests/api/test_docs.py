"""The readable docs in a browser, under the same content policy as every page."""

from urllib.parse import urlsplit

import pytest
from django.test import Client
from playwright.sync_api import expect

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clock():
    """The browser and its session live by the real clock."""


@pytest.fixture
def docs(page, context, live_server, rep):
    client = Client()
    client.force_login(rep)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([{**cookie, "url": live_server.url}])
    page.complaints, page.hosts = [], set()
    page.on(
        "console", lambda said: page.complaints.append(said.text) if said.type == "error" else None
    )
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.hosts.add(urlsplit(request.url).netloc))
    page.goto(f"{live_server.url}/api/v1/docs/")
    return page


def test_docs_render_from_this_host_alone_without_a_complaint(docs, live_server):
    expect(docs.get_by_text("/api/v1/deals/{id}/advance/", exact=True)).to_be_visible()

    docs.get_by_text("/api/v1/deals/{id}/advance/", exact=True).click()
    expect(docs.get_by_text("A rule refuses it").first).to_be_visible()

    assert docs.hosts - {""} == {urlsplit(live_server.url).netloc}
    assert docs.complaints == []


def test_an_endpoint_can_be_tried_from_the_docs(docs):
    docs.get_by_text("/api/v1/pipelines/", exact=True).click()
    docs.get_by_role("button", name="Try it out").click()
    docs.get_by_role("button", name="Execute").click()

    expect(docs.get_by_text("new-business").first).to_be_visible()
    assert docs.complaints == []
