"""What strangers and mistaken people send: texts, numbers, files and addresses that harm."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from urllib.parse import urlencode

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from dealdesk.links import derive_path
from dealdesk.models import ApprovalRequest, Decision, QuoteLine
from pipeline.models import Activity, Deal
from revops.outbox.tasks import sweep_outbox
from revops.people.models import User
from revops.work.models import Attachment
from tests.api.calling import Caller
from tests.attacks.red_team.doing import sheet_of
from tests.attacks.submitting import forms_of
from tests.factories.dealdesk import AT, HOUR, make_quote, slot_of, small_account, submit, term
from tests.factories.people import by, signed_in
from tests.factories.pipeline import make_account, make_contact, make_deal

pytestmark = pytest.mark.django_db

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(AT + 2 * HOUR, tick=False) as traveller:
        yield traveller


def is_tame(text: str) -> bool:
    """Whether neither attack stands in a page as markup."""
    return SCRIPT not in text and IMAGE not in text and "<img src=x" not in text


# Markup


@pytest.fixture
def hostile_deal(rep, vp, finance, legal, desk, team):
    """A deal whose every text tries to break out of the page."""
    account = make_account(f"{SCRIPT}{IMAGE}", employees=100)
    rep.name = f"{SCRIPT} Rita"
    rep.save()
    deal = make_deal(rep, f"{IMAGE}{SCRIPT}", account=account, next_step=IMAGE)
    make_contact(account, name=f"{SCRIPT}", email="x@acme.example", title=IMAGE)
    page = reverse("pipeline:deal-activity-log", args=[deal.pk])
    body = {"kind": "note", "side": "buyer", "body": f"{SCRIPT}{IMAGE}"}
    assert signed_in(rep).post(page, body).status_code == 302
    quote = make_quote(
        rep, 25, deal=deal, terms=[term(value=IMAGE, text=f"{SCRIPT}{IMAGE}")], note=SCRIPT
    )
    request = submit(
        quote,
        why=f"{SCRIPT}{IMAGE}",
        in_return_note=IMAGE,
        needed_by=(AT + timedelta(days=5)).date(),
        needed_cause=SCRIPT,
    )
    return deal, quote, request


def test_no_text_becomes_markup_on_a_page(hostile_deal, rep, vp, revops):
    deal, quote, request = hostile_deal
    paths = [
        "/",
        "/deals/",
        "/deals/board/",
        "/accounts/",
        "/search/?q=script",
        "/notifications/",
        "/approvals/",
        "/exceptions/",
        f"/deals/{deal.pk}/",
        f"/deals/{deal.pk}/edit/",
        f"/accounts/{deal.account_id}/",
        f"/quotes/{quote.pk}/",
        f"/requests/{request.pk}/",
        f"/approvals/{slot_of(request, vp).pk}/",
    ]
    wild = []
    for person in (rep, vp, revops):
        client = signed_in(person)
        for path in paths:
            answer = client.get(path)
            assert answer.status_code in (200, 403, 404), path
            if not is_tame(answer.text):
                wild.append((person.name, path))

    assert wild == []


def test_no_text_becomes_markup_in_a_refusal(rep):
    deal = make_deal(rep, account=small_account())
    client = signed_in(rep)
    for form in forms_of("/deals/new/", client.get("/deals/new/").text):
        if form.method == "post" and "name" in form.fields:
            answer = client.post(form.action, dict.fromkeys(form.fields, f"{SCRIPT}{IMAGE}"))
            assert answer.status_code == 422
            assert is_tame(answer.text)
    for name in ("advance", "skip", "win", "lose", "push", "reassign", "edit"):
        page = reverse(f"pipeline:deal-{name}", args=[deal.pk])
        facts = {"to": SCRIPT, "reason": IMAGE, "stage": SCRIPT, "reason_key": IMAGE, "asked": "1"}
        assert is_tame(client.post(page, facts).text), name


def test_no_text_becomes_markup_or_header_in_a_mail(hostile_deal, vp):
    deal, _, _ = hostile_deal
    Deal.objects.filter(pk=deal.pk).update(name=f"Rollout\r\nBcc: x@evil.example\n\n{SCRIPT}")
    deal = Deal.objects.get(pk=deal.pk)
    request = submit(make_quote(deal.owner, 25, deal=deal), why="Because\r\nBcc: x@evil.example")
    sweep_outbox()

    assert len(mail.outbox) >= 2
    for message in mail.outbox:
        html = message.alternatives[0].content
        assert is_tame(html)
        assert "\n" not in message.subject
        assert set(message.message().keys()) & {"Bcc", "Cc"} == set()
        assert message.recipients() == message.to
    assert request.is_pending


def test_host_header_does_not_reach_a_mail(rep, vp, settings):
    """Links in mails come from BASE_URL, whatever host the request claimed."""
    settings.ALLOWED_HOSTS = ["*"]
    quote = make_quote(rep, 25, deal=make_deal(rep, account=small_account()))
    page = reverse("dealdesk:quote-submit", args=[quote.pk])
    facts = {"why": "They compare us", "in_return": "reference"}
    answer = signed_in(rep).post(page, facts, headers={"host": "evil.example"})
    Client().post("/accounts/password/reset/", {"email": vp.email}, headers={"host": "evil.test"})
    sweep_outbox()

    assert answer.status_code == 302
    assert mail.outbox
    bodies = [message.body for message in mail.outbox]
    bodies += [part.content for message in mail.outbox for part in message.alternatives]
    assert [body for body in bodies if "evil." in body] == []


# Spreadsheets


def workbook_of(answer):
    return load_workbook(io.BytesIO(b"".join(answer.streaming_content)))


FORMULAS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1", " =1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_an_export_is_a_formula(formula, rep, vp, desk, revops):
    deal = make_deal(rep, f"{formula} deal", account=make_account(f"{formula}x", employees=9))
    submit(make_quote(rep, 25, deal=deal, terms=[term(value=formula)]))
    client = signed_in(revops)

    sheet = client.get("/exceptions/export/csv/")
    rows = list(csv.reader(io.StringIO(b"".join(sheet.streaming_content).decode())))
    book = workbook_of(client.get("/exceptions/export/xlsx/"))
    cells = [cell for row in book.active.iter_rows() for cell in row]

    texts = [text for row in rows for text in row]
    assert any("deal" in text for text in texts)
    assert [text for text in texts if text.lstrip().startswith(("=", "+", "@"))] == []
    assert "f" not in {cell.data_type for cell in cells}


def test_control_characters_do_not_break_an_export(rep, vp, revops):
    deal = make_deal(rep, "Roll\x01out\x0b", account=small_account())
    submit(make_quote(rep, 25, deal=deal))

    answer = signed_in(revops).get("/exceptions/export/xlsx/")

    assert answer.status_code == 200
    book = workbook_of(answer)
    assert "Rollout" in {cell.value for row in book.active.iter_rows() for cell in row}


# Numbers and texts


NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "1E+30", "9" * 40, "101", "-5", "1" * 5000]


@pytest.mark.parametrize("number", NUMBERS)
def test_no_number_breaks_a_quote(number, rep):
    """What cannot be a discount or a quantity is refused by page and API alike."""
    quote = make_quote(rep, 5, deal=make_deal(rep, account=small_account()))
    before = QuoteLine.objects.get()
    client, caller = signed_in(rep), Caller(rep)
    for column in ("wish", "quantity"):
        for act in ("quote-edit", "quote-submit", "quote-preview"):
            page = reverse(f"dealdesk:{act}", args=[quote.pk])
            answer = client.post(page, sheet_of(quote, **{f"lines-0-{column}": number}))
            assert answer.status_code < 500
    product = {"product": before.product.key, "quantity": f"-{number}"}
    wish = {"product": before.product.key, "quantity": "1", "typed": "percent"}
    percent = number if number != "-5" else "5e5"  # A surcharge is allowed.
    for body in ([product], [{**wish, "typed_value": percent}], [{**wish, "typed_value": 1e308}]):
        answer = caller.patch(f"quotes/{quote.pk}/", {"lines": body})
        assert 400 <= answer.status_code < 500, answer.text

    after = QuoteLine.objects.get()
    assert after.quantity.is_finite()
    assert 0 < after.quantity < Decimal("1e15")
    assert after.typed_value is None or -100 <= after.typed_value <= 100
    assert not ApprovalRequest.objects.exclude(status="approved").exists()


def test_minus_nought_is_nought(rep):
    quote = make_quote(rep, 5, deal=make_deal(rep, account=small_account()))
    page = reverse("dealdesk:quote-edit", args=[quote.pk])

    answer = signed_in(rep).post(page, sheet_of(quote, **{"lines-0-wish": "-0"}))

    assert answer.status_code in (200, 302, 422)
    assert QuoteLine.objects.get().typed_value in (0, 5)


HOSTILE_MARKS = [
    "1" * 5000,
    "٣٥",
    "²",
    "-1",
    "x",
    "0001-01-01T00:00:00+14:00_1",
    "9999-12-31T23:59:59-14:00_1",
    "2026-11-03T00:00:00_1",
    "2026-11-03T00:00:00Z_99999999999999999999",
    *[
        base64.urlsafe_b64encode(mark.encode()).decode()
        for mark in (
            "[" * 5000,
            '["NaN", 1]',
            '["Infinity", 1]',
            '["1e999999", 1]',
            '["0001-01-01T00:00:00+14:00", 1]',
            '[null, "²"]',
            f'["a", {"9" * 4000}]',
            "[{}, []]",
            '["a\\u0000", 1]',
            '["\\ud800", 1]',
            "[true, 1e999]",
        )
    ],
]


MARKS = {"after", "before"}
NARROWED = MARKS | {"account", "owner", "team"}
READ_ON = {
    "/deals/?sort=name": NARROWED,
    # The order is nothing to who narrows the list.
    "/deals/?sort=amount": MARKS,
    "/deals/?sort=close_date": MARKS,
    "/deals/?sort=created": MARKS,
    "/deals/board/qualified/?": NARROWED,
    "/notifications/?": NARROWED,
    "/approvals/?tab=decided": NARROWED,
    "/deals/{pk}/timeline/?": NARROWED,
    "/accounts/?": NARROWED,
    "/deals/new/?": NARROWED,
}
"""Pages that are read on from a mark, and what else may be asked of them."""


def test_a_damaged_mark_of_a_page_breaks_nothing(rep, revops, looked_up):
    deal = make_deal(rep, account=small_account())
    client, caller, admin = signed_in(rep), Caller(rep), signed_in(revops)
    asked = [(admin.get, "/exceptions/?", "after")]
    for page, names in READ_ON.items():
        path = page.format(pk=deal.pk)
        looked_up.clear()
        client.get(path)
        # What a page does not look for is nothing to it, but that its links repeat it.
        asked += [(client.get, path, name) for name in {"after"} | names & looked_up]
    for path in ("deals/?", "approvals/?", "accounts/?"):
        for name in ("after", "cursor", "q", "page_size", "limit"):
            asked.append((caller.client.get, f"/api/v1/{path}", name))

    broken = [
        (path, name, mark[:40])
        for (get, path, name), mark in product(asked, HOSTILE_MARKS)
        if get(f"{path}&{urlencode({name: mark})}").status_code >= 500
    ]

    assert len(asked) > 30
    assert broken == []


def test_a_nul_is_refused_before_any_page(rep):
    deal = make_deal(rep, account=small_account())
    client = signed_in(rep)

    assert client.get("/search/", {"q": "a\x00b"}).status_code == 422
    for name, facts in {
        "activity-log": {"kind": "note", "side": "us", "body": "a\x00b"},
        "criterion-tick": {"note": "a\x00b"},
    }.items():
        args = [deal.pk, "x"] if name == "criterion-tick" else [deal.pk]
        page = reverse(f"pipeline:deal-{name}", args=args)
        assert client.post(page, facts).status_code == 422, name
    assert Caller(rep).get("deals/", q="a\x00b").status_code in (200, 400, 422)
    assert not Activity.objects.exists()


def test_a_text_of_a_megabyte_is_refused_and_kept_nowhere(rep, vp):
    deal = make_deal(rep, account=small_account())
    long = "x" * 1_000_000
    caller, client = Caller(rep), signed_in(rep)
    page = reverse("pipeline:deal-activity-log", args=[deal.pk])

    pages = [client.post(page, {"kind": "note", "side": "us", "body": long})]
    pages += [client.post(reverse("pipeline:deal-edit", args=[deal.pk]), {"name": long})]
    pages += [caller.patch(f"deals/{deal.pk}/", {"name": long})]
    pages += [caller.post(f"deals/{deal.pk}/activities/", {"kind": "note", "body": long})]
    request = submit(make_quote(rep, 25, deal=deal))
    decide = reverse("dealdesk:approval-decide", args=[slot_of(request, vp).pk])
    facts = {"verdict": "rejected", "digest": request.snapshot.digest, "reason": long}
    pages += [signed_in(vp).post(decide, facts)]

    assert {answer.status_code for answer in pages} <= {400, 413, 422}
    assert not Activity.objects.exists()
    assert not Decision.objects.exists()


# Files


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.pdf", "..\\..\\boot.pdf", "/etc/cron.d/x.pdf", "a\r\nX: y.pdf"]
)
def test_the_name_of_an_upload_leads_nowhere(name, rep, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    deal = make_deal(rep, account=small_account())
    client = signed_in(rep)
    upload = SimpleUploadedFile("x.pdf", b"%PDF-1.4")
    upload._name = name

    client.post(reverse("pipeline:deal-attach", args=[deal.pk]), {"file": upload, "kind": ""})

    for kept in Attachment.objects.all():
        answer = client.get(f"/attachments/{kept.pk}/")
        b"".join(answer.streaming_content)
        assert "\n" not in answer["Content-Disposition"]
        assert answer["Content-Disposition"].startswith("attachment")
    assert [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".pdf"] == []
    assert not (tmp_path.parent / "etc").exists()


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.pdf.html", "x.xhtml", "x.js", "x"])
def test_what_a_browser_would_run_is_not_kept(name, rep):
    deal = make_deal(rep, account=small_account())
    upload = SimpleUploadedFile(name, b"<script>alert(1)</script>", content_type="text/html")
    page = reverse("pipeline:deal-attach", args=[deal.pk])

    assert signed_in(rep).post(page, {"file": upload, "kind": ""}).status_code == 422
    assert not Attachment.objects.exists()


def test_markup_in_a_harmless_coat_is_never_shown_within_the_site(rep):
    deal = make_deal(rep, account=small_account())
    client = signed_in(rep)
    upload = SimpleUploadedFile("x.png", b"<script>alert(1)</script>", content_type="text/html")
    client.post(reverse("pipeline:deal-attach", args=[deal.pk]), {"file": upload, "kind": ""})

    answer = client.get(f"/attachments/{Attachment.objects.get().pk}/")
    b"".join(answer.streaming_content)

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


# Addresses of other sites


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "javascript:alert(1)",
    "https:evil.example",
    "http://testserver@evil.example/",
    "/%09/evil.example",
]


@pytest.mark.parametrize("away", ELSEWHERE)
def test_no_page_leads_elsewhere(away, rep):
    deal = make_deal(rep, account=small_account())
    rep.set_password("correct horse battery")
    rep.save()
    client = signed_in(rep)
    page = reverse("pipeline:deal-activity-log", args=[deal.pk])
    answers = [
        client.post(page, {"kind": "note", "side": "us", "body": "Hello", "next": away}),
        client.post("/theme/", {"theme": "dark"}, headers={"referer": away}),
        client.post("/accounts/logout/", {"next": away}),
        Client().post(
            f"/accounts/login/?next={away}",
            {"login": rep.email, "password": "correct horse battery", "next": away},
        ),
    ]

    for answer in answers:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/")
        assert not answer["Location"].startswith(("//", "/\\"))


# The API takes the same


def test_json_that_is_none_is_a_problem(rep):
    client = Caller(rep).client
    for body in ("{", "[" * 100_000, "null", '"x"', "NaN", '{"name": NaN}', "\x00", "[]", "1"):
        answer = client.post("/api/v1/deals/", body, content_type="application/json")
        assert answer.status_code == 400, body[:20]
        assert answer["Content-Type"] == "application/problem+json"


def test_nobody_learns_by_signing_in_who_works_here(rep, clock):
    """The same words for a wrong password and an unknown address, at sign-in and at the reset."""
    rep.set_password("correct horse battery")
    rep.save()
    words = []
    for email in (rep.email, "nobody@dealdesk.example"):
        answer = Client().post("/accounts/login/", {"login": email, "password": "wrong one here"})
        reset = Client().post("/accounts/password/reset/", {"email": email})
        text = answer.text.replace(email, "")
        words.append((answer.status_code, errors_in(text), reset.status_code, reset["Location"]))

    assert words[0] == words[1]
    assert len([m for m in mail.outbox if "nobody@dealdesk.example" in m.to]) == 0


def errors_in(text: str) -> list[str]:
    import re

    return re.findall(r"(?s)<(?:p|li|div)[^>]*(?:error|banner)[^>]*>.*?</", text)


def test_a_stranger_locks_nobody_out(rep, settings):
    """Wrong passwords from one address do not keep the owner out from another."""
    rep.set_password("correct horse battery")
    rep.save()
    for _ in range(15):
        Client(REMOTE_ADDR="203.0.113.9").post(
            "/accounts/login/", {"login": rep.email, "password": "wrong one here"}
        )

    answer = Client(REMOTE_ADDR="198.51.100.7").post(
        "/accounts/login/", {"login": rep.email, "password": "correct horse battery"}
    )

    assert answer.status_code == 302
    assert "login" not in answer["Location"]


def test_a_reset_for_somebody_who_left_mails_nobody(rep):
    User.objects.filter(pk=rep.pk).update(is_active=False, deactivated_at=datetime.now(tz=UTC))
    Client().post("/accounts/password/reset/", {"email": rep.email})

    assert mail.outbox == []


def test_the_link_of_a_mail_survives_a_hostile_session(rep, vp):
    """A session with rubbish in it shows the page of a dead link, not an error."""
    request = submit(make_quote(rep, 25, deal=make_deal(rep, account=small_account())))
    slot = slot_of(request, vp)
    client = Client()
    client.get(derive_path(slot.links.get().pk))
    for token in ("\u0000", "x" * 100_000, "é"):
        assert client.get(f"/a/{token[:2000]}/").status_code in (404, 410, 422)
    body = json.dumps({"verdict": "approved"})
    page = reverse("dealdesk:approval-link-page", args=[slot.pk])
    assert client.post(page, body, content_type="application/json").status_code in (409, 422)
    assert by(vp) is not None
    assert not Decision.objects.exists()


@pytest.mark.parametrize("amount", ["-1", "9" * 40, "9" * 30 + ".5", "1e999", "NaN", "1" * 5000])
def test_no_amount_breaks_a_deal(amount, rep):
    deal = make_deal(rep, account=small_account())
    client, page = signed_in(rep), reverse("pipeline:deal-edit", args=[deal.pk])
    fields = next(
        form.fields
        for form in forms_of(page, client.get(page).text)
        if "amount" in form.fields and form.method == "post"
    )

    answer = client.post(page, {**fields, "amount": amount})
    api = Caller(rep).patch(f"deals/{deal.pk}/", {"amount": amount})

    assert answer.status_code == 422
    assert api.status_code in (400, 422)
    assert Deal.objects.get().amount == deal.amount
