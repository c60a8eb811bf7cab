import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction

from revops.outbox import operations
from revops.outbox.links import PLACEHOLDER, register_link
from revops.outbox.models import Delivery, Notification
from revops.outbox.operations import (
    CLAIM,
    MOST_ATTEMPTS,
    claim_delivery,
    mark_all_read,
    notify,
    retry_delivery,
    try_delivery,
)
from revops.people.actor import Actor
from revops.people.operations import deactivate_person
from tests.foundation import AT, SYSTEM, make_person

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(hours=1)
State = Delivery.State


@pytest.fixture
def ana():
    return make_person("Ana Ruiz")


@pytest.fixture
def personal_link():
    register_link("test", lambda number: f"/personal/{number}/secret/")
    yield "test:7"
    from revops.outbox import links

    del links._derivers["test"]


def tell(person, key="once", **facts) -> Notification | None:
    """Tell a person of an event whose templates exist."""
    facts.setdefault("context", {"company": "Tailwind", "admitted_by": "Bo & Co"})
    return notify(person, "person.admitted", about=person, dedupe_key=key, at=AT, **facts)


def waiting_delivery(person, **facts) -> Delivery:
    return tell(person, **facts).deliveries.get()


def break_mail(monkeypatch):
    def refuse(delivery):
        raise OSError("Connection refused")

    monkeypatch.setattr(operations, "send", refuse)


def test_a_mail_has_html_and_a_complete_plain_text(ana, personal_link):
    delivery = waiting_delivery(ana, link=personal_link)

    try_delivery(delivery_id=delivery.pk, at=AT)

    [message] = mail.outbox
    html = message.alternatives[0].content
    for part in (message.body, html):
        assert "http://testserver/personal/7/secret/" in part
        assert "Tailwind" in part
    assert "Bo & Co" in message.body
    assert "Bo &amp; Co" in html
    assert re.search(r'<a class="button"[^>]* style="[^"]*background', html)


def test_what_is_stored_holds_no_personal_link(ana, personal_link):
    delivery = waiting_delivery(ana, link=personal_link)

    delivery = try_delivery(delivery_id=delivery.pk, at=AT)

    assert "secret" not in delivery.text_body + delivery.html_body
    assert PLACEHOLDER in delivery.text_body
    assert PLACEHOLDER in delivery.html_body


def test_a_mail_comes_through_a_real_server(ana, smtp_server):
    delivery = waiting_delivery(ana)

    try_delivery(delivery_id=delivery.pk, at=AT)

    [received] = smtp_server.messages
    assert received["To"] == ana.email
    assert received["Message-ID"] == delivery.message_id
    assert "Tailwind" in received.get_body(("plain",)).get_content()
    assert "Tailwind" in received.get_body(("html",)).get_content()


def test_the_same_event_is_told_once(ana):
    assert tell(ana) is not None
    assert tell(ana) is None
    assert Delivery.objects.count() == 1


def test_another_person_is_told_for_themselves(ana):
    assert tell(ana)
    assert tell(make_person("Bo Berg"))


def test_who_is_not_admitted_is_not_mailed():
    notification = tell(make_person("Ina Import", admitted=False))

    assert not notification.deliveries.exists()


def test_who_left_in_the_meantime_is_not_mailed(ana):
    delivery = waiting_delivery(ana)
    deactivate_person(person=ana, by=SYSTEM, at=AT)

    delivery = try_delivery(delivery_id=delivery.pk, at=AT)

    assert delivery.state == State.DROPPED
    assert mail.outbox == []


def test_a_mail_that_was_sent_is_not_sent_again(ana):
    delivery = waiting_delivery(ana)

    try_delivery(delivery_id=delivery.pk, at=AT)
    again = try_delivery(delivery_id=delivery.pk, at=LATER)

    assert again is None
    assert len(mail.outbox) == 1


def test_a_delivery_is_claimed_by_one_worker(ana):
    delivery = waiting_delivery(ana)

    assert claim_delivery(delivery_id=delivery.pk, at=AT)
    assert claim_delivery(delivery_id=delivery.pk, at=AT) is None


def test_a_failed_try_is_repeated_after_twice_as_long(ana, monkeypatch):
    break_mail(monkeypatch)
    delivery = waiting_delivery(ana)

    delivery = try_delivery(delivery_id=delivery.pk, at=AT)
    assert (delivery.state, delivery.next_try_at) == (State.WAITING, AT + timedelta(minutes=1))
    assert delivery.last_error == "OSError: Connection refused"

    assert try_delivery(delivery_id=delivery.pk, at=AT) is None
    delivery = try_delivery(delivery_id=delivery.pk, at=LATER)
    assert delivery.next_try_at == LATER + timedelta(minutes=2)


def test_a_mail_that_never_goes_through_is_given_up_with_its_error(ana, monkeypatch):
    break_mail(monkeypatch)
    delivery = waiting_delivery(ana)

    for day in range(MOST_ATTEMPTS):
        delivery = try_delivery(delivery_id=delivery.pk, at=AT + timedelta(days=day))

    assert delivery.state == State.GIVEN_UP
    assert delivery.attempts == MOST_ATTEMPTS
    assert delivery.last_error == "OSError: Connection refused"


def test_a_given_up_delivery_can_be_tried_anew(ana, monkeypatch):
    with monkeypatch.context() as broken:
        break_mail(broken)
        delivery = waiting_delivery(ana)
        for day in range(MOST_ATTEMPTS):
            try_delivery(delivery_id=delivery.pk, at=AT + timedelta(days=day))
    much_later = AT + timedelta(days=30)

    retry_delivery(delivery=delivery, by=SYSTEM, at=much_later)

    assert try_delivery(delivery_id=delivery.pk, at=much_later).state == State.SENT


def test_a_missing_template_is_an_error_of_the_delivery_alone(ana):
    notification = notify(ana, "deal.unheard_of", about=ana, dedupe_key="x", at=AT)

    delivery = try_delivery(delivery_id=notification.deliveries.get().pk, at=AT)

    assert delivery.state == State.WAITING
    assert "TemplateDoesNotExist" in delivery.last_error


def test_a_worker_killed_before_sending_loses_its_claim(ana):
    delivery = waiting_delivery(ana)
    claim_delivery(delivery_id=delivery.pk, at=AT)

    assert try_delivery(delivery_id=delivery.pk, at=AT + CLAIM / 2) is None
    assert try_delivery(delivery_id=delivery.pk, at=AT + CLAIM).state == State.SENT
    assert len(mail.outbox) == 1


def test_only_a_death_between_acceptance_and_commit_sends_twice(ana, smtp_server, monkeypatch):
    """The one window of at-least-once: both mails carry one Message-ID."""
    delivery = waiting_delivery(ana)

    def die(*args, **kwargs):
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(operations, "settle", die)
        with pytest.raises(SystemExit):
            try_delivery(delivery_id=delivery.pk, at=AT)
    assert len(smtp_server.messages) == 1

    delivery = try_delivery(delivery_id=delivery.pk, at=AT + CLAIM)

    assert delivery.state == State.SENT
    first, second = smtp_server.messages
    assert first["Message-ID"] == second["Message-ID"] == delivery.message_id
    assert first.get_body(("plain",)).get_content() == second.get_body(("plain",)).get_content()


def test_a_worker_that_always_dies_does_not_try_forever(ana):
    delivery = waiting_delivery(ana)

    for hour in range(MOST_ATTEMPTS):
        assert claim_delivery(delivery_id=delivery.pk, at=AT + timedelta(hours=hour))

    delivery = try_delivery(delivery_id=delivery.pk, at=AT + timedelta(days=1))
    assert delivery.state == State.GIVEN_UP


def test_a_notification_is_read_once(ana):
    tell(ana)

    assert mark_all_read(by=Actor.of(ana), at=LATER) == 1
    assert mark_all_read(by=Actor.of(ana), at=LATER) == 0
    assert not Notification.objects.of(ana).unread().exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_tells_nobody():
    with transaction.atomic():
        ana = make_person("Ana Ruiz")

    with transaction.atomic():
        tell(ana)
        transaction.set_rollback(True)

    assert not Notification.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_notification_belongs_into_the_transaction_of_its_change():
    with transaction.atomic():
        ana = make_person("Ana Ruiz")

    with pytest.raises(transaction.TransactionManagementError):
        tell(ana)


def test_delivery_is_nudged_when_the_change_is_committed(
    ana, monkeypatch, django_capture_on_commit_callbacks
):
    from revops.outbox import tasks

    nudged = []
    monkeypatch.setattr(tasks.deliver, "delay", nudged.append)

    with django_capture_on_commit_callbacks(execute=True):
        delivery = waiting_delivery(ana)
        assert nudged == []

    assert nudged == [delivery.pk]


def test_the_sweep_sends_what_no_nudge_reached(ana):
    from revops.outbox.tasks import sweep_outbox

    waiting_delivery(ana)

    assert sweep_outbox() == 1
    assert sweep_outbox() == 0
    assert len(mail.outbox) == 1
