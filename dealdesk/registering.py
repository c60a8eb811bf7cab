"""What a submission adds to the register of exceptions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from dealdesk.ladder import Rung
from dealdesk.models import ApprovalRequest, ExceptionRecord, NonStandardTerm
from dealdesk.policy import Axis, Policy, TimingKind
from dealdesk.pricing import exact, rounded
from dealdesk.routing import Result, Route, Tried, timing_of
from dealdesk.terms import Terms
from dealdesk.wording import months_text, percent_text

Kind = ExceptionRecord.Kind


def exceptions_of(
    request: ApprovalRequest, terms: Terms, route: Route, policy: Policy
) -> list[ExceptionRecord]:
    """Register every non-standard term and every discount beyond rep authority of a submission."""
    catalogue = {
        term.key: term
        for term in NonStandardTerm.objects.filter(key__in=[t.key for t in terms.nonstandard])
    }
    found = [*discounts(terms, route, policy), *timings(terms, route, policy)]
    found += volumes(terms, route)
    found += [
        {
            "kind": Kind.CATALOGUE,
            "term": catalogue[term.key],
            "label": term.name,
            "standard_value": term.standard_value,
            "requested_value": term.requested_value or term.requested_text[:200],
        }
        for term in terms.nonstandard
        if term.key in catalogue
        and term.key not in policy.terms.adopted
        and term.rung is not Rung.STANDARD
    ]
    deal = request.deal
    stake = company_amount(terms, terms.price.tcv)
    rows = [
        ExceptionRecord(
            request=request,
            deal=deal,
            account=deal.account,
            segment=terms.segment.key,
            tier=request.route_key,
            requester=request.submitted_by,
            team=deal.owner.team,
            requested_at=request.submitted_at,
            **{"stake_amount": stake, **facts},
        )
        for facts in found
    ]
    return ExceptionRecord.objects.bulk_create(rows)


def company_amount(terms: Terms, amount: Fraction) -> Decimal:
    """An amount in company currency, as it is kept; at the rate frozen with the terms."""
    return rounded(terms.company.convert(amount) or Fraction(0), 2)


def asking(route: Route, rule: str) -> Tried | None:
    return next((tried for tried in route.reasons if tried.rule == rule), None)


def discounts(terms: Terms, route: Route, policy: Policy) -> list[dict]:
    """One exception for the largest discount that a band beyond the rep's authority caught."""
    beyond = [
        tried
        for tried in route.trace
        if tried.axis is Axis.PRICE and tried.roles and tried.result in BEYOND
    ]
    if not beyond:
        return []
    worst = max(beyond, key=lambda tried: Fraction(tried.value))
    percent = Fraction(worst.value)
    blended = terms.price.blended
    return [
        {
            "kind": Kind.DISCOUNT,
            "label": band_label(policy, percent),
            "standard_value": "0 %",
            "requested_value": percent_text(percent),
            "discount_percent": rounded(percent, 4),
            "stake_amount": company_amount(terms, max(blended.standard - blended.net, Fraction(0))),
        }
    ]


BEYOND = (Result.ASKS, Result.OUTRANKED)


def band_label(policy: Policy, percent: Fraction) -> str:
    """The band a discount stands in: "Discount 20 to 40 %"."""
    edges = sorted({band.lower for table in policy.prices for band in table.bands})
    lower = max((edge for edge in edges if exact(edge) <= percent), default=Decimal(0))
    upper = min((edge for edge in edges if exact(edge) > percent), default=None)
    low = percent_text(lower)
    return f"Discount {low[:-2]} to {percent_text(upper)}" if upper else f"Discount from {low}"


def timings(terms: Terms, route: Route, policy: Policy) -> list[dict]:
    """Payment and billing later than standard, and a term longer than standard."""
    found = []
    if asking(route, "terms.payment"):
        found.append(
            {
                "kind": Kind.PAYMENT,
                "label": f"Payment {terms.payment.name}",
                "standard_value": timing_of(policy, terms, TimingKind.PAYMENT).label,
                "requested_value": terms.payment.name,
            }
        )
    if asking(route, "terms.billing"):
        found.append(
            {
                "kind": Kind.BILLING,
                "label": f"Billing {terms.billing.name}",
                "standard_value": timing_of(policy, terms, TimingKind.BILLING).label,
                "requested_value": terms.billing.name,
            }
        )
    standard = policy.structure.standard_months
    if (terms.term_months or 0) > standard:
        found.append(
            {
                "kind": Kind.TERM_LENGTH,
                "label": f"Term of {months_text(terms.term_months)}",
                "standard_value": months_text(standard),
                "requested_value": months_text(terms.term_months),
            }
        )
    return found


def volumes(terms: Terms, route: Route) -> list[dict]:
    found = []
    for tried in route.reasons:
        if not tried.rule.startswith("terms.volume."):
            continue
        line = terms.price.line(tried.rule.removeprefix("terms.volume."))
        found.append(
            {
                "kind": Kind.VOLUME,
                "label": f"Volume beyond tier: {line.name if line else ''}"[:200],
                "standard_value": percent_text(Decimal(tried.threshold)),
                "requested_value": percent_text(Decimal(tried.value)),
            }
        )
    return found
