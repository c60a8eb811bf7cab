"""Judging past quotes by a policy: how many it would ask about, and whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from dealdesk.inputs import TermsReader, stream_terms
from dealdesk.models import Quote
from dealdesk.policy import Policy
from dealdesk.pricing import rounded
from dealdesk.routing import evaluate
from dealdesk.terms import Terms
from revops.frame.formats import minor_unit


@dataclass
class Tally:
    """How many quotes took one route, and what they are worth in company currency."""

    count: int = 0
    net: Fraction = Fraction(0)


@dataclass
class Replay:
    """What a policy says of many quotes."""

    currency: str
    quotes: int = 0
    routes: dict[str, Tally] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)

    def add(self, policy: Policy, terms: Terms) -> None:
        self.quotes += 1
        route = evaluate(policy, terms)
        if route.problems:
            for code in dict.fromkeys(problem.code for problem in route.problems):
                self.errors[code] = self.errors.get(code, 0) + 1
            return
        tally = self.routes.setdefault(route.key, Tally())
        tally.count += 1
        tally.net += terms.company.convert(terms.price.tcv) or 0

    def as_json(self) -> dict[str, Any]:
        digits = minor_unit(self.currency)
        return {
            "quotes": self.quotes,
            "routes": {
                key: {"count": tally.count, "net": f"{rounded(tally.net, digits):f}"}
                for key, tally in sorted(self.routes.items(), key=lambda item: -item[1].count)
            },
            "errors": dict(sorted(self.errors.items())),
        }


def quotes_between(since: date | None, until: date | None) -> Any:
    """Quotes priced on the days from `since` to `until`, both inclusive."""
    quotes = Quote.objects.all()
    if since:
        quotes = quotes.filter(priced_on__gte=since)
    if until:
        quotes = quotes.filter(priced_on__lte=until)
    return quotes


def replay(policy: Policy, *, since: date | None = None, until: date | None = None) -> Replay:
    """Evaluate a policy over all quotes of a period, at the rate of the day each was priced."""
    reader = TermsReader(policy)
    result = Replay(reader.company.currency)
    for terms in terms_between(reader, since, until):
        result.add(policy, terms)
    return result


def terms_between(reader: TermsReader, since: date | None, until: date | None) -> Iterable[Terms]:
    return (terms for _, terms in stream_terms(quotes_between(since, until), reader=reader))
