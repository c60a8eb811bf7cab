import pytest
from django.urls import reverse

from revops.outbox.links import register_link
from revops.outbox.models import Delivery
from revops.outbox.operations import notify, try_delivery
from tests.foundation import AT, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery():
    register_link("test", lambda number: f"/personal/{number}/secret/")
    ana = make_person("Ana Ruiz")
    notification = notify(
        ana,
        "person.admitted",
        about=ana,
        dedupe_key="once",
        at=AT,
        context={"company": "Tailwind", "admitted_by": "Bo"},
        link="test:7",
    )
    return notification.deliveries.get()


@pytest.fixture
def development(settings):
    settings.DEV_TOOLS = True


def test_there_is_no_mailbox_in_production(client, settings, delivery):
    settings.DEV_TOOLS = False

    for address in (
        reverse("outbox:mailbox"),
        reverse("outbox:mailbox-message", args=[delivery.pk]),
        reverse("outbox:mailbox-body", args=[delivery.pk]),
    ):
        assert client.get(address).status_code == 404


def test_the_mailbox_shows_what_waits_and_what_was_sent(client, development, delivery):
    assert "Ana Ruiz" in client.get(reverse("outbox:mailbox")).text

    try_delivery(delivery_id=delivery.pk, at=AT)

    assert "your access to the deal desk" in client.get(reverse("outbox:mailbox")).text


def test_the_mailbox_is_narrowed_to_an_address(client, development, delivery):
    assert "Ana Ruiz" not in client.get(reverse("outbox:mailbox"), {"to": "bo@"}).text


@pytest.mark.parametrize("is_sent", [False, True])
def test_the_links_of_a_kept_mail_work(client, development, delivery, is_sent):
    if is_sent:
        try_delivery(delivery_id=delivery.pk, at=AT)

    page = client.get(reverse("outbox:mailbox-message", args=[delivery.pk]))
    body = client.get(reverse("outbox:mailbox-body", args=[delivery.pk]))

    assert "/personal/7/secret/" in page.text
    assert 'href="http://testserver/personal/7/secret/"' in body.text
    assert "'unsafe-inline'" in body.headers["Content-Security-Policy"]
    assert body.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_looking_at_a_mail_changes_nothing(client, development, delivery):
    client.get(reverse("outbox:mailbox-message", args=[delivery.pk]))

    assert Delivery.objects.get().state == Delivery.State.WAITING
    assert Delivery.objects.get().text_body == ""
