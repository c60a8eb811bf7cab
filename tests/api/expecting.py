"""What every endpoint answers to whom: who may, and for whom the record is there.

Each function tells one noun: (name, method) → the numbers in the address, and what is expected.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.api.office import Office, Upload

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


SEES = Expect(SEES_DEAL, SEES_DEAL)
ANYBODY = Expect(EVERYBODY)
REPORT = Expect(SEES_REPORT)
FORECAST_OF_RITA = Expect(SEES_DEAL, NOT_RON)
Expected = dict[tuple[str, str], tuple[list[Any], Expect]]


def changes(body=None) -> Expect:
    return Expect(CHANGES_DEAL, SEES_DEAL, body)


def of_company(o: Office) -> Expected:
    """What everybody who signs in may read."""
    return {
        ("api-schema", "get"): ([], ANYBODY),
        ("api-pipelines", "get"): ([], ANYBODY),
        ("api-catalogue", "get"): ([], ANYBODY),
        ("api-fields", "get"): ([], ANYBODY),
    }


def of_forecast(o: Office) -> Expected:
    return {
        ("api-forecast", "get"): ([], Expect(SEES_FORECAST)),
        ("api-forecast-accuracy", "get"): ([], Expect(SEES_FORECAST)),
        ("api-waterfall", "get"): ([], Expect(SEES_FORECAST)),
        ("api-quota-list", "get"): ([], Expect(SEES_FORECAST)),
        ("api-quota-list", "post"): (
            [],
            Expect({"revops"}, body={"person": o.successor.pk, "period": "2026-Q3", "amount": "5"}),
        ),
        ("api-quota-detail", "get"): ([o.quota.pk], FORECAST_OF_RITA),
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
        ("api-forecast-call-detail", "get"): ([o.call.pk], FORECAST_OF_RITA),
        ("api-forecast-call-detail", "delete"): (
            [o.call.pk],
            Expect({"rep", "manager", "vp"}, NOT_RON),
        ),
    }


def of_accounts(o: Office) -> Expected:
    return {
        ("api-account-list", "get"): ([], ANYBODY),
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
    }


def of_contacts(o: Office) -> Expected:
    return {
        ("api-contact-list", "get"): ([], ANYBODY),
        ("api-contact-list", "post"): (
            [],
            Expect(SELLERS | {"desk", "revops"}, body={"name": "New"}),
        ),
        ("api-contact-detail", "get"): ([o.contact.pk], SEES),
        ("api-contact-detail", "patch"): (
            [o.contact.pk],
            Expect(CHANGES_ACCOUNT, SEES_DEAL, {"title": "CFO"}),
        ),
        ("api-contact-by-external", "get"): (["crm", "C-1"], SEES),
        ("api-contact-by-external", "put"): (
            ["crm", "C-1"],
            Expect(CHANGES_ACCOUNT, SEES_DEAL, {"name": "Bea"}),
        ),
    }


def of_deals(o: Office) -> Expected:
    """A deal and what its stages ask."""
    new = {"name": "New", "account": o.account.pk, "close_date": "2026-12-15"}
    return {
        ("api-deal-list", "get"): ([], ANYBODY),
        ("api-deal-list", "post"): (
            [],
            Expect(SELLERS | {"revops"}, SEES_ACCOUNTS, new, unseen=400),
        ),
        ("api-deal-by-external", "get"): (["crm", "D-1"], SEES),
        ("api-deal-by-external", "put"): (["crm", "D-1"], changes({"name": "Renamed"})),
        ("api-deal-detail", "get"): ([o.deal.pk], SEES),
        ("api-deal-detail", "patch"): ([o.deal.pk], changes({"fit_score": 60})),
        ("api-deal-confirmations", "get"): ([o.deal.pk], SEES),
        ("api-deal-fill", "post"): ([o.deal.pk], changes({"evidence": {"timeline": "By March"}})),
        ("api-deal-tick", "post"): ([o.deal.pk], changes({"criterion": "needs_confirmed"})),
        ("api-deal-withdraw-tick", "post"): (
            [o.deal.pk],
            changes({"criterion": "needs_confirmed"}),
        ),
        ("api-deal-none", "post"): ([o.deal.pk], changes({"item": "redlines"})),
        ("api-deal-withdraw-none", "post"): ([o.deal.pk], changes({"item": "redlines"})),
        ("api-deal-findings", "get"): ([o.deal.pk], SEES),
    }


def of_moves(o: Office) -> Expected:
    """Where a deal stands, when it closes, whose it is, and what it was let off."""
    return {
        ("api-deal-gate", "get"): ([o.deal.pk], SEES),
        ("api-deal-advance", "post"): ([o.deal.pk], changes()),
        ("api-deal-skip", "post"): ([o.deal.pk], changes({"to": "proposal", "reason": "Known"})),
        ("api-deal-send-back", "post"): (
            [o.deal.pk],
            changes({"to": "qualified", "reason": "Early"}),
        ),
        ("api-deal-move", "post"): ([o.deal.pk], changes({"to": "qualified", "reason": "Early"})),
        ("api-deal-win", "post"): ([o.deal.pk], changes()),
        ("api-deal-lose", "post"): (
            [o.deal.pk],
            changes({"loss_reason": o.loss_reason, "competitor_none": True}),
        ),
        ("api-deal-reopen", "post"): (
            [o.deal.pk],
            Expect({"manager", "vp", "revops"}, SEES_DEAL, {"reason": "Back"}),
        ),
        ("api-deal-push", "post"): (
            [o.deal.pk],
            changes({"to": "2026-12-20", "reason_key": o.push_reason}),
        ),
        ("api-deal-pull-in", "post"): ([o.deal.pk], changes({"to": "2026-12-10"})),
        ("api-deal-reassign", "post"): ([o.deal.pk], changes({"owner": o.successor.pk})),
        ("api-deal-override", "post"): (
            [o.deal.pk],
            Expect({"revops"}, SEES_DEAL, {"to": "demo", "reason": "Known"}),
        ),
        ("api-deal-review", "post"): (
            [o.deal.pk],
            Expect(
                {"manager", "vp", "revops"},
                SEES_DEAL,
                {"outcome": "keep", "note": "Signed in principle"},
            ),
        ),
        ("api-deal-transfer", "post"): (
            [o.deal.pk],
            changes({"pipeline": "new-business", "reason": "Known"}),
        ),
        ("api-deal-debts", "get"): ([o.deal.pk], SEES),
        ("api-deal-pay-debts", "post"): ([o.deal.pk], changes({"evidence": {"redlines": "Cap"}})),
        ("api-deal-assign-debt", "post"): (
            [o.deal.pk],
            changes({"debt": o.debt, "owner": o.successor.pk}),
        ),
        ("api-deal-bulk-move", "post"): (
            [],
            Expect(SEES_DEAL, SEES_DEAL, {"deals": [o.deal.pk], "to": "demo"}, unseen=400),
        ),
        ("api-deal-bulk-reassign", "post"): (
            [],
            Expect(
                SEES_DEAL, SEES_DEAL, {"deals": [o.deal.pk], "owner": o.successor.pk}, unseen=400
            ),
        ),
    }


def around_deals(o: Office) -> Expected:
    """Contacts, colleagues, activities and files of a deal."""
    return {
        ("api-deal-activities", "get"): ([o.deal.pk], SEES),
        ("api-deal-activities", "post"): ([o.deal.pk], changes({"kind": "call", "side": "us"})),
        ("api-deal-link-contact", "post"): (
            [o.deal.pk],
            Expect(
                CHANGES_DEAL,
                SEES_DEAL,
                {"contact": o.contact.pk, "role": "champion"},
            ),
        ),
        ("api-deal-contacts", "get"): ([o.deal.pk], SEES),
        ("api-deal-unlink-contact", "delete"): ([o.deal.pk, o.link], changes()),
        ("api-deal-team", "get"): ([o.deal.pk], SEES),
        ("api-deal-team", "post"): ([o.deal.pk], changes({"person": o.successor.pk})),
        ("api-deal-remove-member", "delete"): ([o.deal.pk, o.member], changes()),
        ("api-deal-attachments", "get"): ([o.deal.pk], SEES),
        ("api-deal-attachments", "post"): ([o.deal.pk], changes(Upload("plan.pdf"))),
        ("api-deal-attachment", "get"): ([o.deal.pk, o.file], SEES),
        ("api-deal-attachment", "delete"): (
            [o.deal.pk, o.file],
            Expect({"rep", "revops"}, SEES_DEAL),
        ),
    }


def of_quotes(o: Office) -> Expected:
    return {
        ("api-quote-list", "get"): ([], ANYBODY),
        ("api-quote-list", "post"): (
            [],
            Expect(CHANGES_DEAL, SEES_DEAL, {"deal": o.deal.pk}, unseen=400),
        ),
        ("api-quote-detail", "get"): ([o.quote.pk], SEES),
        ("api-quote-detail", "patch"): ([o.quote.pk], changes({"note": "x"})),
        ("api-quote-preview", "post"): ([o.quote.pk], SEES),
        ("api-quote-submit", "post"): ([o.quote.pk], changes()),
        ("api-quote-revise", "post"): ([o.quote.pk], changes()),
        ("api-quote-clone", "post"): ([o.quote.pk], changes()),
        ("api-quote-make-primary", "get"): ([o.quote.pk], SEES),
        ("api-quote-make-primary", "post"): ([o.quote.pk], changes()),
    }


def of_approvals(o: Office) -> Expected:
    return {
        ("api-approval-list", "get"): ([], ANYBODY),
        ("api-approval-detail", "get"): ([o.slot.pk], SEES),
        ("api-approval-decide", "post"): (
            [o.slot.pk],
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
        ("api-request-list", "get"): ([], ANYBODY),
        ("api-request-detail", "get"): ([o.asked.pk], SEES),
        ("api-approval-ask", "post"): (
            [o.slot.pk],
            Expect({"vp"}, SEES_DEAL, {"body": "How many seats in year two?"}),
        ),
        ("api-approval-counter", "post"): (
            [o.slot.pk],
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
    }


def of_reports(o: Office) -> Expected:
    return {
        ("api-finding-list", "get"): ([], Expect(READS_REPORTS)),
        ("api-finding-counts", "get"): ([], Expect(READS_REPORTS)),
        ("api-bypass-list", "get"): ([], Expect(SEES_REPORT | {"manager"})),
        ("api-report-pipeline", "get"): ([], Expect(READS_REPORTS)),
        ("api-report-metrics", "get"): ([], Expect(READS_REPORTS)),
        ("api-exception-list", "get"): ([], REPORT),
        ("api-exception-ranking", "get"): ([], REPORT),
        ("api-exception-detail", "get"): ([o.exception.pk], REPORT),
    }


NOUNS = (
    of_company,
    of_forecast,
    of_accounts,
    of_contacts,
    of_deals,
    of_moves,
    around_deals,
    of_quotes,
    of_approvals,
    of_reports,
)


def expectations(office: Office) -> Expected:
    return {key: told for noun in NOUNS for key, told in noun(office).items()}
