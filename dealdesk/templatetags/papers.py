"""`{% load papers %}`: redlines of a quote, and legal's checklist of a request."""

from __future__ import annotations

from typing import Any

from django import template

from dealdesk.models import ApprovalRequest, Quote
from dealdesk.views.papers import paper_shown, redlines_shown
from revops.people.actor import Actor

register = template.Library()


@register.inclusion_tag("dealdesk/_paper.html", takes_context=True)
def redlines(context: Any, quote: Quote) -> dict[str, Any]:
    """The card of redlines; inside the editor's form it takes another file."""
    request = context["request"]
    return {"redlines": redlines_shown(quote, Actor.from_request(request)), "request": request}


@register.inclusion_tag("dealdesk/_checklist.html", takes_context=True)
def checklist(context: Any, asked: ApprovalRequest) -> dict[str, Any]:
    """The card of the customer's paper; nothing where the contract is ours."""
    request = context["request"]
    return {
        "paper": paper_shown(asked, Actor.from_request(request)),
        "request": request,
        "by_link": context.get("by_link", False),
        "csrf_token": context.get("csrf_token"),
    }
