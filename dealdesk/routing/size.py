"""The size axis: the annual value of the deal."""

from __future__ import annotations

from dealdesk.canonical import decimal_text, fraction_text
from dealdesk.policy import Axis, Policy, SizeMode, Topic
from dealdesk.pricing import exact
from dealdesk.routing.route import Result, Tried
from dealdesk.terms import Terms
from dealdesk.wording import money_text, roles_text


def size_axis(policy: Policy, terms: Terms) -> list[Tried]:
    rules, value = policy.size, terms.annual_value
    if rules.mode is SizeMode.OFF or value is None:
        return []
    above = value > exact(rules.threshold)
    limit = money_text(rules.threshold, terms.company.currency)
    said = f"The annual value is {money_text(value, terms.company.currency)}"
    if not above:
        result, sentence = Result.NOT_MET, f"{said}, not above {limit}."
    elif rules.mode is SizeMode.ALERT:
        result = Result.INFORMS
        sentence = f"{said}, above {limit}: {roles_text(rules.roles)} is told."
    else:
        result, sentence = Result.ASKS, f"{said}, above {limit}: {roles_text(rules.roles)}."
    rate = terms.company.per_company_unit
    tried = Tried(
        rule="size.annual_value",
        axis=Axis.SIZE,
        topic=Topic.PRICE,
        result=result,
        value=fraction_text(value),
        threshold=decimal_text(rules.threshold),
        sentence=sentence,
        roles=rules.roles if above else (),
        operands=(
            ("per_company_unit", decimal_text(rate) if rate else ""),
            ("rate_date", terms.company.rate_date.isoformat() if terms.company.rate_date else ""),
        ),
    )
    return [tried]
