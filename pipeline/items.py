"""The kinds of evidence that the pipeline itself knows how to find."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.junk import is_filled
from pipeline.models import Deal, DealContact
from pipeline.operations import filling
from pipeline.registry import DealFacts, ItemKind, register_item

SIGNED_CONTRACT = "signed_contract"
"""The kind of the attachment that proves a win."""


def filled(field: str) -> Callable[[Deal, DealFacts], bool]:
    """A test of one typed column."""
    return lambda deal, facts: is_filled(getattr(deal, field), facts.junk)


def column(key: str, field: str, label: str, sentence: str, input: str = "long_text") -> ItemKind:
    return ItemKind(key, label, filled(field), sentence, field=field, input=input, reads=(field,))


def has_contract(deal: Deal, facts: DealFacts) -> bool:
    return SIGNED_CONTRACT in facts.attachments or is_filled(deal.contract_reference, facts.junk)


def has_decision_maker(deal: Deal, facts: DealFacts) -> bool:
    return DealContact.Role.DECISION_MAKER in facts.contact_roles


OWN_ITEMS = [
    ItemKind(
        "contact_info",
        "Contact",
        lambda deal, facts: facts.contacts_reachable,
        "Link a contact with an e-mail address or a telephone number.",
        fill=filling.fill_contact,
        input="contact",
        reads=(),
    ),
    ItemKind(
        "company",
        "Company",
        lambda deal, facts: deal.account_id is not None,
        "Say which account this deal is with.",
        field="account",
        input="account",
        reads=("account",),
    ),
    column("source", "deal_source", "Source", "Say where the deal came from.", "choice"),
    ItemKind(
        "fit_score",
        "Fit score",
        lambda deal, facts: deal.fit_score is not None,
        "Score the fit from 0 to 100.",
        field="fit_score",
        input="number",
        reads=("fit_score",),
    ),
    column("pain_points", "pain_points", "Pain points", "Write down what hurts the buyer."),
    column(
        "current_solution",
        "current_solution",
        "Current solution",
        "Write down what the buyer uses today.",
    ),
    column("timeline", "timeline", "Timeline", "Write down by when the buyer wants it and why."),
    column(
        "technical_requirements",
        "technical_requirements",
        "Technical requirements",
        "Write down what the buyer's technology asks for.",
    ),
    ItemKind(
        "decision_makers",
        "Decision makers",
        has_decision_maker,
        "Link a contact as decision maker.",
        fill=filling.fill_decision_maker,
        input="contact",
        reads=(),
    ),
    column(
        "stakeholder_map",
        "stakeholder_map",
        "Stakeholder map",
        "Write down who takes part in the decision and where each stands.",
    ),
    column("redlines", "redlines", "Redlines", "Write down what the buyer wants changed."),
    column("close_date", "close_date", "Close date", "Set the expected close date.", "date"),
    ItemKind(
        SIGNED_CONTRACT,
        "Signed contract",
        has_contract,
        "Attach the signed contract, or say where it is kept.",
        fill=filling.fill_contract,
        input="file",
        reads=("contract_reference",),
    ),
    column("loss_reason", "loss_reason", "Loss reason", "Say why the deal is lost.", "choice"),
    column("product", "product", "Main product", "Name the product that is sold.", "text"),
    column("competitor", "competitor", "Competitor", "Name the competitor who won.", "text"),
]


def register_own_items() -> None:
    for kind in OWN_ITEMS:
        register_item(kind)
