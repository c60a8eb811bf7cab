import json

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from revops.frame import development, navigation, notices
from revops.frame.development import DevPerson
from revops.frame.views import refusal_page
from revops.outbox.models import Notification
from revops.refusals import Conflict, Missing, Refused
from tests.foundation import AT, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita():
    return make_person("Rita Lind")


@pytest.fixture
def signed_in(client, rita):
    client.force_login(rita)
    return client


def tell(person, event="deal.skipped", key="1", **facts):
    return Notification.objects.create(
        person=person,
        event=event,
        about_type="deal",
        about_id=7,
        dedupe_key=key,
        context=facts,
        created_at=AT,
    )


def test_search_needs_two_letters(signed_in, monkeypatch):
    monkeypatch.setattr(navigation, "search", lambda *args: pytest.fail("searched"))

    assert signed_in.get("/search/", {"q": "a"}).status_code == 200


def test_search_swaps_a_list_and_loads_a_page(signed_in, monkeypatch):
    hits = [navigation.Found("Deals", [("Acme <b>", "Rita", "/deals/1/")])]
    monkeypatch.setattr(navigation, "search", lambda *args: hits)

    page = signed_in.get("/search/", {"q": "acme"})
    swap = signed_in.get("/search/", {"q": "acme"}, headers={"HX-Request": "true"})

    assert b"<html" in page.content
    assert b"<html" not in swap.content
    assert b"Acme &lt;b&gt;" in swap.content
    assert "HX-Request" in swap["Vary"]


@pytest.mark.parametrize("name", ["frame:search", "frame:notification-list"])
def test_a_stranger_is_asked_to_sign_in(client, name):
    assert client.get(reverse(name)).status_code == 302


def test_one_sees_only_ones_own_notices(signed_in, rita):
    tell(rita, deal="Acme renewal")
    tell(make_person("Tom Beck"), deal="Vega frame")

    page = signed_in.get("/notifications/").content.decode()

    assert "Acme renewal" in page
    assert "Vega frame" not in page


def test_opening_a_notice_notes_it_as_read_and_goes_there(signed_in, rita, monkeypatch):
    monkeypatch.setitem(notices.addresses, "deal", lambda pk: f"/deals/{pk}/")
    notice = tell(rita)

    response = signed_in.post(f"/notifications/{notice.pk}/open/")

    notice.refresh_from_db()
    assert notice.read_at
    assert response["Location"] == "/deals/7/"


def test_another_ones_notice_is_not_there(signed_in):
    notice = tell(make_person("Tom Beck"))

    assert signed_in.post(f"/notifications/{notice.pk}/open/").status_code == 404


def test_reading_all_leaves_those_of_others(signed_in, rita):
    tell(rita)
    tell(make_person("Tom Beck"))

    signed_in.post("/notifications/read/")

    assert Notification.objects.unread().count() == 1


def test_older_notices_come_by_key(signed_in, rita, django_assert_max_num_queries):
    for at in range(35):
        tell(rita, key=str(at), deal=f"Deal {at:02}")

    first = signed_in.get("/notifications/").content.decode()
    last = Notification.objects.of(rita)[29].pk
    with django_assert_max_num_queries(12):
        second = signed_in.get("/notifications/", {"before": last}).content.decode()

    assert f"?before={last}" in first
    assert "Deal 34" in first
    assert "Deal 04" in second
    assert "Deal 34" not in second


def test_queries_of_a_page_do_not_grow_with_notices(signed_in, rita, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    tell(rita)
    with CaptureQueriesContext(connection) as few:
        signed_in.get("/search/")
    for at in range(20):
        tell(rita, key=f"more {at}")

    with django_assert_num_queries(len(few)):
        signed_in.get("/search/")


def test_theme_is_remembered_and_goes_back(client):
    response = client.post(
        "/theme/", {"theme": "dark"}, headers={"Referer": "http://testserver/deals/?q=a"}
    )

    assert response.cookies["theme"].value == "dark"
    assert response["Location"] == "/deals/?q=a"


def test_theme_never_leaves_the_site(client):
    response = client.post(
        "/theme/", {"theme": "dark"}, headers={"Referer": "http://evil.example/"}
    )

    assert response["Location"] == "/"


@pytest.mark.parametrize("name", ["frame:gallery", "frame:dev-people"])
def test_development_pages_are_not_there_in_production(client, name):
    assert client.get(reverse(name)).status_code == 404


def test_nobody_steps_into_a_person_in_production(client, rita, monkeypatch):
    monkeypatch.setattr(development, "sources", [lambda: [DevPerson(rita.email, "Rita", "rep")]])

    assert client.post("/dev/sign-in/", {"email": rita.email}).status_code == 404


def test_in_development_one_steps_into_a_demo_person(client, rita, settings, monkeypatch):
    settings.DEV_TOOLS = True
    monkeypatch.setattr(
        development, "sources", [lambda: [DevPerson(rita.email, "Rita", "rep", start_here=True)]]
    )

    page = client.get("/accounts/login/").content.decode()
    response = client.post("/dev/sign-in/", {"email": rita.email, "next": "//evil.example"})

    assert "start here" in page
    assert response["Location"] == "/"
    assert client.session["_auth_user_id"] == str(rita.pk)


def test_only_demo_people_can_be_stepped_into(client, rita, settings):
    settings.DEV_TOOLS = True

    assert client.post("/dev/sign-in/", {"email": rita.email}).status_code == 404


def test_missing_page_is_ours(client):
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert b"not yours to see" in response.content


def test_missing_swap_is_a_toast(client):
    response = client.get("/nowhere/", headers={"HX-Request": "true"})

    assert response.status_code == 404
    assert response["HX-Reswap"] == "none"
    assert "toasts" in json.loads(response["HX-Trigger"])


@pytest.mark.parametrize(("kind", "status"), [(Refused, 422), (Conflict, 409)])
def test_refusal_lists_everything_that_is_missing(rita, kind, status):
    request = RequestFactory().post("/deals/1/advance/")
    request.user = rita
    refused = kind(
        "Not yet.", missing=[Missing("a", "Budget", "Say it."), Missing("b", "Fit", "Do.")]
    )

    response = refusal_page(request, refused)

    assert response.status_code == status
    assert b"Not yet." in response.content
    assert b"Budget" in response.content
    assert b"Fit" in response.content


def test_messages_reach_a_swap_as_toasts(signed_in, rita, monkeypatch):
    from django.contrib import messages

    from revops.frame.middleware import ToastMiddleware

    def view(request):
        messages.success(request, "Submitted.")
        response = HttpResponse("part")
        response["HX-Trigger"] = "close-dialog"
        return response

    request = RequestFactory().get("/", headers={"HX-Request": "true"})
    request.session = {}
    request._messages = messages.storage.default_storage(request)
    response = ToastMiddleware(view)(request)

    assert json.loads(response["HX-Trigger"]) == {
        "close-dialog": None,
        "toasts": {"value": [{"level": "success", "text": "Submitted."}]},
    }


def test_notice_reads_as_the_subject_of_its_mail(rita):
    notice = Notification(person=rita, event="approval.alert", context={"deal": "R&D <3"})

    assert "R&D <3" in notices.sentence_of(notice)


def test_notice_without_a_mail_still_reads(rita):
    notice = Notification(person=rita, event="quote.noticed", context={"deal": "Acme"})

    assert notices.sentence_of(notice) == "Quote Acme: noticed"


def test_notice_opens_what_its_link_names(monkeypatch):
    monkeypatch.setattr(notices, "addresses", {"request": lambda pk: f"/requests/{pk}/"})

    def opens(link):
        return notices.address_of(Notification(about_type="quote", about_id=1, link=link))

    assert opens("request:5") == "/requests/5/"
    assert opens("slot:5") == ""
    assert opens("") == ""


def test_pages_carry_no_inline_script_or_style(signed_in, settings):
    import re

    settings.DEV_TOOLS = True
    for path in ("/dev/gallery/", "/notifications/", "/accounts/login/", "/nowhere/"):
        html = signed_in.get(path).content.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html), path
        for script in re.findall(r"<script[^>]*>", html):
            assert "src=" in script or "application/json" in script, script
