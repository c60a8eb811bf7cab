"""What a browser is told with every page: what it may run, load, frame, keep and pass on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from dealdesk.links import derive_path
from tests.factories.dealdesk import make_quote, slot_of, small_account, submit
from tests.factories.pipeline import make_deal
from tests.project.test_every_url import ask, filled, pages

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.django_db


def policy_of(answer) -> dict[str, str]:
    parts = answer["Content-Security-Policy"].split(";")
    return {part.split()[0]: " ".join(part.split()[1:]) for part in parts if part.strip()}


def is_strict(answer) -> bool:
    policy = policy_of(answer)
    return (
        "unsafe" not in answer["Content-Security-Policy"]
        and policy["default-src"] == "'none'"
        and policy.get("script-src", "'self'") == "'self'"
        and policy.get("frame-ancestors", "'none'") == "'none'"
        and answer["X-Content-Type-Options"] == "nosniff"
        and answer["X-Frame-Options"] == "DENY"
        and answer["Referrer-Policy"] in ("same-origin", "no-referrer")
    )


def test_every_page_is_strict(rep, vp, revops):
    deal = make_deal(rep, account=small_account())
    submit(make_quote(rep, 25, deal=deal))
    client = Client()
    client.force_login(revops)
    lax = []

    for address in pages():
        if address.name == "account_logout":
            continue
        for method in ("get", "post"):
            answer = ask(client, method, filled(address.route, pk="1"))
            if "Content-Security-Policy" not in answer or not is_strict(answer):
                lax.append((address.name, method, answer.get("Content-Security-Policy", "")))

    # A file is sandboxed besides, and never shown within the site.
    assert [each for each in lax if "sandbox" not in each[2]] == []


def test_administration_is_strict(revops):
    client = Client()
    client.force_login(revops)
    for path in ("/admin/", "/admin/people/user/", f"/admin/people/user/{revops.pk}/change/"):
        assert is_strict(client.get(path)), path


def test_errors_are_strict(rep, monkeypatch):
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.force_login(rep)
    deal = make_deal(rep, account=small_account())

    def fail(*args):
        raise RuntimeError

    missing, forbidden = client.get("/nowhere/"), client.post(f"/deals/{deal.pk}/advance/")
    refused = client.get("/search/", {"q": "a\x00"})
    monkeypatch.setattr("pipeline.views.deals.deal_or_404", fail)
    broken = client.get(f"/deals/{deal.pk}/")

    statuses = [a.status_code for a in (missing, forbidden, refused, broken)]
    assert statuses == [404, 403, 422, 500]
    for answer in (missing, forbidden, refused, broken):
        assert is_strict(answer), answer.status_code
        assert "RuntimeError" not in answer.text


def test_pages_of_a_link_stay_out_of_caches_and_referrers(rep, vp):
    request = submit(make_quote(rep, 25, deal=make_deal(rep, account=small_account())))
    slot, client = slot_of(request, vp), Client()
    path = derive_path(slot.links.get().pk)
    page = reverse("dealdesk:approval-link-page", args=[slot.pk])
    answers = [
        client.get(path),
        client.head(path),
        client.get(page),
        client.post(page, {"verdict": "", "digest": ""}),
        client.post(reverse("dealdesk:approval-link-fresh", args=[slot.pk])),
        client.post(reverse("dealdesk:approval-link-forget", args=[slot.pk])),
        client.get(page),
        Client().get("/a/unknown/"),
    ]

    for answer in answers:
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]


def test_every_form_needs_its_token(rep):
    """A POST from another site, with the cookies of this one, is refused everywhere."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(rep)
    deal = make_deal(rep, account=small_account())
    make_quote(rep, 25, deal=deal)
    taken = []

    for address in pages():
        path = filled(address.route, pk=str(deal.pk))
        answer = client.post(path, {"x": "1"})
        if answer.status_code not in (403, 404, 405):
            taken.append((address.name, answer.status_code))

    assert taken == []


def test_cookies_of_a_site_on_https_are_secure():
    """Asked of the settings as production reads them."""
    names = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"]
    names += ["SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE"]
    names += ["SECURE_HSTS_SECONDS"]
    code = f"from django.conf import settings as s; print([getattr(s, n) for n in {names!r}])"
    environment = {
        **os.environ,
        "DEBUG": "0",
        "DJANGO_SETTINGS_MODULE": "revops.settings",
        "BASE_URL": "https://desk.example",
        "SECRET_KEY": "x" * 60,
        "ALLOWED_HOSTS": "desk.example",
        "DATABASE_URL": "sqlite:///unused.sqlite3",
        "BROKER_URL": "memory://",
        "CACHE_URL": "locmemcache://",
        "EMAIL_URL": "smtp://127.0.0.1:25",
        "DEFAULT_FROM_EMAIL": "desk@desk.example",
        "MEDIA_ROOT": "unused",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[True, True, True, True, 'Lax', 'Lax', 2592000]"


def test_signing_in_gives_the_session_a_new_key(rep):
    rep.set_password("correct horse battery")
    rep.save()
    client = Client()
    session = client.session
    session["prepared"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key

    client.post("/accounts/login/", {"login": rep.email, "password": "correct horse battery"})

    assert client.cookies["sessionid"].value != session.session_key
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"
