"""Bugs that other systems had, tried here: people who change while a request waits."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from dealdesk.models import ApprovalSlot, Decision
from dealdesk.operations import decide_approval, publish_preset, recall_request, restaff_requests
from pipeline.operations import reassign_deal
from revops.people.models import Role
from revops.people.operations import deactivate_person, grant_role, revoke_role
from revops.refusals import NotAllowed, Refused
from tests.api.calling import Caller
from tests.attacks.red_team.doing import fresh, path_of
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit
from tests.factories.people import by, make_person, signed_in

pytestmark = pytest.mark.django_db


def test_same_person_in_two_groups(rep, finance, legal, revops):
    request = submit(make_quote(rep, term_months=24))
    slot = slot_of(request, finance)

    with pytest.raises(DatabaseError), transaction.atomic():
        ApprovalSlot.objects.create(
            step=slot.step, role="legal", person=finance, held_as="legal", hours=24, state="open"
        )
    grant_role(person=finance, role=Role.LEGAL, by=by(revops), at=AT)
    decide(request, finance)
    answer = Caller(finance).post(
        f"approvals/{slot_of(request, legal).pk}/decide/",
        {"verdict": "approved", "digest": request.snapshot.digest},
    )

    assert answer.status_code == 403
    assert fresh(request).status == "pending"


def test_role_emptied_while_pending(request_, vp, revops):
    """The link of somebody who lost the role decides nothing either."""
    client, slot = Client(), slot_of(request_, vp)
    client.get(path_of(slot))
    revoke_role(person=vp, role=Role.VP_SALES, by=by(revops), at=AT)

    answer = client.post(
        reverse("dealdesk:approval-link-page", args=[slot.pk]),
        {"verdict": "approved", "digest": request_.snapshot.digest},
    )

    assert answer.status_code in (403, 410)
    assert not Decision.objects.exists()
    restaff_requests(at=AT + HOUR)
    restaff_requests(at=AT + HOUR)
    assert fresh(request_).status == "pending"


def test_approver_deactivated_while_pending(request_, vp, revops):
    """Every way in is shut at once: session, token and link."""
    successor = make_person("Viola Voss", roles=["vp_sales"])
    session, caller, slot = signed_in(vp), Caller(vp), slot_of(request_, vp)
    deactivate_person(person=vp, successor=successor, by=by(revops), at=AT + HOUR)
    body = {"verdict": "approved", "digest": request_.snapshot.digest}

    page = session.post(reverse("dealdesk:approval-decide", args=[slot.pk]), body)
    api = caller.post(f"approvals/{slot.pk}/decide/", body)
    with pytest.raises(Refused):
        decide_approval(slot=slot, **body, by=by(vp), at=AT + HOUR)

    assert page.status_code == 302
    assert page["Location"].startswith("/accounts/login/")
    assert api.status_code == 401
    assert not Decision.objects.exists()


def test_policy_published_while_pending(request_, vp, revops):
    """The request stays with the policy that it was judged by."""
    publish_preset(preset="recommended", by=by(revops), at=AT + HOUR)
    pinned = request_.policy_id

    decide(request_, vp, at=AT + 2 * HOUR)

    assert fresh(request_).status == "approved"
    assert fresh(request_).policy_id == pinned


def test_recall_during_decision(request_, vp, rep):
    """The page was open while the request was taken back."""
    page = reverse("dealdesk:approval-decide", args=[slot_of(request_, vp).pk])
    client = signed_in(vp)
    client.get(page.replace("decide/", ""))
    recall_request(request=request_, by=by(rep), at=AT + HOUR)

    answer = client.post(page, {"verdict": "approved", "digest": request_.snapshot.digest})

    assert answer.status_code == 409
    assert not Decision.objects.exists()


def test_nobody_approves_what_they_took_over(request_, vp, revops):
    """The approver becomes the owner of the deal: through every door they are turned away."""
    reassign_deal(deal=request_.deal, owner=vp, reason="Leave", by=by(revops), at=AT + HOUR)
    slot = slot_of(request_, vp)
    body = {"verdict": "approved", "digest": request_.snapshot.digest}

    page = signed_in(vp).post(reverse("dealdesk:approval-decide", args=[slot.pk]), body)
    api = Caller(vp).post(f"approvals/{slot.pk}/decide/", body)

    assert page.status_code in (403, 409)
    assert api.status_code in (403, 409)
    assert not Decision.objects.exists()


def test_a_superuser_flag_is_nothing(request_, rep, outsider):
    """Whatever somebody writes onto the person in memory or asks of permissions."""
    outsider.is_superuser = outsider.is_active = True
    slot = ApprovalSlot.objects.get(step__request=request_)

    with pytest.raises(NotAllowed):
        decide_approval(
            slot=slot,
            verdict="approved",
            digest=request_.snapshot.digest,
            by=by(outsider),
            at=AT + HOUR,
        )
    assert signed_in(outsider).get("/admin/").status_code == 302
