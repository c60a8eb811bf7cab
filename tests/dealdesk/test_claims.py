import pytest
import time_machine
from django.test import Client

from dealdesk.models import SlotClaim
from dealdesk.operations import claim_approval, reassign_approval, release_approval
from revops.outbox.models import Notification
from revops.refusals import Conflict, NotAllowed
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit
from tests.factories.people import by, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim(vp):
    return make_person("Kim", roles=["vp_sales"])


@pytest.fixture
def asked(rep, vp, kim):
    """Two VPs are asked; the first answer counts."""
    return submit(make_quote(rep, 25))


def claim(asked, person, at=AT):
    return claim_approval(slot=slot_of(asked, person), by=by(person), at=at)


def holder():
    return SlotClaim.objects.standing().get().slot.person


def test_a_claim_stands_until_it_is_given_back(asked, vp):
    claim(asked, vp)
    assert holder() == vp

    release_approval(slot=slot_of(asked, vp), by=by(vp), at=AT + HOUR)
    assert not SlotClaim.objects.standing().exists()


def test_nobody_claims_for_somebody_else(asked, vp, kim):
    with pytest.raises(NotAllowed):
        claim_approval(slot=slot_of(asked, vp), by=by(kim), at=AT)
    with pytest.raises(Conflict):
        release_approval(slot=slot_of(asked, kim), by=by(kim), at=AT)


def test_a_claim_is_taken_over_and_the_former_is_told(asked, vp, kim):
    claim(asked, vp)
    with pytest.raises(Conflict):
        claim(asked, vp)

    claim(asked, kim, at=AT + HOUR)

    assert holder() == kim
    assert Notification.objects.filter(person=vp, event="approval.taken_over").count() == 1


def test_a_claim_decides_nothing_and_stops_nobody(asked, vp, kim):
    claim(asked, vp)

    decide(asked, kim)

    asked.refresh_from_db()
    assert asked.status == "approved"
    assert not SlotClaim.objects.standing().exists()


def test_a_claim_ends_with_the_slot_it_was_made_on(asked, vp, kim):
    third = make_person("Third", roles=["vp_sales"])
    claim(asked, vp)
    reassign_approval(slot=slot_of(asked, vp), to=third, reason="Away.", by=by(vp), at=AT)

    claim(asked, kim)

    assert holder() == kim


# The inbox


def inbox(person, view=""):
    client = Client()
    client.force_login(person)
    return client.get(f"/approvals/?show={view}").content.decode()


@pytest.mark.parametrize(
    ("view", "shown"),
    [("mine", True), ("unclaimed", False), ("due", True), ("needed", False), ("", True)],
)
def test_the_inbox_is_narrowed_down(view, shown, asked, vp):
    claim(asked, vp)
    with time_machine.travel(slot_of(asked, vp).due_at, tick=False):
        page = inbox(vp, view)

    assert (asked.deal.name in page) is shown


def test_the_others_see_who_is_on_it(asked, vp, kim):
    claim(asked, kim)

    assert "is on it since" in inbox(vp)
    assert "You are on it since" in inbox(kim)


def test_one_person_alone_has_nothing_to_claim(rep, vp):
    submit(make_quote(rep, 25))

    assert "I am on it</span>" not in inbox(vp)


def test_a_claim_is_made_and_released_in_the_inbox(asked, vp):
    client = Client()
    client.force_login(vp)
    slot = slot_of(asked, vp)

    client.post(f"/approvals/{slot.pk}/claim/", {"inbox": "1"})
    assert holder() == vp
    client.post(f"/approvals/{slot.pk}/release/")
    assert not SlotClaim.objects.standing().exists()
