"""Bugs that other systems had, tried here through every door: page, link, API, import, shell."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core import mail
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from dealdesk.coverage import cover_of
from dealdesk.links import derive_path
from dealdesk.models import (
    ApprovalLink,
    ApprovalRequest,
    ApprovalSlot,
    Decision,
    Price,
    Quote,
    QuoteLine,
)
from dealdesk.operations import (
    clone_quote,
    decide_approval,
    expire_requests,
    make_primary,
    publish_preset,
    recall_request,
    restaff_requests,
    revise_quote,
    save_quote,
)
from pipeline.models import Deal
from pipeline.operations import reassign_deal, reopen_deal, win_deal
from revops import integrity
from revops.ledger.models import Entry
from revops.outbox.models import Delivery
from revops.outbox.tasks import sweep_outbox
from revops.people.models import Role
from revops.people.operations import deactivate_person, grant_role, revoke_role
from revops.refusals import Conflict, NotAllowed, Refused
from revops.work.operations import attach_file
from tests.api.calling import Caller
from tests.factories.dealdesk import (
    AT,
    HOUR,
    decide,
    line,
    make_quote,
    product_of,
    slot_of,
    small_account,
    submit,
)
from tests.factories.people import by, make_person, signed_in
from tests.factories.pipeline import complete, make_deal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(AT + 2 * HOUR, tick=False) as traveller:
        yield traveller


def fresh(record):
    return type(record).objects.get(pk=record.pk)


def findings():
    return {found.check for found in integrity.findings()}


@pytest.fixture
def deal(rep):
    return complete(make_deal(rep, account=small_account(), stage="negotiation"))


@pytest.fixture
def approved(deal, rep, vp):
    request = submit(make_quote(rep, 25, deal=deal))
    decide(request, vp)
    return fresh(request)


def worsened(quote, off, rep) -> Quote:
    """A primary draft with more taken off, never submitted."""
    draft = revise_quote(quote=quote, by=by(rep), at=AT + HOUR)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(off, key=key)], by=by(rep), at=AT + HOUR)
    return make_primary(quote=fresh(draft), by=by(rep), at=AT + HOUR)


def win_by_page(deal, person):
    address = reverse("pipeline:deal-win", args=[deal.pk])
    return signed_in(person).post(address, {"asked": "1"}).status_code


def win_by_api(deal, person):
    return Caller(person).post(f"deals/{deal.pk}/win/", {}).status_code


def win_by_shell(deal, person):
    try:
        win_deal(deal=fresh(deal), by=by(person), at=AT + 2 * HOUR)
    except Refused as refused:
        return refused.status
    return 200


WAYS_TO_WIN = [win_by_page, win_by_api, win_by_shell]


# Approved, then edited


@pytest.mark.parametrize("win", WAYS_TO_WIN)
def test_confirm_before_save(win, approved, deal, rep):
    """The worse terms on the sheet were saved and never submitted; winning does not take them."""
    worsened(approved.quote, 35, rep)

    assert win(deal, rep) == 422
    assert fresh(deal).status == "open"


@pytest.mark.parametrize("win", WAYS_TO_WIN)
def test_save_low_then_raise(win, deal, rep):
    """Automatic at 5 %, then raised to 35 % without asking again."""
    request = submit(make_quote(rep, 5, deal=deal))
    assert request.status == "approved"
    worsened(request.quote, 35, rep)

    assert win(deal, rep) == 422


def test_an_approved_sheet_is_raised_by_no_page(approved, rep):
    """The editor of a stale tab posts onto the approved revision itself."""
    quote = approved.quote
    before = json.dumps(list(quote.lines.values()), default=str)
    client = signed_in(rep)
    sheet = {"header-kind": "new", "lines-0-wish": "90", "lines-0-quantity": "1", "version": "1"}

    for name in ("quote-edit", "quote-submit"):
        answer = client.post(reverse(f"dealdesk:{name}", args=[quote.pk]), sheet)
        assert answer.status_code in (403, 409, 422)
    api = Caller(rep).patch(f"quotes/{quote.pk}/", {"lines": []})

    assert api.status_code in (409, 422)
    assert json.dumps(list(quote.lines.values()), default=str) == before


@pytest.mark.parametrize("win", WAYS_TO_WIN)
def test_duplicate_approved(win, approved, deal, rep):
    copy = clone_quote(quote=approved.quote, by=by(rep), at=AT + HOUR)
    key = copy.lines.get().key
    save_quote(quote=copy, lines=[line(26, key=key)], by=by(rep), at=AT + HOUR)
    make_primary(quote=fresh(copy), by=by(rep), at=AT + HOUR)

    assert win(deal, rep) == 422
    assert not fresh(copy).requests.exists()


def test_duplicate_into_another_deal_carries_no_approval(approved, deal, rep):
    other = complete(make_deal(rep, "Twin", account=deal.account, stage="negotiation"))
    clone_quote(quote=approved.quote, deal=other, by=by(rep), at=AT + HOUR)

    assert not cover_of(fresh(other), AT + 2 * HOUR).ok
    assert win_by_api(other, rep) == 422


# Around the operations


SHELL = {
    "an approval written by hand": lambda request: ApprovalRequest.objects.filter(
        pk=request.pk
    ).update(status="approved", decided_at=AT, valid_until=AT + timedelta(days=30)),
    "a slot closed by hand": lambda request: ApprovalSlot.objects.filter(
        step__request=request
    ).update(state="approved", closed_at=AT),
    "submitted terms made cheaper": lambda request: QuoteLine.objects.filter(
        quote=request.quote
    ).update(typed_value=Decimal(60)),
    "a discount figure rewritten": lambda request: Quote.objects.filter(pk=request.quote_id).update(
        net_amount=1
    ),
    "an amount typed over the quote": lambda request: Deal.objects.filter(
        pk=request.deal_id
    ).update(amount=1),
}


@pytest.mark.parametrize("what", SHELL)
def test_shell_path(what, rep, vp):
    """What is written past the operations is refused by the database, or found."""
    request = submit(make_quote(rep, 25))
    assert findings() == set()

    try:
        with transaction.atomic():
            SHELL[what](request)
    except DatabaseError:
        return

    assert findings() != set()


def test_a_state_is_not_assigned_in_the_shell(approved):
    request = fresh(approved)
    with pytest.raises(AttributeError):
        request.status = "pending"


def test_a_won_deal_written_by_hand_is_found(rep):
    deal = make_deal(rep)
    try:
        with transaction.atomic():
            Deal.objects.filter(pk=deal.pk).update(status="won", closed_on=AT.date())
    except DatabaseError:
        return

    assert findings() != set()


def test_import_path_wins_nothing_that_is_here(approved, deal, rep, vp):
    """The upsert of the API changes facts of a known deal, never its stage, status or amount."""
    caller = Caller(rep)
    for body in ({"status": "won"}, {"stage": "closed-won"}, {"amount": "1"}, {"closed_on": "x"}):
        answer = caller.patch(f"deals/{deal.pk}/", body)
        assert answer.status_code in (400, 422), (body, answer.text)

    assert fresh(deal).status == "open"


@pytest.mark.parametrize("win", WAYS_TO_WIN)
def test_reopen_closed_won(win, approved, deal, rep, vp):
    """The approval was used up: reopened, nothing is won on it a second time."""
    win_deal(deal=fresh(deal), by=by(rep), at=AT + HOUR)
    reopen_deal(deal=fresh(deal), reason="Signed too early", by=by(vp), at=AT + HOUR)

    assert win(deal, rep) == 422


# Links


@pytest.fixture
def request_(rep, vp):
    return submit(make_quote(rep, 25))


def path_of(slot) -> str:
    return derive_path(slot.links.order_by("-pk").first().pk)


def stored():
    return (
        list(ApprovalLink.objects.order_by("pk").values()),
        list(ApprovalSlot.objects.order_by("pk").values()),
        list(ApprovalRequest.objects.order_by("pk").values()),
        Decision.objects.count(),
        Entry.objects.count(),
        Delivery.objects.count(),
    )


def test_scanner_get_20_times_and_post_without_csrf(request_, vp):
    slot = slot_of(request_, vp)
    before = stored()
    scanner = Client(enforce_csrf_checks=True)
    answer = {"verdict": "approved", "digest": request_.snapshot.digest}

    for _ in range(20):
        assert scanner.get(path_of(slot), follow=True).status_code == 200
        scanner.head(path_of(slot), follow=True)
        scanner.options(path_of(slot))
    for name in ("approval-link-page", "approval-link-fresh", "approval-link-forget"):
        page = reverse(f"dealdesk:{name}", args=[slot.pk])
        assert scanner.post(page, answer).status_code == 403
    assert scanner.post(path_of(slot), answer).status_code in (403, 405)

    assert stored() == before


def test_the_page_of_a_link_has_no_choice_made_and_no_script_that_submits(request_, vp):
    page = Client().get(path_of(slot_of(request_, vp)), follow=True).text

    assert not re.search(r"<input[^>]*name=.verdict.[^>]*checked", page)
    assert "onclick" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)


def test_the_session_of_one_slot_opens_no_other(rep, vp, desk):
    """A link for slot A, then the page of slot B with the same browser."""
    mine = slot_of(submit(make_quote(rep, 25)), vp)
    second = make_deal(rep, "Second", account=small_account())
    theirs = submit(make_quote(rep, 25, deal=second))
    other = slot_of(theirs, vp)
    client = Client()
    client.get(path_of(mine))
    page = reverse("dealdesk:approval-link-page", args=[other.pk])

    assert client.get(page).status_code == 404
    answer = client.post(page, {"verdict": "approved", "digest": theirs.snapshot.digest})

    assert answer.status_code == 404
    assert not Decision.objects.exists()


def test_a_token_kept_under_another_slot_opens_nothing(rep, vp):
    mine = slot_of(submit(make_quote(rep, 25)), vp)
    second = make_deal(rep, "Second", account=small_account())
    other = slot_of(submit(make_quote(rep, 25, deal=second)), vp)
    client = Client()
    client.get(path_of(mine))
    session = client.session
    session["approval_links"] = {str(other.pk): session["approval_links"][str(mine.pk)]}
    session.save()

    answer = client.get(reverse("dealdesk:approval-link-page", args=[other.pk]))

    assert answer.status_code == 404


def test_a_session_somebody_prepared_never_holds_a_token(request_, vp):
    """Session fixation: the session that holds the link is one that only this browser knows."""
    client = Client()
    session = client.session
    session["prepared"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key

    client.get(path_of(slot_of(request_, vp)))

    assert client.cookies["sessionid"].value != session.session_key
    attacker = Client()
    attacker.cookies["sessionid"] = session.session_key
    page = reverse("dealdesk:approval-link-page", args=[slot_of(request_, vp).pk])
    assert attacker.get(page).status_code == 404


def test_token_after_reassign(request_, vp, revops):
    """Handed over to a successor: the old link shows nothing of the deal and decides nothing."""
    successor = make_person("Viola Voss", roles=["vp_sales"])
    slot = slot_of(request_, vp)
    path, client = path_of(slot), Client()
    client.get(path)
    deactivate_person(person=vp, successor=successor, by=by(revops), at=AT + HOUR)

    for answer in (
        client.get(path, follow=True),
        client.post(
            reverse("dealdesk:approval-link-page", args=[slot.pk]),
            {"verdict": "approved", "digest": request_.snapshot.digest},
        ),
    ):
        assert answer.status_code in (409, 410)
        assert request_.deal.name not in answer.text
    assert not Decision.objects.exists()
    assert slot_of(request_, successor).is_open


def test_second_link_of_the_same_slot(request_, vp, clock):
    slot = slot_of(request_, vp)
    first, client = path_of(slot), Client()
    client.get(first)
    clock.shift(timedelta(days=8))
    client.post(reverse("dealdesk:approval-link-fresh", args=[slot.pk]))
    second = path_of(slot)

    assert first != second
    assert Client().get(first, follow=True).status_code == 410
    assert Client().get(second, follow=True).status_code == 200


@pytest.mark.parametrize("door", ["page", "link", "api"])
def test_digest_changes_between_page_and_post(door, request_, vp):
    slot, stale = slot_of(request_, vp), "0" * 64
    body = {"verdict": "approved", "digest": stale}
    if door == "page":
        answer = signed_in(vp).post(reverse("dealdesk:approval-decide", args=[slot.pk]), body)
    elif door == "link":
        client = Client()
        client.get(path_of(slot))
        answer = client.post(reverse("dealdesk:approval-link-page", args=[slot.pk]), body)
    else:
        answer = Caller(vp).post(f"approvals/{slot.pk}/decide/", body)

    assert answer.status_code == 409
    assert not Decision.objects.exists()


# Who


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


# The clock


def test_scheduler_dead_for_3_days(request_, rep, clock):
    """What was missed is done once: mails, expiry and their retries."""
    sweep_outbox()
    first = len(mail.outbox)
    clock.shift(timedelta(days=3))
    for _ in range(3):
        sweep_outbox()
        expire_requests(at=AT + timedelta(days=3))
    assert len(mail.outbox) == first
    assert fresh(request_).status == "pending"

    clock.shift(timedelta(days=30))
    for _ in range(3):
        expire_requests(at=AT + timedelta(days=33))
        sweep_outbox()
    ended = list(mail.outbox[first:])

    assert fresh(request_).status == "expired"
    assert len(ended) == len({(message.to[0], message.subject) for message in ended})
    assert Entry.objects.filter(verb="approval.expired").count() == 1


@pytest.mark.django_db(transaction=True)
def test_lock_released_before_commit(rep, vp, monkeypatch):
    """No worker is told of a delivery before it can be read."""
    from revops.outbox import tasks

    seen = []
    monkeypatch.setattr(
        tasks.deliver, "delay", lambda pk: seen.append(Delivery.objects.filter(pk=pk).exists())
    )
    with transaction.atomic():
        assert seen == []
    request = submit(make_quote(rep, 25))
    assert seen
    assert all(seen)

    told = len(seen)
    with pytest.raises(Conflict):
        decide(request, vp, digest="0" * 64)
    assert len(seen) == told


# Numbers


def sheet_of(quote, **changes):
    """The sheet of a quote as its page would send it."""
    from dealdesk.forms import Raw
    from dealdesk.inputs import rows_of

    flat = Raw.of_rows(rows_of(quote)).flat()
    return {**flat, "version": str(quote.version), **changes}


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("9.99", set()),
        ("10", {"sales_manager"}),
        ("10.00", {"sales_manager"}),
        ("19.99", {"sales_manager"}),
        ("20.00", {"vp_sales"}),
        ("39.99", {"vp_sales"}),
        ("40.00", {"deal_desk"}),
        ("9.9999999999", set()),
        ("19.9999999999", {"sales_manager"}),
    ],
)
def test_threshold_exactly_10_20_and_40(typed, asked, rep, vp, manager, desk):
    """Through the form of the page, which keeps what was typed exactly."""
    quote = make_quote(rep, 5)
    answer = signed_in(rep).post(
        reverse("dealdesk:quote-submit", args=[quote.pk]),
        {
            **sheet_of(quote),
            "lines-0-wish": typed,
            "lines-0-typed": "percent",
            "why": "They compare us",
            "in_return": "reference",
        },
    )

    assert answer.status_code == 302, answer.text
    request = ApprovalRequest.objects.get()
    assert set(request.route_key.split("+")) - {"automatic", ""} == asked


def test_list_price_0(rep, vp, revops):
    """A zero total is never automatic, whichever door it is submitted by."""
    free = product_of("gift", price="0")
    assert Price.objects.filter(product=free, amount=0).exists()
    quote = make_quote(rep, lines=[line(product=free, quantity=1)])

    page = signed_in(rep).post(
        reverse("dealdesk:quote-submit", args=[quote.pk]), {"why": "x", "in_return": "reference"}
    )
    api = Caller(rep).post(f"quotes/{quote.pk}/submit/", {"why": "x", "in_return": ["reference"]})
    with pytest.raises(Refused):
        submit(quote)

    assert page.status_code == 422
    assert api.status_code == 422
    assert not ApprovalRequest.objects.exists()


# Numbers of other people's records


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
