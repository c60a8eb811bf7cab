"""Products, quotes in any shape, and requests that wait."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from dealdesk.drafts import LineDraft, TermDraft
from dealdesk.models import (
    ApprovalSlot,
    BillingFrequency,
    NonStandardTerm,
    PaymentTerms,
    Product,
    Quote,
)
from dealdesk.operations import (
    add_product,
    create_quote,
    decide_approval,
    set_price,
    submit_quote,
)
from pipeline.models import Account
from revops.people.actor import Via
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import make_account, make_deal

LONG_AGO = date(2020, 1, 1)
HOUR = timedelta(hours=1)


def make_product(key="platform", price="100", *, currency="USD", period="year", **facts) -> Product:
    """A product with a list price per unit."""
    facts.setdefault("name", key.title())
    product = add_product(key=key, by=SYSTEM, at=AT, **facts)
    set_price(
        product=product,
        currency=currency,
        amount=Decimal(price),
        period=period,
        valid_from=LONG_AGO,
        by=SYSTEM,
        at=AT,
    )
    return product


def product_of(key="platform", **facts) -> Product:
    return Product.objects.filter(key=key).first() or make_product(key, **facts)


def small_account(name="Acme", employees=100) -> Account:
    """An account whose segment asks nobody."""
    found = Account.objects.filter(name=name).first()
    return found or make_account(name, employees=employees)


def line(off=None, *, product=None, quantity=100, **facts) -> LineDraft:
    """A line of 100 units at 100 a year, with so many percent off."""
    if off is not None:
        facts |= {"typed": "percent", "typed_value": Decimal(str(off))}
    return LineDraft(product=product or product_of(), quantity=Decimal(quantity), **facts)


def term(key="custom-sla", value="99.9 %", text="") -> TermDraft:
    return TermDraft(NonStandardTerm.objects.get(key=key), value, text)


def payment(key) -> PaymentTerms:
    return PaymentTerms.objects.get(key=key)


def billing(key) -> BillingFrequency:
    return BillingFrequency.objects.get(key=key)


def make_quote(owner, off=None, *, deal=None, lines=None, at=AT, actor=None, **facts) -> Quote:
    """A draft of `owner` with one line, `off` percent below standard: 10,000 a year at list."""
    deal = deal or make_deal(owner, account=small_account())
    lines = lines if lines is not None else [line(off)]
    return create_quote(deal=deal, lines=lines, by=actor or by(owner), at=at, **facts)


def submit(quote, actor=None, *, at=AT, **facts):
    """Submit with an answer to everything that is asked."""
    facts.setdefault("why", "The customer compares us with Orrin.")
    facts.setdefault("in_return", ["reference"])
    return submit_quote(quote=quote, by=actor or by(quote.deal.owner), at=at, **facts)


def slot_of(request, person) -> ApprovalSlot:
    return ApprovalSlot.objects.get(step__request=request, person=person)


def decide(request, person, verdict="approved", *, at=AT + HOUR, reason=None, via=Via.WEB, **facts):
    """Let a person decide on the terms they were shown."""
    if reason is None:
        reason = "Too much" if verdict == "rejected" else ""
    facts.setdefault("digest", request.snapshot.digest)
    return decide_approval(
        slot=slot_of(request, person),
        verdict=verdict,
        reason=reason,
        by=by(person, via),
        at=at,
        **facts,
    )
