"""What a person does besides opening a link, where the policy asks for it."""

from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone

from dealdesk import links
from dealdesk.models import ApprovalLink, Decision, PolicyVersion
from dealdesk.operations import publish_policy, send_fresh_link
from dealdesk.policy import StepUp, policy_from_json
from revops.frame.forms import PercentField
from revops.ledger.models import Entry
from revops.people.actor import Via
from tests.factories.dealdesk import HOUR, decide, make_quote, slot_of, submit
from tests.factories.people import AT, SYSTEM, by

pytestmark = pytest.mark.django_db


def ask_for(step_up: StepUp) -> None:
    """Publish the policy in force with one way of deciding from mails for everybody."""
    policy = policy_from_json(PolicyVersion.objects.get(in_force=True).body)
    rules = tuple(replace(rule, step_up=step_up) for rule in policy.roles)
    publish_policy(policy=replace(policy, roles=rules), label="Stepped", by=SYSTEM, at=AT)


@pytest.fixture
def retyped(db):
    ask_for(StepUp.RETYPE)


@pytest.fixture
def slot(rep, vp):
    at = timezone.now() - HOUR
    return slot_of(submit(make_quote(rep, 25, at=at), at=at), vp)


@pytest.fixture
def phone(slot):
    client = Client()
    link = ApprovalLink.objects.get(slot=slot)
    client.get(links.link_path(links.derive_token(link)))
    return client


def press(phone, slot, **typed):
    facts = {"verdict": "approved", "digest": slot.step.request.snapshot.digest}
    return phone.post(f"/a/slot/{slot.pk}/", {**facts, **typed})


@pytest.mark.parametrize("typed", ["25", "25.0", "25,0 %", " 25 % "])
def test_the_discount_typed_again_decides(retyped, phone, slot, typed):
    assert press(phone, slot, retyped=typed).status_code == 302
    assert Decision.objects.get().via == "mail_link"


def test_without_it_nothing_is_decided(retyped, phone, slot):
    answer = press(phone, slot)

    assert answer.status_code == 422
    assert not Decision.objects.exists()
    assert "type the discount" in answer.content.decode()


def test_a_wrong_one_is_counted_and_the_fifth_ends_the_link(retyped, phone, slot):
    for _ in range(4):
        assert press(phone, slot, retyped="20").status_code == 422

    dead = press(phone, slot, retyped="20")

    assert dead.status_code == 422
    assert "typed wrongly too often" in dead.content.decode()
    assert "Acme" not in dead.content.decode()
    assert press(phone, slot, retyped="25").status_code == 409
    assert Entry.objects.filter(verb="approval.mistyped").count() == 5
    assert not Decision.objects.exists()


def test_after_too_many_the_addressee_gets_a_fresh_link(retyped, phone, slot):
    for _ in range(5):
        press(phone, slot, retyped="20")
    send_fresh_link(slot=slot, by=by(slot.person, Via.LINK), at=timezone.now())

    assert ApprovalLink.objects.get(slot=slot, killed_at=None).mistyped == 0


def test_a_refused_decision_does_not_ask_for_it_twice(retyped, phone, slot):
    press(phone, slot, verdict="rejected", retyped="25")

    assert press(phone, slot, verdict="rejected", reason="Too much").status_code == 302


def test_signing_in_is_asked_where_the_policy_says_so(rep, vp):
    ask_for(StepUp.SIGN_IN)
    at = timezone.now() - HOUR
    slot = slot_of(submit(make_quote(rep, 25, at=at), at=at), vp)
    phone = Client()
    phone.get(links.link_path(links.derive_token(ApprovalLink.objects.get(slot=slot))))

    page = phone.get(f"/a/slot/{slot.pk}/").content.decode()
    answer = press(phone, slot)

    assert 'name="verdict"' not in page
    assert "Sign in and decide" in page
    assert answer.status_code == 403
    assert not Decision.objects.exists()
    decide(slot.step.request, vp, at=timezone.now())


def test_signed_in_nothing_is_typed_again(retyped, rep, vp):
    decide(submit(make_quote(rep, 25)), vp)

    assert Decision.objects.get().via == "web"


@pytest.mark.parametrize("typed", ["25", "25.0", "25,0 %", "25.0%", "25,0"])
def test_one_field_reads_every_way_to_write_a_percentage(typed):
    assert PercentField().clean(typed) == 25


def test_a_lone_comma_in_a_percentage_is_a_decimal_one():
    assert PercentField().clean("12,500 %") == 12.5


def test_a_percentage_shows_the_keypad_of_numbers():
    assert PercentField().widget.attrs["inputmode"] == "decimal"
