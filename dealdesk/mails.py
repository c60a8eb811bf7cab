"""What mails and the first screen of an approval say: facts in words, never the token."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from dealdesk.models import ApprovalRequest, ApprovalSlot
from dealdesk.policy import ROLE_LABELS
from dealdesk.policy import Role as AskedRole
from dealdesk.terms import Terms, terms_code
from dealdesk.wording import money_text, months_text, percent_text
from revops.people.models import Role

RETURNS = dict(ApprovalRequest.Return.choices)


def request_facts(request: ApprovalRequest, slot: ApprovalSlot, terms: Terms) -> dict[str, Any]:
    """Return what one approver is told: the ask, why them, what is given and got, by when."""
    deal = request.deal
    return {
        "deal": deal.name,
        "account": deal.account.name if deal.account else "",
        "quote": f"r{request.quote.revision}",
        "attempt": request.attempt,
        "submitter": request.submitted_by.name if request.submitted_by else "",
        "owner": deal.owner.name,
        "role": role_words(slot.role),
        "substitution": slot.substitution,
        "reasons": slot.reasons,
        **money_facts(terms),
        "given": given_facts(terms),
        "in_return": in_return_facts(request),
        "why": request.why,
        "needed_by": f"{request.needed_by:%A, %-d %B %Y}" if request.needed_by else "",
        "needed_cause": request.needed_cause,
        "due": due_words(slot),
        "code": terms_code(request.snapshot.digest),
    }


def due_words(slot: ApprovalSlot) -> str:
    """When an answer is due, in the zone of the person who gives it."""
    if slot.due_at is None:
        return ""
    return f"{slot.due_at.astimezone(slot.person.get_zone()):%A, %-d %B %Y, %H:%M}"


def request_path(number: int) -> str:
    """The page of a request, for mails that only tell."""
    return reverse("dealdesk:request-detail", args=[number])


def thread_path(number: int) -> str:
    """The page of a question to the desk."""
    return reverse("dealdesk:thread-detail", args=[number])


def absence_path(number: int) -> str:
    """Where who is away is told, for the mails about it."""
    return reverse("dealdesk:absence-list")


def policy_draft_path(number: int) -> str:
    """The page of the draft; there is one at most."""
    return reverse("dealdesk:policy-draft")


def policy_path(number: int) -> str:
    """The page of a version of the policy, by its number."""
    return reverse("dealdesk:policy-version", args=[number])


def grant_path(number: int) -> str:
    """The page of a standing grant."""
    return reverse("dealdesk:grant-detail", args=[number])


def role_words(code: str) -> str:
    """A role as a sentence speaks of it: "the VP of sales"."""
    try:
        return ROLE_LABELS[AskedRole(code)]
    except ValueError:
        return Role(code).label


def money_facts(terms: Terms) -> dict[str, str]:
    price, digits = terms.price, terms.price.minor_digits
    percent = price.blended.percent
    return {
        "net": money_text(price.tcv, terms.currency, digits),
        "standard": money_text(price.blended.standard, terms.currency, digits),
        "acv": money_text(price.acv, terms.currency, digits),
        "discount": percent_text(percent) if percent is not None else "",
        "term": months_text(terms.term_months),
        "payment": terms.payment.name,
        "billing": terms.billing.name,
    }


def given_facts(terms: Terms) -> list[str]:
    """What we give: the discount, concessions and non-standard terms, a line each."""
    price, digits = terms.price, terms.price.minor_digits
    given = []
    percent = price.blended.percent
    if percent is not None and percent > 0:
        off = money_text(price.blended.standard - price.blended.net, terms.currency, digits)
        given.append(f"{percent_text(percent)} off standard ({off})")
    for concession in price.concessions:
        name = concession.kind.value.replace("_", " ")
        given.append(f"{concession.value:f} {name}" if "." not in f"{concession.value:f}" else name)
    for term in terms.nonstandard:
        asked = term.requested_value or term.requested_text
        given.append(f"{term.name}: {asked}" if asked else term.name)
    return given


def in_return_facts(request: ApprovalRequest) -> list[str]:
    """What we get in return, in words."""
    words = [RETURNS.get(key, key) for key in request.in_return]
    return [*words, request.in_return_note] if request.in_return_note else words
