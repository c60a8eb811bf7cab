"""What is standard, what was asked and what is offered instead, side by side and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from dealdesk.policy import Policy
from dealdesk.terms import Terms
from dealdesk.wording import capital, money_text, months_text, percent_text


@dataclass(frozen=True, slots=True)
class Compared:
    """One term of a contract three times over."""

    label: str
    standard: str
    asked: str
    offered: str

    @property
    def is_changed(self) -> bool:
        return self.asked != self.offered


def compared(asked: Terms, offered: Terms, policy: Policy) -> list[Compared]:
    """Return the terms that an offer changes; see `compared_fully` for all that is asked."""
    return [row for row in compared_fully(asked, offered, policy) if row.is_changed]


def compared_fully(asked: Terms, offered: Terms, policy: Policy) -> list[Compared]:
    """Return everything of a quote that is not standard, or is offered otherwise."""
    rows = [*_price(asked, offered), *_contract(asked, offered, policy), *_given(asked, offered)]
    return [row for row in rows if row.is_changed or row.asked != row.standard]


def _price(asked: Terms, offered: Terms) -> Iterator[Compared]:
    yield Compared("Net over the term", _standard(offered), _net(asked), _net(offered))
    yield Compared(
        "Discount",
        "none",
        _off(asked.price.blended.percent),
        _off(offered.price.blended.percent),
    )
    if len(asked.price.lines) < 2:
        return
    for line in asked.price.lines:
        other = offered.price.line(line.key)
        yield Compared(
            line.name, "none", _off(line.percent), _off(other.percent) if other else "left out"
        )


def _standard(terms: Terms) -> str:
    price = terms.price
    return money_text(price.blended.standard, terms.currency, price.minor_digits)


def _net(terms: Terms) -> str:
    return money_text(terms.price.tcv, terms.currency, terms.price.minor_digits)


def _off(percent: Fraction | None) -> str:
    if not percent:
        return "none"
    return f"{percent_text(percent)} off" if percent > 0 else f"{percent_text(-percent)} above"


def _contract(asked: Terms, offered: Terms, policy: Policy) -> Iterator[Compared]:
    months = months_text(policy.structure.standard_months)
    yield Compared("Term", months, months_text(asked.term_months), months_text(offered.term_months))
    payment, billing = policy.terms.payment, policy.terms.billing
    yield Compared("Payment", capital(payment.label), asked.payment.name, offered.payment.name)
    yield Compared("Billing", capital(billing.label), asked.billing.name, offered.billing.name)


def _given(asked: Terms, offered: Terms) -> Iterator[Compared]:
    left = {(row.kind, row.line_key): row.value for row in offered.price.concessions}
    for row in asked.price.concessions:
        name = capital(row.kind.value.replace("_", " "))
        now = left.get((row.kind, row.line_key))
        yield Compared(name, "none", f"{row.value:,f}", f"{now:,f}" if now else "left out")
    terms = {term.key: term for term in offered.nonstandard}
    for term in asked.nonstandard:
        other = terms.get(term.key)
        said = term.requested_value or term.requested_text or "asked for"
        now_said = (other.requested_value or other.requested_text) if other else "left out"
        standard = term.standard_value or "not offered"
        yield Compared(term.name, standard, said, now_said or "asked for")
