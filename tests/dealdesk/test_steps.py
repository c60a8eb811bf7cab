"""Steps one after another, all of a role, some of a role, and the person a policy names."""

from dataclasses import replace

import pytest

from dealdesk.models import ApprovalSlot
from dealdesk.operations import publish_policy, restaff_requests
from dealdesk.policy import Role, StepMode, StepOrder
from dealdesk.presets import AS_IN_THE_SOURCES
from revops.outbox.models import Notification
from revops.people.operations import revoke_role
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit, term
from tests.factories.people import by, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def publish(revops):
    def publish(**changes):
        policy = replace(AS_IN_THE_SOURCES, version="test", name="Test", **changes)
        return publish_policy(policy=policy, label="Test", by=by(revops), at=AT)

    return publish


def rules(role, **changes):
    """The shipped rules with those of one role changed."""
    return tuple(
        replace(rule, **changes) if rule.role is role else rule for rule in AS_IN_THE_SOURCES.roles
    )


def status(request):
    request.refresh_from_db()
    return request.status


def test_price_first_asks_the_others_afterwards(rep, vp, desk, publish):
    publish(order=StepOrder.PRICE_FIRST)
    request = submit(make_quote(rep, 25, terms=[term()]))

    waiting = slot_of(request, desk)
    assert waiting.state == "not_yet_requested"
    assert not Notification.objects.filter(person=desk, event="approval.requested").exists()
    with pytest.raises(Conflict):
        decide(request, desk)

    decide(request, vp)
    waiting.refresh_from_db()
    assert waiting.state == "requested"
    assert waiting.requested_at == AT + HOUR
    decide(request, desk)
    assert status(request) == "approved"


def test_a_rejection_in_the_first_wave_never_asks_the_second(rep, vp, desk, publish):
    publish(order=StepOrder.PRICE_FIRST)
    request = submit(make_quote(rep, 25, terms=[term()]))

    decide(request, vp, "rejected")

    assert slot_of(request, desk).state == "cancelled"
    assert not Notification.objects.filter(person=desk).exists()


def test_a_ladder_asks_the_manager_before_the_vp(rep, manager, vp, publish):
    publish(ladder=True)
    request = submit(make_quote(rep, 25))

    decide(request, manager)
    decide(request, vp, at=AT + 2 * HOUR)

    assert status(request) == "approved"


def test_unanimous_needs_everybody(rep, desk, publish):
    other = make_person("Dan Dore", roles=["deal_desk"])
    publish(roles=rules(Role.DEAL_DESK, mode=StepMode.UNANIMOUS))
    request = submit(make_quote(rep, terms=[term()]))

    decide(request, desk)
    assert status(request) == "pending"
    decide(request, other)
    assert status(request) == "approved"


def test_a_quorum_needs_so_many(rep, desk, publish):
    others = [make_person(name, roles=["deal_desk"]) for name in ("Dan Dore", "Don Dorn")]
    publish(roles=rules(Role.DEAL_DESK, mode=StepMode.QUORUM, needed=2))
    request = submit(make_quote(rep, terms=[term()]))

    decide(request, desk)
    decide(request, others[0])

    assert status(request) == "approved"
    assert slot_of(request, others[1]).state == "not_required"


def test_without_a_veto_one_no_does_not_end_a_quorum(rep, desk, publish):
    others = [make_person(name, roles=["deal_desk"]) for name in ("Dan Dore", "Don Dorn")]
    publish(roles=rules(Role.DEAL_DESK, mode=StepMode.QUORUM, needed=2), one_veto=False)
    request = submit(make_quote(rep, terms=[term()]))

    decide(request, desk, "rejected")
    assert status(request) == "pending"
    decide(request, others[0])
    decide(request, others[1])
    assert status(request) == "approved"


def test_a_quorum_that_cannot_be_reached_is_refused(rep, desk, publish):
    publish(roles=rules(Role.DEAL_DESK, mode=StepMode.QUORUM, needed=2))

    with pytest.raises(Refused) as refused:
        submit(make_quote(rep, terms=[term()]))

    assert refused.value.code == "quorum_unreachable"


def test_a_quorum_that_became_unreachable_is_told(rep, desk, revops, publish):
    make_person("Dan Dore", roles=["deal_desk"])
    publish(roles=rules(Role.DEAL_DESK, mode=StepMode.QUORUM, needed=2))
    request = submit(make_quote(rep, terms=[term()]))
    revoke_role(person=desk, role="deal_desk", by=by(revops), at=AT)

    assert restaff_requests(at=AT) == [request.pk]


def test_the_person_a_policy_names_stands_in(rep, outsider, publish):
    publish(roles=rules(Role.DEAL_DESK, fallback=outsider.email))
    request = submit(make_quote(rep, terms=[term()]))

    slot = ApprovalSlot.objects.get(step__request=request)
    assert (slot.person, slot.held_as) == (outsider, "")
    decide(request, outsider)
    assert status(request) == "approved"


def test_nobody_stands_in_whom_the_policy_does_not_name(rep, desk, outsider, publish):
    """A slot written by hand for somebody else is not decided."""
    request = submit(make_quote(rep, terms=[term()]))
    ApprovalSlot.objects.filter(person=desk).update(person=outsider, held_as="")

    with pytest.raises(NotAllowed):
        decide(request, outsider)
