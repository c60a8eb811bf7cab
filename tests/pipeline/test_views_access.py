"""Who may open and do what: not visible is 404, visible but not allowed 403."""

import pytest
from django.urls import reverse

from pipeline.models import Deal, DealMember
from pipeline.operations import add_member, create_contact, link_contact
from tests.factories.people import SYSTEM, by
from tests.factories.pipeline import make_deal
from tests.pipeline.visiting import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]

READ = ["deal-detail", "deal-timeline"]
FORMS = [
    "deal-edit",
    "deal-advance",
    "deal-skip",
    "deal-send-back",
    "deal-win",
    "deal-lose",
    "deal-push",
    "deal-contact-link",
]
HANDING = ["deal-reassign", "deal-member-add"]
POSTS = [
    ("deal-move", {"stage": "discovery"}),
    ("deal-activity-log", {"kind": "note", "side": "us", "body": "Called."}),
    ("deal-next-step", {"next_step": "Call"}),
    ("deal-push", {"to": "2026-12-20", "reason_key": "budget", "note": "Later."}),
    ("deal-lose", {"item-loss_reason": "price", "item-competitor-none": "on", "asked": "1"}),
    ("deal-edit", {"name": "New name", "currency": "USD"}),
]
LISTS = ["home", "deal-list", "deal-board", "account-list", "deal-bulk-push", "deal-bulk-move"]


def url(name, deal):
    return reverse(f"pipeline:{name}", args=[deal.pk])


@pytest.mark.parametrize("name", LISTS)
def test_every_list_asks_for_a_sign_in(client, name):
    response = client.get(reverse(f"pipeline:{name}"))

    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("who", ["rep", "manager", "vp", "desk", "revops", "auditor", "outsider"])
def test_lists_open_for_everybody_who_signed_in(request, visit, who, name):
    person = request.getfixturevalue(who)

    assert visit(person).get(reverse(f"pipeline:{name}")).status_code == 200


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("rep", 200),
        ("manager", 200),
        ("vp", 200),
        ("desk", 200),
        ("finance", 200),
        ("legal", 200),
        ("revops", 200),
        ("auditor", 200),
        ("other_rep", 404),
        ("outsider", 404),
    ],
)
def test_a_deal_is_read_by_whom_it_concerns(request, visit, rep, who, status, name):
    deal = make_deal(rep)
    person = request.getfixturevalue(who)

    assert visit(person).get(url(name, deal)).status_code == status


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("rep", 200),
        ("manager", 200),
        ("revops", 200),
        ("desk", 403),
        ("auditor", 403),
        ("other_rep", 404),
    ],
)
def test_forms_that_change_a_deal_open_for_those_who_may(request, visit, rep, who, status, name):
    deal = make_deal(rep, stage="demo")
    person = request.getfixturevalue(who)

    assert visit(person).get(url(name, deal)).status_code == status


@pytest.mark.parametrize(("name", "data"), POSTS)
@pytest.mark.parametrize(("who", "status"), [("auditor", 403), ("desk", 403), ("other_rep", 404)])
def test_acts_are_refused_to_those_who_may_not(request, visit, rep, who, status, name, data):
    deal = make_deal(rep)
    before = Deal.objects.values().get(pk=deal.pk)
    person = request.getfixturevalue(who)

    response = visit(person).post(url(name, deal), data)

    assert response.status_code == status
    assert Deal.objects.values().get(pk=deal.pk) == before


@pytest.mark.parametrize("name", HANDING)
@pytest.mark.parametrize(("who", "status"), [("rep", 200), ("manager", 200), ("auditor", 403)])
def test_handing_over_is_for_owner_and_managers(request, visit, rep, who, status, name):
    deal = make_deal(rep)
    person = request.getfixturevalue(who)

    assert visit(person).get(url(name, deal)).status_code == status


def test_reading_member_sees_the_deal_and_no_forms(visit, rep, other_rep):
    deal = make_deal(rep)
    add_member(deal=deal, person=other_rep, by=by(rep), at=NOW)

    page = visit(other_rep).get(deal.get_absolute_url())

    assert page.status_code == 200
    assert b"You may read this deal." in page.content
    assert b'id="composer"' not in page.content


def test_editing_member_may_work_but_not_hand_over(visit, rep, other_rep):
    deal = make_deal(rep)
    access = DealMember.Access.EDIT
    add_member(deal=deal, person=other_rep, access=access, by=by(rep), at=NOW)
    client = visit(other_rep)

    assert client.get(url("deal-edit", deal)).status_code == 200
    assert client.get(url("deal-reassign", deal)).status_code == 403


def test_owner_may_not_reopen_what_they_closed(visit, rep, manager):
    deal = make_deal(rep)
    answers = {"asked": "1", "item-loss_reason": "price", "item-competitor-none": "on"}
    visit(rep).post(url("deal-lose", deal), answers)

    assert Deal.objects.get(pk=deal.pk).status == "lost"
    assert visit(rep).get(url("deal-reopen", deal)).status_code == 403
    assert visit(manager).get(url("deal-reopen", deal)).status_code == 200


def test_parts_of_another_deal_are_not_reached_through_mine(visit, rep, other_rep):
    mine, theirs = make_deal(rep), make_deal(other_rep, "Theirs")
    contact = create_contact(account=theirs.account, name="Bea", by=SYSTEM, at=NOW)
    link = link_contact(deal=theirs, contact=contact, role="champion", by=SYSTEM, at=NOW)
    address = reverse("pipeline:deal-contact-unlink", args=[mine.pk, link.pk])

    assert visit(rep).post(address).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"), [("rep", 200), ("manager", 200), ("revops", 200), ("auditor", 403)]
)
def test_new_deal_is_for_sellers(request, visit, who, status):
    person = request.getfixturevalue(who)

    assert visit(person).get(reverse("pipeline:deal-new")).status_code == status


@pytest.mark.parametrize(("who", "status"), [("revops", 200), ("rep", 403), ("desk", 403)])
def test_segment_is_overridden_by_revops_alone(request, visit, rep, who, status):
    account = make_deal(rep).account
    person = request.getfixturevalue(who)
    address = reverse("pipeline:account-segment", args=[account.pk])

    assert visit(person).get(address).status_code == status


def test_outsider_sees_no_account_without_a_deal(visit, rep, outsider):
    account = make_deal(rep).account

    assert visit(outsider).get(account.get_absolute_url()).status_code == 404
