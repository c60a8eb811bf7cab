"""What people are to win in a period."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from pipeline.forecasting.periods import Period
from pipeline.forecasting.targets import quotas_in
from pipeline.reports.reading import money
from pipeline.reports.scope import Scope
from pipeline.reports.shapes import Money
from revops.people.models import ReportingLink


def quota_of(scope: Scope) -> tuple[Money | None, int]:
    """The quotas of the period, and of how many people; None where there is none.

    Whoever leads has the quota of their line: those below them are not counted once more.
    """
    quotas = quotas_in(scope.pipeline, Period(scope.since, scope.until), scope.members)
    if not quotas:
        return None, 0
    links = ReportingLink.objects.filter(ancestor__in=quotas, descendant__in=quotas)
    led = {below for above, below in links.values_list("ancestor", "descendant") if above != below}
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for person in quotas.keys() - led:
        for currency, amount in quotas[person].items():
            amounts[currency] += amount
    return money(scope, amounts), len(quotas.keys() - led)
