"""What every installation starts with: terms, billing, the catalogue and the first policy."""

from __future__ import annotations

from datetime import datetime

from dealdesk.casedefaults import ensure_cases
from dealdesk.models import (
    BillingFrequency,
    NonStandardTerm,
    PaperCheck,
    PaymentTerms,
    PolicyVersion,
    PriceList,
)
from dealdesk.policy import policy_digest, policy_json
from dealdesk.presets import PRESETS
from revops.company.models import Company

PAYMENT_TERMS = [
    ("prepaid", "Prepaid", 0),
    ("net-15", "Net 15", 15),
    ("net-30", "Net 30", 30),
    ("net-45", "Net 45", 45),
    ("net-60", "Net 60", 60),
    ("net-90", "Net 90", 90),
    ("net-120", "Net 120", 120),
]
STANDARD_PAYMENT_TERMS = "net-30"

# key, name, months invoiced ahead (0: the whole term), in arrears
BILLING_FREQUENCIES = [
    ("full-prepay", "Whole term prepaid", 0, False),
    ("annual-prepaid", "Annual, prepaid", 12, False),
    ("semi-annual", "Half-yearly", 6, False),
    ("quarterly", "Quarterly", 3, False),
    ("monthly", "Monthly", 1, False),
    ("monthly-arrears", "Monthly, in arrears", 1, True),
    ("quarterly-arrears", "Quarterly, in arrears", 3, True),
]
STANDARD_BILLING = "annual-prepaid"

C, V = NonStandardTerm.Category, NonStandardTerm.ValueType
FINANCE, LEGAL, DESK = "finance", "legal", "deal_desk"

# key, name, category, standard value, value type, owner roles, standard wording
CATALOGUE = [
    (
        "custom-sla",
        "Custom SLA",
        C.SLA,
        "99.5 %",
        V.TEXT,
        [DESK, LEGAL],
        "The service is available 99.5 % of each month. Below that the customer is credited "
        "5 % of the monthly fee for each full percentage point, at most 20 %.",
    ),
    (
        "premium-support",
        "Support beyond business hours",
        C.SLA,
        "Business hours",
        V.TEXT,
        [DESK],
        "Support answers on working days from 9 to 17 in the customer's zone.",
    ),
    (
        "liability-cap",
        "Custom liability cap",
        C.LEGAL,
        "12 months of fees",
        V.TEXT,
        [LEGAL, FINANCE],
        "Each party's total liability is limited to the fees of the last 12 months.",
    ),
    (
        "uncapped-liability",
        "Uncapped liability",
        C.LEGAL,
        "12 months of fees",
        V.NONE,
        [LEGAL, FINANCE],
        "Each party's total liability is limited to the fees of the last 12 months.",
    ),
    (
        "customer-paper",
        "Contract on the customer's paper",
        C.LEGAL,
        "Our agreement",
        V.NONE,
        [LEGAL],
        "Our master agreement governs.",
    ),
    (
        "termination-for-convenience",
        "Termination for convenience",
        C.TERM,
        "None",
        V.TEXT,
        [LEGAL, FINANCE],
        "Neither party may end the term early except for cause.",
    ),
    (
        "annual-opt-out",
        "Annual opt-out",
        C.TERM,
        "None",
        V.TEXT,
        [FINANCE],
        "The customer is committed for the whole term.",
    ),
    (
        "no-auto-renewal",
        "No automatic renewal",
        C.TERM,
        "Renews for 12 months",
        V.NONE,
        [DESK],
        "The term renews for 12 months unless cancelled 60 days before its end.",
    ),
    (
        "payment-milestones",
        "Payment by milestones",
        C.PAYMENT,
        "On signature",
        V.TEXT,
        [FINANCE],
        "Fees are invoiced on signature and due within the payment terms.",
    ),
    (
        "local-tax-gross-up",
        "Gross-up of withholding tax",
        C.PAYMENT,
        "Customer bears it",
        V.TEXT,
        [FINANCE],
        "Fees are net of taxes; withholding taxes are borne by the customer.",
    ),
    (
        "price-protection",
        "Renewal price cap",
        C.PRICE,
        "List price at renewal",
        V.PERCENT,
        [FINANCE],
        "Renewals are at the list price of the day.",
    ),
    (
        "most-favoured-customer",
        "Most favoured customer",
        C.PRICE,
        "None",
        V.NONE,
        [FINANCE, LEGAL],
        "No promise is made about the prices of other customers.",
    ),
    (
        "custom-dpa",
        "Custom data processing agreement",
        C.SECURITY,
        "Our DPA",
        V.NONE,
        [LEGAL],
        "Our data processing agreement applies, with its list of subprocessors.",
    ),
    (
        "data-residency",
        "Data residency",
        C.SECURITY,
        "Our regions",
        V.TEXT,
        [LEGAL],
        "Data is kept in the region chosen at sign-up.",
    ),
    (
        "audit-right",
        "On-site audit right",
        C.SECURITY,
        "Yearly report",
        V.NONE,
        [LEGAL],
        "The customer receives our yearly audit report.",
    ),
    (
        "publicity",
        "No use of the name",
        C.OTHER,
        "Name and logo may be used",
        V.NONE,
        [DESK],
        "We may name the customer as a reference.",
    ),
    (
        "other",
        "Another term",
        C.OTHER,
        "",
        V.TEXT,
        [DESK],
        "",
    ),
]


def ensure_payment_terms(at: datetime) -> None:
    PaymentTerms.objects.bulk_create(
        [PaymentTerms(key=key, name=name, net_days=days) for key, name, days in PAYMENT_TERMS],
        ignore_conflicts=True,
    )
    BillingFrequency.objects.bulk_create(
        [
            BillingFrequency(key=key, name=name, months_ahead=months, in_arrears=arrears)
            for key, name, months, arrears in BILLING_FREQUENCIES
        ],
        ignore_conflicts=True,
    )


def ensure_catalogue(at: datetime) -> None:
    NonStandardTerm.objects.bulk_create(
        [
            NonStandardTerm(
                key=key,
                name=name,
                category=category,
                standard_value=value,
                value_type=value_type,
                owner_roles=owners,
                standard_wording=wording,
                position=10 * position,
            )
            for position, (key, name, category, value, value_type, owners, wording) in enumerate(
                CATALOGUE, 1
            )
        ],
        ignore_conflicts=True,
    )


PAPER = frozenset({"customer-paper"})
"""Terms by which the contract is not ours: legal goes through its checklist."""

CHECKLIST = [
    "Liability is capped, and at no more than we may carry",
    "Indemnities are ours to give, and capped",
    "Termination and renewal are those of the quote",
    "Price, payment and taxes are those of the quote",
    "Data protection: our processing agreement, or theirs reviewed",
    "Our intellectual property stays ours",
    "Service levels and credits are those of the quote",
    "Governing law and place of jurisdiction are acceptable",
]


def ensure_paper(at: datetime) -> None:
    """Mark the shipped term of the customer's paper, and ship legal's checklist once."""
    NonStandardTerm.objects.filter(key__in=PAPER, version=1).update(is_paper=True)
    if not PaperCheck.objects.exists():
        PaperCheck.objects.bulk_create(
            PaperCheck(text=text, position=10 * position)
            for position, text in enumerate(CHECKLIST, 1)
        )


def ensure_policy(at: datetime) -> None:
    """A new installation judges as the sources say, until another policy is published."""
    if PolicyVersion.objects.exists():
        return
    policy = PRESETS["as_in_the_sources"]
    PolicyVersion.objects.create(
        number=1,
        label=policy.name,
        preset="as_in_the_sources",
        body=policy_json(policy),
        digest=policy_digest(policy),
        published_at=at,
        in_force=True,
    )


def ensure_price_list(at: datetime) -> None:
    """A price list in the company's currency, for the products to come."""
    company = Company.objects.filter(pk=1).first()
    if company and not PriceList.objects.exists():
        PriceList.objects.create(currency=company.currency, name="Price list")


def ensure_dealdesk(at: datetime) -> None:
    ensure_payment_terms(at)
    ensure_catalogue(at)
    ensure_paper(at)
    ensure_policy(at)
    in_force = PolicyVersion.objects.filter(in_force=True).first()
    ensure_cases(in_force.preset if in_force else "")
    ensure_price_list(at)
