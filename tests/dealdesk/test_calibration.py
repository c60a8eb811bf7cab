"""How one approver decides beside peers, for their own eyes."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dealdesk import calibration
from dealdesk.calibration import calibration_of
from dealdesk.links import derive_token, link_path
from dealdesk.models import ApprovalLink, ApprovalOpening
from dealdesk.operations import note_opening
from revops.people.actor import Via
from tests.factories.dealdesk import HOUR, decide, make_quote, slot_of, small_account, submit
from tests.factories.people import AT, by, make_person
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=30)


def decided(rep, person, number, *, opened=True, verdict="approved", via=Via.WEB, off=25):
    for each in range(number):
        deal = make_deal(rep, f"{person.name} {each}", account=small_account())
        asked = submit(make_quote(rep, off, deal=deal))
        if opened:
            note_opening(slot=slot_of(asked, person), by=by(person), at=AT + HOUR / 2)
        decide(asked, person, verdict, via=via)


def test_the_share_decided_without_opening_the_terms(rep, vp):
    decided(rep, vp, 3)
    decided(rep, vp, 2, opened=False)

    found = calibration_of(vp, LATER)

    assert (found.number, found.unopened_percent, found.took) == (5, 40, HOUR)


def test_what_was_decided_before_openings_were_kept_is_not_held_against_anybody(rep, vp):
    decided(rep, vp, 5, opened=False)

    assert calibration_of(vp, LATER).unopened_percent is None


def test_a_decision_by_the_link_shows_the_terms(rep, vp, desk):
    other = submit(make_quote(rep, 25, deal=make_deal(rep, "Read", account=small_account())))
    note_opening(slot=slot_of(other, vp), by=by(vp), at=AT)
    decided(rep, vp, 5, opened=False, via=Via.LINK)

    assert calibration_of(vp, LATER).unopened_percent == 0


def test_too_few_show_no_figure(rep, vp):
    decided(rep, vp, 4)

    found = calibration_of(vp, LATER)

    assert found.unopened_percent is None
    assert found.took is None


def test_peers_appear_together_from_five_people_on(rep, vp, monkeypatch):
    decided(rep, vp, 5, verdict="approved")
    found = calibration_of(vp, LATER)
    assert found.peers_took is None
    assert found.bands[2].peers_percent is None

    monkeypatch.setattr(calibration, "ENOUGH", 1)
    other = make_person("Vito Vega", roles=["vp_sales"])
    decided(rep, other, 1, verdict="rejected")

    band = calibration_of(vp, LATER).bands[2]
    assert (band.own_percent, band.peers_percent) == (100, 0)


def test_only_the_person_and_revops_see_it(rep, vp, manager, revops):
    for person, status in ((vp, 200), (revops, 200), (manager, 404), (rep, 404)):
        client = Client()
        client.force_login(person)
        assert client.get(f"/approvals/of/{vp.pk}/").status_code == status


def test_the_first_reading_of_the_page_is_kept_once(rep, vp, desk):
    slot = slot_of(submit(make_quote(rep, 25, at=timezone.now()), at=timezone.now()), vp)
    for person in (desk, vp, vp):
        client = Client()
        client.force_login(person)
        client.get(slot.get_absolute_url())

    assert ApprovalOpening.objects.get().slot == slot


def test_scanner_get_of_the_link_is_no_reading(rep, vp):
    slot = slot_of(submit(make_quote(rep, 25, at=timezone.now()), at=timezone.now()), vp)
    scanner = Client()
    for _ in range(20):
        address = link_path(derive_token(ApprovalLink.objects.get(slot=slot)))
        scanner.get(address, follow=True)

    assert not ApprovalOpening.objects.exists()
