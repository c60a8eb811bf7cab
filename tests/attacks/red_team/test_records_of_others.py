"""Bugs that other systems had, tried here: numbers of other people's records."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from pipeline.models import Deal
from revops.work.operations import attach_file
from tests.api.calling import Caller
from tests.attacks.red_team.doing import fresh
from tests.factories.dealdesk import AT, make_quote, slot_of, small_account, submit
from tests.factories.people import by, signed_in
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db


@pytest.fixture
def theirs(other_rep, vp):
    """A deal with everything, none of it Rita's."""
    deal = make_deal(other_rep, "Secret merger", account=small_account("Zeta"))
    request = submit(make_quote(other_rep, 25, deal=deal))
    file = ContentFile(b"%PDF-1.4", name="contract.pdf")
    kept = attach_file(file=file, about=deal, kind="signed_contract", by=by(other_rep), at=AT)
    return {
        "deals": deal,
        "quotes": request.quote,
        "requests": request,
        "approvals": slot_of(request, vp),
        "attachments": kept,
    }


def test_object_ids_of_others(theirs, rep):
    client, caller = signed_in(rep), Caller(rep)

    for noun, record in theirs.items():
        assert client.get(f"/{noun}/{record.pk}/").status_code == 404, noun
        if noun != "attachments":
            answer = caller.get(f"{noun}/{record.pk}/")
            assert answer.status_code == 404, noun
            assert "Secret merger" not in answer.text


def test_object_ids_of_others_in_bodies(theirs, rep):
    """A record that is not visible is named in a form or body: it is as if it were not there."""
    mine = make_deal(rep, "Mine", account=small_account())
    deal, caller = theirs["deals"], Caller(rep)
    before = Deal.objects.count()

    bodies = [
        ("post", "quotes/", {"deal": deal.pk, "lines": []}),
        ("post", f"quotes/{theirs['quotes'].pk}/clone/", {"deal": mine.pk}),
    ]
    for method, path, body in bodies:
        answer = caller.send(method, path, body)
        assert 400 <= answer.status_code < 500, (path, answer.text)
        assert "Secret merger" not in answer.text
    page = signed_in(rep).post("/deals/move/", {"deal": deal.pk, "stage": "discovery"})

    assert "Secret merger" not in page.text
    assert Deal.objects.count() == before
    assert fresh(deal).stage.key == "qualified"


def test_bulk_endpoints_need_a_sign_in(theirs):
    nobody = Client()
    for path in ("/deals/move/", "/deals/push/", "/api/v1/deals/upsert/"):
        answer = nobody.post(path, {"deal": theirs["deals"].pk, "stage": "discovery"})
        assert answer.status_code in (302, 401, 403, 404), path
        assert answer.status_code != 302 or "/accounts/login/" in answer["Location"]

    assert fresh(theirs["deals"]).stage.key == "qualified"
