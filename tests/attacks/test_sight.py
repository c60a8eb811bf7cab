"""Nobody reads off the pages of numbers what they may not see."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from openpyxl import load_workbook

from pipeline.models import DigestSent, FindingAlert
from pipeline.operations import (
    lose_deal,
    push_close_date,
    send_digests,
    skip_deal,
    sweep_findings,
)
from tests.attacks.test_addresses import PAGES
from tests.factories.people import AT, SYSTEM, by, make_person, make_team
from tests.factories.pipeline import complete, make_account, make_deal, stage

pytestmark = pytest.mark.django_db(transaction=True)

LATER = AT + timedelta(days=40)
SECRET = re.compile(r"Zebulon|Orrin|7,777|7777|7\.\d+ ?M")


@pytest.fixture
def stranger(vp):
    """A rep of another manager, whose every deal has a telling name and amount."""
    lead = make_person("Mona Zebulon", roles=["sales_manager"], manager=vp, team=make_team("Zeb"))
    rep = make_person("Zora Zebulon", roles=["rep"], manager=lead, team=lead.team)
    account = make_account("Zebulon Inc")
    facts = {"account": account, "amount": Decimal("7777777"), "competitor": "Orrin"}
    lost = make_deal(rep, "Zebulon lost", **facts)
    lose_deal(deal=lost, loss_reason="price", competitor="Orrin", by=by(rep), at=AT)
    deal = make_deal(rep, "Zebulon open", **facts)
    skip_deal_anyhow(deal, rep)
    note = "The CFO is away"
    push = {"reason_key": "budget", "note": note, "by": by(rep), "at": AT}
    push_close_date(deal=deal, to="2026-12-20", **push)
    push_close_date(deal=deal, to="2027-01-20", **push)
    return rep


def skip_deal_anyhow(deal, rep):
    skip_deal(deal=complete(deal), to=stage("demo"), reason="Zebulon", by=by(rep), at=AT)


@pytest.fixture
def own(rep):
    return make_deal(rep, "Mine", close_date=AT.date())


def told(answer) -> str:
    if answer.headers.get("Content-Type", "").startswith("application/vnd"):
        book = load_workbook(io.BytesIO(answer.getvalue()))
        return " ".join(str(cell.value) for page in book for row in page for cell in row)
    return answer.getvalue().decode() if answer.streaming else answer.text


@pytest.mark.parametrize("reader", ["rep", "manager", "customer_success", "outsider"])
def test_no_page_of_numbers_tells_of_a_strangers_deals(reader, stranger, own, request):
    person = request.getfixturevalue(reader)
    span = {"from": "2026-10-01", "to": "2026-12-31"}
    telling = []
    with time_machine.travel(LATER, tick=False):
        client = Client()
        client.force_login(person)
        for page in PAGES:
            for asked in (
                {},
                span,
                span | {"by": "competitor"},
                span | {"by": "owner"},
                {"scope": "all", "status": "any"},
                span | {"format": "csv"},
                span | {"format": "xlsx"},
                {"owner": stranger.pk},
                {"person": stranger.pk},
                {"team": stranger.team_id},
            ):
                answer = client.get(page, asked)
                assert answer.status_code in (200, 400, 403, 404, 422), (page, asked)
                text = re.sub(r"<select.*?</select>", "", told(answer), flags=re.S)
                if found := SECRET.search(text):
                    telling.append((page, asked, found[0]))
    assert telling == []


def test_digests_and_alerts_of_others_are_not_there(stranger, rep, own):
    sweep_findings(by=SYSTEM, at=LATER)
    monday = LATER + timedelta(days=(7 - LATER.weekday()) % 7)
    send_digests(by=SYSTEM, at=monday.replace(hour=12))
    theirs = DigestSent.objects.filter(person=stranger)
    assert theirs.exists()
    assert FindingAlert.objects.filter(person=stranger).exists()
    client = Client()
    client.force_login(rep)
    for row in theirs:
        for section in ("", "open/", "new/", "stale/"):
            assert client.get(f"/digests/{row.pk}/{section}").status_code == 404
    assert not SECRET.search(client.get("/alerts/").text)
    mine = DigestSent.objects.filter(person=rep).first()
    assert not SECRET.search(client.get(f"/digests/{mine.pk}/open/").text)


def test_no_cell_of_a_report_is_a_formula(rep, own, revops):
    evil = "=HYPERLINK(1)"
    lost = make_deal(rep, evil, competitor=evil)
    lose_deal(deal=lost, loss_reason="price", competitor=evil, by=by(rep), at=AT)
    with time_machine.travel(AT + timedelta(days=1), tick=False):
        client = Client()
        client.force_login(revops)
        span = {"from": "2026-10-01", "to": "2026-12-31", "status": "any", "scope": "all"}
        named = 0
        for page in PAGES:
            for more in ({"format": "csv"}, {"format": "csv", "by": "competitor"}):
                answer = client.get(page, span | more)
                if not answer.headers["Content-Type"].startswith("text/csv"):
                    continue
                cells = [cell for row in csv.reader(told(answer).splitlines()) for cell in row]
                assert not [cell for cell in cells if cell.startswith("=")], page
                named += sum(evil in cell for cell in cells)
    assert named
