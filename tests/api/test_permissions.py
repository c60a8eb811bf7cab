"""Every endpoint for every role: who is served, who is refused, and for whom nothing is there.

The endpoints are found in the urlconf; one without an expectation here fails the first test.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from dealdesk.operations import ask_submitter, counter_offer
from dealdesk.patches import LinePatch, Patch
from pipeline.models import Choice, GateDebt
from pipeline.operations import add_member
from revops.work.operations import attach_file
from tests.api.calling import Caller
from tests.factories.dealdesk import AT, decide, make_product, make_quote, slot_of, submit
from tests.factories.people import by, make_person
from tests.factories.pipeline import complete, make_account, make_contact, make_deal, stage
from tests.pipeline.forecasting.making import make_call, make_quota
from tests.project.walking import addresses

pytestmark = pytest.mark.django_db

CAST = [
    "rep",
    "other_rep",
    "manager",
    "vp",
    "desk",
    "finance",
    "legal",
    "revops",
    "auditor",
    "customer_success",
    "outsider",
]
EVERYBODY = set(CAST)
SELLERS = {"rep", "other_rep", "manager", "vp"}
SEES_DEAL = {"rep", "manager", "vp", "desk", "finance", "legal", "revops", "auditor"}
CHANGES_DEAL = {"rep", "manager", "vp", "revops"}
SEES_ACCOUNTS = SEES_DEAL | SELLERS
CHANGES_ACCOUNT = CHANGES_DEAL | {"desk"}
SEES_FORECAST = SELLERS | SEES_DEAL
NOT_RON = EVERYBODY - {"other_rep"}
"""Who sees Rita's forecast, or no forecast at all and is told so."""

SEES_REPORT = {"vp", "desk", "finance", "legal", "revops", "auditor"}
READS_REPORTS = SELLERS | SEES_REPORT

ALLOWED = {200, 201, 204, 409, 422}
"""Answers to somebody who may: it was done, or a rule about the record refused it."""


@dataclass
class Expect:
    """Who may, and for whom the record is at least there; the rest get `unseen`."""

    may: set[str]
    sees: set[str] = field(default_factory=lambda: EVERYBODY)
    body: Any = None
    unseen: int = 404

    def status_for(self, role: str) -> set[int]:
        if role in self.may:
            return ALLOWED
        return {403} if role in self.sees else {self.unseen}


@dataclass(frozen=True)
class Upload:
    """A body that is a form with a file."""

    name: str

    def sent(self, caller, path):
        file = ContentFile(b"%PDF-1.4", name=self.name)
        return caller.client.post(f"/api/v1/{path}", {"file": file})


@dataclass
class Office:
    """The records that the endpoints are asked for; the deal is Rita's."""

    account: Any
    contact: Any
    deal: Any
    quote: Any
    slot: Any
    decided: Any
    asked: Any
    countered: Any
    question: int
    exception: Any
    loss_reason: str
    push_reason: str
    successor: Any
    quota: Any
    call: Any
    debt: int
    link: int
    member: int
    file: int


@pytest.fixture
def office(rep, vp, finance, legal, desk):
    account = make_account(employees=50, owner=rep, source="crm", external_id="A-1")
    contact = make_contact(account, source="crm", external_id="C-1")
    make_product()
    deal = complete(
        make_deal(rep, account=account, stage="discovery", source="crm", external_id="D-1")
    )
    asked = submit(make_quote(rep, 25, deal=deal))
    other = submit(make_quote(rep, 25, deal=make_deal(rep, "Second", account=account)))
    decide(other, vp)
    keys = Choice.objects.order_by("position")
    return Office(
        account=account,
        contact=contact,
        deal=deal,
        quote=asked.quote,
        slot=slot_of(asked, vp),
        decided=slot_of(other, vp),
        asked=asked,
        countered=countered(rep, vp, account),
        question=ask_submitter(slot=slot_of(asked, vp), body="Seats?", by=by(vp), at=AT).pk,
        exception=asked.exceptions.get(),
        loss_reason=keys.filter(list="loss_reason")[0].key,
        push_reason=keys.filter(list="push_reason")[0].key,
        quota=make_quota(rep),
        call=make_call(rep),
        successor=make_person("Nils Next", roles=["rep"], manager=rep.manager),
        debt=owed_on(deal).pk,
        link=deal.deal_contacts.first().pk,
        member=add_member(deal=deal, person=desk, by=by(rep), at=AT).pk,
        file=attach_file(file=ContentFile(b"x", "x.txt"), about=deal, by=by(rep), at=AT).pk,
    )


def countered(rep, vp, account):
    """A request that came back with a counter-offer."""
    asked = submit(make_quote(rep, 25, deal=make_deal(rep, "Third", account=account)))
    key = asked.quote.lines.get().key
    counter_offer(
        slot=slot_of(asked, vp),
        patch=Patch(lines=(LinePatch(key, Decimal(15)),)),
        reason="So much",
        digest=asked.snapshot.digest,
        by=by(vp),
        at=AT,
    )
    return asked


def owed_on(deal):
    """Something that a skipped stage is owed."""
    return GateDebt.objects.create(
        deal=deal,
        stage=stage("qualified"),
        item_key="redlines",
        label="Redlines",
        reason="Known",
        owner=deal.owner,
        incurred_at=AT,
    )


def expectations(office):
    """(name, method) → the number or numbers in the address, and what is expected."""
    o = office
    deal, quote, slot = [o.deal.pk], [o.quote.pk], [o.slot.pk]
    sees = Expect(SEES_DEAL, SEES_DEAL)
    anybody = Expect(EVERYBODY)
    report = Expect(SEES_REPORT)
    forecast_of_rita = Expect(SEES_DEAL, NOT_RON)
    new_deal = {"name": "New", "account": o.account.pk, "close_date": "2026-12-15"}

    def changes(body=None):
        return Expect(CHANGES_DEAL, SEES_DEAL, body)

    return {
        ("api-schema", "get"): ([], anybody),
        ("api-pipelines", "get"): ([], anybody),
        ("api-catalogue", "get"): ([], anybody),
        # Forecast
        ("api-forecast", "get"): ([], Expect(SEES_FORECAST)),
        ("api-forecast-accuracy", "get"): ([], Expect(SEES_FORECAST)),
        ("api-waterfall", "get"): ([], Expect(SEES_FORECAST)),
        ("api-quota-list", "get"): ([], Expect(SEES_FORECAST)),
        ("api-quota-list", "post"): (
            [],
            Expect({"revops"}, body={"person": o.successor.pk, "period": "2026-Q3", "amount": "5"}),
        ),
        ("api-quota-detail", "get"): ([o.quota.pk], forecast_of_rita),
        ("api-quota-detail", "patch"): (
            [o.quota.pk],
            Expect({"revops"}, NOT_RON, {"amount": "6"}),
        ),
        ("api-quota-detail", "delete"): ([o.quota.pk], Expect({"revops"}, NOT_RON)),
        ("api-forecast-call-list", "get"): ([], Expect(SEES_FORECAST)),
        ("api-forecast-call-list", "post"): (
            [],
            Expect(
                {"rep", "manager", "vp"},
                NOT_RON,
                {
                    "person": o.quota.person_id,
                    "pipeline": "new-business",
                    "period": "2026-Q4",
                    "amount": "7",
                    "reason": "One slips",
                },
            ),
        ),
        ("api-forecast-call-detail", "get"): ([o.call.pk], forecast_of_rita),
        ("api-forecast-call-detail", "delete"): (
            [o.call.pk],
            Expect({"rep", "manager", "vp"}, NOT_RON),
        ),
        # Accounts and contacts
        ("api-account-list", "get"): ([], anybody),
        ("api-account-list", "post"): (
            [],
            Expect(SELLERS | {"desk", "revops"}, body={"name": "New"}),
        ),
        ("api-account-detail", "get"): ([o.account.pk], Expect(SEES_ACCOUNTS, SEES_ACCOUNTS)),
        ("api-account-detail", "patch"): (
            [o.account.pk],
            Expect(CHANGES_ACCOUNT, SEES_ACCOUNTS, {"employees": 60}),
        ),
        ("api-account-override-segment", "post"): (
            [o.account.pk],
            Expect({"revops"}, SEES_ACCOUNTS, {"segment": "smb", "reason": "Small"}),
        ),
        ("api-account-by-external", "get"): (["crm", "A-1"], Expect(SEES_ACCOUNTS, SEES_ACCOUNTS)),
        ("api-account-by-external", "put"): (
            ["crm", "A-1"],
            Expect(CHANGES_ACCOUNT, SEES_ACCOUNTS, {"name": "Acme", "employees": 70}),
        ),
        ("api-contact-list", "get"): ([], anybody),
        ("api-contact-list", "post"): (
            [],
            Expect(SELLERS | {"desk", "revops"}, body={"name": "New"}),
        ),
        ("api-contact-detail", "get"): ([o.contact.pk], sees),
        ("api-contact-detail", "patch"): (
            [o.contact.pk],
            Expect(CHANGES_ACCOUNT, SEES_DEAL, {"title": "CFO"}),
        ),
        ("api-contact-by-external", "get"): (["crm", "C-1"], sees),
        ("api-contact-by-external", "put"): (
            ["crm", "C-1"],
            Expect(CHANGES_ACCOUNT, SEES_DEAL, {"name": "Bea"}),
        ),
        # Deals
        ("api-deal-list", "get"): ([], anybody),
        ("api-deal-list", "post"): (
            [],
            Expect(SELLERS | {"revops"}, SEES_ACCOUNTS, new_deal, unseen=400),
        ),
        ("api-deal-by-external", "get"): (["crm", "D-1"], sees),
        ("api-deal-by-external", "put"): (["crm", "D-1"], changes({"name": "Renamed"})),
        ("api-deal-detail", "get"): (deal, sees),
        ("api-deal-detail", "patch"): (deal, changes({"fit_score": 60})),
        ("api-deal-activities", "get"): (deal, sees),
        ("api-deal-activities", "post"): (deal, changes({"kind": "call", "side": "us"})),
        ("api-deal-gate", "get"): (deal, sees),
        ("api-deal-advance", "post"): (deal, changes()),
        ("api-deal-skip", "post"): (deal, changes({"to": "proposal", "reason": "Known"})),
        ("api-deal-send-back", "post"): (deal, changes({"to": "qualified", "reason": "Early"})),
        ("api-deal-move", "post"): (deal, changes({"to": "qualified", "reason": "Early"})),
        ("api-deal-win", "post"): (deal, changes()),
        ("api-deal-lose", "post"): (
            deal,
            changes({"loss_reason": o.loss_reason, "competitor_none": True}),
        ),
        ("api-deal-reopen", "post"): (
            deal,
            Expect({"manager", "vp", "revops"}, SEES_DEAL, {"reason": "Back"}),
        ),
        ("api-deal-push", "post"): (
            deal,
            changes({"to": "2026-12-20", "reason_key": o.push_reason}),
        ),
        ("api-deal-pull-in", "post"): (deal, changes({"to": "2026-12-10"})),
        ("api-deal-reassign", "post"): (deal, changes({"owner": o.successor.pk})),
        ("api-deal-link-contact", "post"): (
            deal,
            Expect(
                CHANGES_DEAL,
                SEES_DEAL,
                {"contact": o.contact.pk, "role": "champion"},
            ),
        ),
        ("api-fields", "get"): ([], anybody),
        ("api-deal-contacts", "get"): (deal, sees),
        ("api-deal-unlink-contact", "delete"): ([o.deal.pk, o.link], changes()),
        ("api-deal-team", "get"): (deal, sees),
        ("api-deal-team", "post"): (deal, changes({"person": o.successor.pk})),
        ("api-deal-remove-member", "delete"): ([o.deal.pk, o.member], changes()),
        ("api-deal-attachments", "get"): (deal, sees),
        ("api-deal-attachments", "post"): (deal, changes(Upload("plan.pdf"))),
        ("api-deal-attachment", "get"): ([o.deal.pk, o.file], sees),
        ("api-deal-attachment", "delete"): (
            [o.deal.pk, o.file],
            Expect({"rep", "revops"}, SEES_DEAL),
        ),
        ("api-deal-confirmations", "get"): (deal, sees),
        ("api-deal-fill", "post"): (deal, changes({"evidence": {"timeline": "By March"}})),
        ("api-deal-tick", "post"): (deal, changes({"criterion": "needs_confirmed"})),
        ("api-deal-withdraw-tick", "post"): (deal, changes({"criterion": "needs_confirmed"})),
        ("api-deal-none", "post"): (deal, changes({"item": "redlines"})),
        ("api-deal-withdraw-none", "post"): (deal, changes({"item": "redlines"})),
        ("api-deal-override", "post"): (
            deal,
            Expect({"revops"}, SEES_DEAL, {"to": "demo", "reason": "Known"}),
        ),
        ("api-deal-review", "post"): (
            deal,
            Expect(
                {"manager", "vp", "revops"},
                SEES_DEAL,
                {"outcome": "keep", "note": "Signed in principle"},
            ),
        ),
        ("api-deal-transfer", "post"): (
            deal,
            changes({"pipeline": "new-business", "reason": "Known"}),
        ),
        ("api-deal-debts", "get"): (deal, sees),
        ("api-deal-pay-debts", "post"): (deal, changes({"evidence": {"redlines": "Cap"}})),
        ("api-deal-assign-debt", "post"): (
            deal,
            changes({"debt": o.debt, "owner": o.successor.pk}),
        ),
        ("api-deal-bulk-move", "post"): (
            [],
            Expect(SEES_DEAL, SEES_DEAL, {"deals": deal, "to": "demo"}, unseen=400),
        ),
        ("api-deal-bulk-reassign", "post"): (
            [],
            Expect(SEES_DEAL, SEES_DEAL, {"deals": deal, "owner": o.successor.pk}, unseen=400),
        ),
        ("api-deal-findings", "get"): (deal, sees),
        ("api-finding-list", "get"): ([], Expect(READS_REPORTS)),
        ("api-finding-counts", "get"): ([], Expect(READS_REPORTS)),
        ("api-bypass-list", "get"): ([], Expect(SEES_REPORT | {"manager"})),
        # Quotes
        ("api-quote-list", "get"): ([], anybody),
        ("api-quote-list", "post"): (
            [],
            Expect(CHANGES_DEAL, SEES_DEAL, {"deal": o.deal.pk}, unseen=400),
        ),
        ("api-quote-detail", "get"): (quote, sees),
        ("api-quote-detail", "patch"): (quote, changes({"note": "x"})),
        ("api-quote-preview", "post"): (quote, sees),
        ("api-quote-submit", "post"): (quote, changes()),
        ("api-quote-revise", "post"): (quote, changes()),
        ("api-quote-clone", "post"): (quote, changes()),
        ("api-quote-make-primary", "get"): (quote, sees),
        ("api-quote-make-primary", "post"): (quote, changes()),
        # Approvals
        ("api-approval-list", "get"): ([], anybody),
        ("api-approval-detail", "get"): (slot, sees),
        ("api-approval-decide", "post"): (
            slot,
            Expect(
                {"vp"},
                SEES_DEAL,
                {"verdict": "approved", "digest": o.asked.snapshot.digest},
            ),
        ),
        ("api-approval-revoke", "post"): (
            [o.decided.pk],
            Expect({"vp"}, SEES_DEAL, {"reason": "Misread"}),
        ),
        ("api-request-list", "get"): ([], anybody),
        ("api-request-detail", "get"): ([o.asked.pk], sees),
        ("api-approval-ask", "post"): (
            slot,
            Expect({"vp"}, SEES_DEAL, {"body": "How many seats in year two?"}),
        ),
        ("api-approval-counter", "post"): (
            slot,
            Expect(
                {"vp"},
                SEES_DEAL,
                {"digest": o.asked.snapshot.digest, "reason": "Too much", "billing": "annual"},
            ),
        ),
        ("api-request-accept-counter", "post"): ([o.countered.pk], changes()),
        ("api-request-decline-counter", "post"): ([o.countered.pk], changes()),
        ("api-request-comment", "post"): (
            [o.asked.pk],
            Expect(CHANGES_DEAL | {"desk"}, SEES_DEAL, {"body": "Noted"}),
        ),
        ("api-request-answer", "post"): (
            [o.asked.pk],
            Expect(CHANGES_DEAL, SEES_DEAL, {"question": o.question, "body": "80"}),
        ),
        ("api-request-recall", "post"): (
            [o.asked.pk],
            Expect({"rep", "revops"}, SEES_DEAL),
        ),
        # The reports
        ("api-report-pipeline", "get"): ([], Expect(READS_REPORTS)),
        ("api-report-metrics", "get"): ([], Expect(READS_REPORTS)),
        ("api-exception-list", "get"): ([], report),
        ("api-exception-ranking", "get"): ([], report),
        ("api-exception-detail", "get"): ([o.exception.pk], report),
    }


def endpoints():
    """(name, method) of everything under /api/ but the page of docs and what is not there."""
    return sorted(
        (address.name, method)
        for address in addresses()
        if address.route.startswith("api/") and address.name != "api-docs"
        for method in address.methods
    )


def address_of(name, numbers):
    return reverse(name, args=numbers).removeprefix("/api/v1/")


def test_every_endpoint_has_an_expectation(office):
    assert sorted(expectations(office)) == endpoints()


READING = [(name, method) for name, method in endpoints() if method == "get"]
WRITING = [(name, method) for name, method in endpoints() if method != "get"]


def wrong_answers(office, name, method, request):
    """Who is answered otherwise than expected, and how.

    Who may comes last: what they do must not change what the others meet.
    """
    numbers, expected = expectations(office)[name, method]
    path = address_of(name, numbers)
    found = {}
    for role in sorted(CAST, key=lambda role: (role in expected.may, CAST.index(role))):
        caller = Caller(request.getfixturevalue(role))
        if isinstance(expected.body, Upload):
            answer = expected.body.sent(caller, path)
        else:
            answer = (
                caller.get(path) if method == "get" else caller.send(method, path, expected.body)
            )
        if answer.streaming:
            b"".join(answer.streaming_content)
        allowed = expected.status_for(role)
        if method == "delete" and role in expected.may:
            # Whoever comes second finds it gone.
            allowed = allowed | {404}
        if answer.status_code not in allowed:
            said = "" if answer.streaming else answer.content[:300]
            found[role] = (answer.status_code, said)
    return found


def test_reading_endpoints_serve_the_roles_they_are_for(office, request):
    found = {name: wrong_answers(office, name, method, request) for name, method in READING}

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(("name", "method"), WRITING)
def test_writing_endpoint_serves_the_roles_it_is_for(name, method, office, request):
    assert wrong_answers(office, name, method, request) == {}


def test_no_endpoint_is_open_to_who_is_nobody():
    for address in addresses():
        if not address.route.startswith("api/") or address.name == "api-docs":
            continue
        path = re.sub(r"<int:\w+>", "1", f"/{address.route}")
        path = path.replace("<str:source>", "crm").replace("<path:external_id>", "1")
        for method in address.methods:
            answer = getattr(Client(), method)(path, content_type="application/json")
            assert answer.status_code == 401, path
            assert answer.json()["code"] == "not_authenticated"
            assert answer["Content-Type"] == "application/problem+json"


def test_record_that_is_not_there_is_404(office, revops):
    caller = Caller(revops)
    for (name, method), (numbers, expected) in expectations(office).items():
        if not numbers or not isinstance(numbers[0], int):
            continue
        path = address_of(name, [10**9, *numbers[1:]])
        if isinstance(expected.body, Upload):
            answer = expected.body.sent(caller, path)
        else:
            answer = (
                caller.get(path) if method == "get" else caller.send(method, path, expected.body)
            )
        if answer.streaming:
            b"".join(answer.streaming_content)
        assert answer.status_code == 404, (name, method)
