"""The records of the deal desk, by their nouns."""

from dealdesk.models.attention import ApprovalOpening, MailReply, Nudge
from dealdesk.models.cases import PolicyCase
from dealdesk.models.claims import SlotClaim
from dealdesk.models.clocks import ClockMark
from dealdesk.models.conditions import ApprovalCondition
from dealdesk.models.conversation import RequestMessage
from dealdesk.models.counters import CounterOffer
from dealdesk.models.decisions import Decision, DecisionRevocation
from dealdesk.models.grants import GrantUse, StandingGrant
from dealdesk.models.ladder import TermRung
from dealdesk.models.links import ApprovalLink
from dealdesk.models.paper import PaperCheck, PaperTick
from dealdesk.models.policies import PolicyVersion
from dealdesk.models.policydrafts import (
    DraftAcknowledgement,
    DraftBand,
    DraftCategory,
    DraftFloor,
    DraftRole,
    DraftSegment,
    DraftTable,
    DraftTiming,
    PolicyDraft,
)
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
from dealdesk.models.replays import JudgedFacts, ReplayChanges, ReplayFile, ReplayRun
from dealdesk.models.requests import ApprovalRequest
from dealdesk.models.slots import ApprovalSlot
from dealdesk.models.steps import ApprovalStep
from dealdesk.models.threads import DeskMessage, DeskThread

__all__ = [
    "ApprovalCondition",
    "ApprovalLink",
    "ApprovalOpening",
    "ApprovalRequest",
    "ApprovalSlot",
    "ApprovalStep",
    "BillingFrequency",
    "ClockMark",
    "Concession",
    "CounterOffer",
    "Decision",
    "DecisionRevocation",
    "DeskMessage",
    "DeskThread",
    "DraftAcknowledgement",
    "DraftBand",
    "DraftCategory",
    "DraftFloor",
    "DraftRole",
    "DraftSegment",
    "DraftTable",
    "DraftTiming",
    "ExceptionRecord",
    "GrantUse",
    "JudgedFacts",
    "LineYear",
    "MailReply",
    "NonStandardTerm",
    "Nudge",
    "PaperCheck",
    "PaperTick",
    "PaymentTerms",
    "PolicyCase",
    "PolicyDraft",
    "PolicyVersion",
    "Price",
    "PriceList",
    "Product",
    "Quote",
    "QuoteEdit",
    "QuoteLine",
    "QuoteTerm",
    "ReplayChanges",
    "ReplayFile",
    "ReplayRun",
    "RequestMessage",
    "SlotClaim",
    "StandingGrant",
    "TermDiscount",
    "TermRung",
    "TermsSnapshot",
    "VolumeTier",
]
