"""The records of the deal desk, by their nouns."""

from dealdesk.models.conditions import ApprovalCondition
from dealdesk.models.conversation import RequestMessage
from dealdesk.models.policies import PolicyVersion
from dealdesk.models.prices import (
    BillingFrequency,
    NonStandardTerm,
    PaymentTerms,
    Price,
    PriceList,
    Product,
    TermDiscount,
    VolumeTier,
)
from dealdesk.models.quotes import (
    Concession,
    LineYear,
    Quote,
    QuoteEdit,
    QuoteLine,
    QuoteTerm,
    TermsSnapshot,
)
from dealdesk.models.register import ExceptionRecord
from dealdesk.models.requests import (
    ApprovalLink,
    ApprovalRequest,
    ApprovalSlot,
    ApprovalStep,
    Decision,
    DecisionRevocation,
)

__all__ = [
    "ApprovalCondition",
    "ApprovalLink",
    "ApprovalRequest",
    "ApprovalSlot",
    "ApprovalStep",
    "BillingFrequency",
    "Concession",
    "Decision",
    "DecisionRevocation",
    "ExceptionRecord",
    "LineYear",
    "NonStandardTerm",
    "PaymentTerms",
    "PolicyVersion",
    "Price",
    "PriceList",
    "Product",
    "Quote",
    "QuoteEdit",
    "QuoteLine",
    "QuoteTerm",
    "RequestMessage",
    "TermDiscount",
    "TermsSnapshot",
    "VolumeTier",
]
