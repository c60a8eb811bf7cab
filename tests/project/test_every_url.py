"""Every address of the site: a sign-in is needed, and what is not visible is not there.

The addresses are found in the urlconf. Whoever adds one that is open, or that names a kind of
record unknown here, says so in this file.
"""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from dealdesk.models import (
    ApprovalRequest,
    NonStandardTerm,
    PaperCheck,
    PolicyCase,
    Quote,
    StandingGrant,
    TermRung,
)
from dealdesk.operations import ask_desk, counter_offer, give_grant
from dealdesk.patches import LinePatch, Patch
from pipeline.forecasting.whose import may_see_forecast, people_seen_by
from pipeline.models import Account, Contact, Deal, DigestSent
from revops.frame.forms import LAST_DAY
from revops.ledger.models import Entry
from revops.outbox.models import Notification
from revops.people.actor import Actor
from revops.people.models import Absence
from revops.people.permissions import may_enter_absence
from revops.work.operations import attach_file, open_task
from tests.cast import PEOPLE, make_cast
from tests.factories.dealdesk import decide, make_quote, slot_of, small_account, submit
from tests.factories.people import AT
from tests.factories.pipeline import make_contact, make_deal
from tests.pipeline.forecasting.making import make_call
from tests.project.walking import addresses

OPEN = {
    "healthz": "for whoever watches the process",
    "account_login": "the way in",
    "account_logout": "the way out",
    "account_inactive": "says that a person may not sign in",
    "account_signup": "closed: nobody signs up",
    "account_email_verification_sent": "part of allauth's way in",
    "account_confirm_email": "part of allauth's way in",
    "account_confirm_login_code": "part of allauth's way in",
    "account_reset_password": "a forgotten password",
    "account_reset_password_done": "a forgotten password",
    "account_reset_password_from_key": "a forgotten password, by a link",
    "account_reset_password_from_key_done": "a forgotten password",
    "mfa_authenticate": "the second factor, before the sign-in is complete",
    "mfa_login_webauthn": "signing in by passkey",
    "frame:theme-change": "light or dark, on the page of the sign-in too",
    "frame:dev-people": "development only: who may be signed in as",
    "frame:dev-sign-in": "development only: the switch of person",
    "dealdesk:approval-link": "a personal link from a mail",
    "dealdesk:approval-link-page": "the page behind a personal link, keyed by its session",
    "dealdesk:approval-link-counter": "other terms, from the page behind a personal link",
    "dealdesk:approval-link-fresh": "asks for a fresh link, to the addressee alone",
    "dealdesk:approval-link-forget": "leaves the page of a personal link",
    "dealdesk:approval-link-step-out": "leaves the page of a personal link",
    "dealdesk:setup": "the first administrator, while there is none",
}
"""Addresses that need no sign-in, each with its reason."""

OWN_BUSINESS = {
    "frame:notification-read-all": "their own notices",
    "pipeline:clean-up-skip": "what their own session puts off",
}
"""What anybody signed in may post: it changes nothing but this."""

SAMPLES = {"int": "1", "slug": "x", "str": "x", "path": "x", "uuid": "0" * 32}


def filled(route: str, **known: str) -> str:
    """An address with a sample for each part that varies."""

    def sample(found):
        kind, _, name = found[1].rpartition(":")
        return known.get(name) or SAMPLES[kind or "str"]

    return "/" + re.sub(r"<([^>]+)>", sample, route)


def pages():
    """Addresses of our own pages and of allauth; the API has its own walk, the admin below."""
    return [
        address
        for address in addresses()
        if not address.route.startswith(("admin/", "api/", "^"))
        and not re.search(r"[\^$]", address.route)
    ]


def is_closed(answer) -> bool:
    """Whether nobody was served: sent to sign in, refused, or nothing is there."""
    if answer.status_code == 302:
        return answer["Location"].startswith(("/accounts/login/", "/admin/login/", "/setup/"))
    return answer.status_code in (401, 403, 404, 405)


def ask(client, method, path):
    """The answer of a page, with whatever it opened closed again."""
    answer = getattr(client, method)(path)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer


@pytest.fixture(scope="module")
def people(shared_world):
    return make_cast()


# Nobody


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_every_page_needs_a_sign_in(method, people):
    served = []
    for address in pages():
        if address.name in OPEN:
            continue
        answer = ask(Client(), method, filled(address.route))
        if not is_closed(answer):
            served.append((address.name, answer.status_code))

    assert served == []


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_administration_needs_a_sign_in(method):
    routes = [each.route for each in addresses() if each.route.startswith("admin/")]
    routes = [route for route in routes if not re.search(r"[\^$(]", route)]

    served = [
        route
        for route in routes
        if route not in ("admin/login/", "admin/logout/")
        and not is_closed(ask(Client(), method, filled(route)))
    ]

    assert len(routes) > 20
    assert served == []


def test_every_open_address_exists():
    assert set(OPEN) <= {address.name for address in addresses()}


@pytest.mark.django_db
def test_development_pages_are_not_there_in_production(people):
    client = Client()
    client.force_login(people["rep"])
    for address in pages():
        if address.route.startswith("dev/"):
            for method in ("get", "post"):
                assert ask(client, method, filled(address.route)).status_code in (404, 405)


# Everybody else


@pytest.fixture(scope="module")
def records(people):
    """One record of each kind, all of them Rita's, by the noun in the names of addresses."""
    rep, vp = people["rep"], people["vp"]
    account = small_account()
    account.owner = rep
    account.save()
    deal = make_deal(rep, account=account)
    quote = make_quote(rep, 25, deal=deal)
    asked = submit(quote)
    other = submit(make_quote(rep, 25, deal=make_deal(rep, "Second", account=account)))
    file = ContentFile(b"%PDF-1.4", name="contract.pdf")
    by = Actor.of(rep)
    attached = attach_file(file=file, about=deal, kind="signed_contract", by=by, at=AT)
    return {
        "deal": deal,
        "account": account,
        "contact": make_contact(account),
        "quote": quote,
        "request": asked,
        "approval": slot_of(asked, vp),
        "decision": decide(other, vp),
        "attachment": attached,
        "call": make_call(rep),
        "task": open_task(kind="x", about=deal, title="Look", assignee=rep, by=by, at=AT),
        "digest": make_digest(rep),
        "absence": Absence.objects.create(
            person=rep, first_day=AT.date(), last_day=LAST_DAY, entered_at=AT
        ),
        "counter": countered(rep, vp, account),
        "grant": lent(vp, rep),
        "case": PolicyCase.objects.first(),
        "term": NonStandardTerm.objects.first(),
        "check": PaperCheck.objects.first(),
        "rung": TermRung.objects.create(
            term=NonStandardTerm.objects.first(), name="Gold", text="99.9 %"
        ),
        "thread": ask_desk(deal=deal, body="May they?", by=by, at=AT),
    }


def lent(vp, rep):
    """What the VP lets the rep decide alone."""
    return give_grant(
        role="vp_sales",
        person=rep,
        max_discount_percent=Decimal(25),
        max_uses=1,
        max_amount=Decimal(1),
        ends_on=date(2099, 1, 1),
        by=Actor.of(vp),
        at=AT,
    )


def countered(rep, vp, account):
    """What the VP would approve instead, on a deal of its own."""
    asked = submit(make_quote(rep, 25, deal=make_deal(rep, "Third", account=account)))
    key = asked.quote.lines.get().key
    return counter_offer(
        slot=slot_of(asked, vp),
        patch=Patch(lines=(LinePatch(key, Decimal(15)),)),
        reason="So much",
        digest=asked.snapshot.digest,
        by=Actor.of(vp),
        at=AT,
    )


def make_digest(person):
    """A Monday's mail that said something."""
    row = DigestSent.objects.create(person=person, kind="weekly", day=AT, sent_at=AT)
    figure = {"key": "open", "label": "Open", "count": 1, "sum": "$1", "path": "/"}
    Notification.objects.create(
        person=person,
        event="digest.weekly",
        about_type="digestsent",
        about_id=row.pk,
        context={"figures": [figure]},
        created_at=AT,
    )
    return row


def noun_of(address) -> str:
    """The kind of record whose number an address names, by its first part."""
    first = address.route.partition("/")[0]
    if address.route.startswith("forecast/calls/"):
        return "call"
    if address.route.startswith("hygiene/clean-up/"):
        return "deal"
    if address.route.startswith("policy/cases/"):
        return "case"
    if address.route.startswith("terms/checklist/"):
        return "check"
    return {
        "deals": "deal",
        "accounts": "account",
        "contacts": "contact",
        "quotes": "quote",
        "requests": "request",
        "approvals": "approval",
        "decisions": "decision",
        "counters": "counter",
        "grants": "grant",
        "attachments": "attachment",
        "tasks": "task",
        "digests": "digest",
        "absences": "absence",
        "terms": "term",
        "wordings": "rung",
        "desk": "thread",
    }.get(first, "")


def about_records():
    return [
        address
        for address in pages()
        if "<int:pk>" in address.route
        and not address.name.startswith(("mfa_", "outbox:", "frame:notification"))
        and address.name not in OPEN
    ]


def sees(person, noun, record) -> bool:
    """Whether the record is visible to the person, as the querysets say."""
    known = {
        "deal": Deal,
        "account": Account,
        "contact": Contact,
        "quote": Quote,
        "request": ApprovalRequest,
        "grant": StandingGrant,
    }
    if noun in known:
        return known[noun].objects.visible_to(person).filter(pk=record.pk).exists()
    if noun in ("case", "term", "check", "rung"):
        return True  # Everybody may read the rules; RevOps alone changes them.
    if noun == "digest":
        return record.person == person
    if noun == "absence":
        return may_enter_absence(record.person, person)
    if noun == "call":
        return may_see_forecast(person) and record.person_id in (
            people_seen_by(person) or {record.person_id}
        )
    deal = {
        "approval": lambda: record.step.request.deal,
        "thread": lambda: record.deal,
        "decision": lambda: record.slot.step.request.deal,
        "counter": lambda: record.decision.slot.step.request.deal,
        "attachment": lambda: Deal.objects.get(pk=record.about_id),
        "task": lambda: Deal.objects.get(pk=record.about_id),
    }[noun]()
    return Deal.objects.visible_to(person).filter(pk=deal.pk).exists()


def test_every_numbered_address_names_a_known_kind_of_record():
    assert [address.name for address in about_records() if not noun_of(address)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("role", PEOPLE)
def test_no_page_breaks_and_what_is_not_visible_is_not_there(role, people, records):
    """One walk for both: of the pages, those about records are most."""
    person = people[role]
    client = Client()
    client.force_login(person)
    numbered = set(about_records())
    broken, wrong = [], []

    for address in pages():
        if address.name == "account_logout":
            continue
        noun = noun_of(address)
        path = filled(address.route, pk=str(getattr(records.get(noun), "pk", 1)))
        answers = [("get", ask(client, "get", path).status_code)]
        if address in numbered:
            visible = sees(person, noun, records[noun])
            if not visible:
                answers.append(("post", ask(client, "post", path).status_code))
            wrong += [
                (address.name, *answer)
                for answer in answers
                if answer[1] not in (200, 302, 403, 404, 405, 422)
                or (not visible and answer[1] not in (404, 405))
            ]
        broken += [(address.name, *answer) for answer in answers if answer[1] >= 500]

    assert broken == []
    assert wrong == []


PLAUSIBLE = {
    "name": "Renamed",
    "to": "proposal",
    "stage": "proposal",
    "reason": "Because",
    "reason_key": "budget",
    "why": "Because",
    "body": "Called",
    "kind": "note",
    "side": "us",
    "verdict": "approved",
    "next_step": "Call",
    "owner": "1",
    "person": "1",
    "value": "Something",
    "segment": "smb",
}
"""What a form might send, so that no page stops at an empty field before it asks who posts."""


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["auditor", "outsider", "customer_success"])
def test_who_may_only_read_changes_nothing(role, people, records):
    client = Client()
    client.force_login(people[role])
    before = Entry.objects.count()
    allowed = {}

    for address in pages():
        if address.name in OPEN or address.name.startswith(("account_", "mfa_")):
            continue
        record = records.get(noun_of(address))
        path = filled(address.route, pk=str(getattr(record, "pk", 1)))
        answer = client.post(path, {**PLAUSIBLE, "version": getattr(record, "version", 1)})
        if answer.status_code == 302 and address.name not in OWN_BUSINESS:
            allowed[address.name] = answer["Location"]

    assert allowed == {}
    assert Entry.objects.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize("role", PEOPLE)
def test_administration_is_for_revops_alone(role, people):
    client = Client()
    client.force_login(people[role])

    assert client.get("/admin/").status_code == (200 if role == "revops" else 302)
