"""Which pages are measured, and who reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LIST, API, HYGIENE = "/deals/?scope=all", "/api/v1/deals/", "/hygiene/deals/?scope=all"
REVOPS = "revops_admin"

READERS = {"rep": "rep", "manager": "sales_manager", "VP": "vp_sales", "RevOps": REVOPS}
"""Those whose view differs: a rep sees their own, a manager their line, the others everything."""

OF_EVERYBODY = {
    "home": "/",
    "board": "/deals/board/",
    "list": "/deals/",
    "hygiene": "/hygiene/",
    "hygiene, deals": "/hygiene/deals/",
    "clean-up": "/hygiene/clean-up/",
    "reports": "/reports/",
    "report, trend": "/reports/trend/",
    "report, win rates by owner": "/reports/win-rates/?by=owner",
    "report, losses": "/reports/losses/",
    "report, cycle": "/reports/cycle/",
    "report, funnel": "/reports/funnel/",
    "report, time in stage": "/reports/time-in-stage/",
    "report, velocity": "/reports/velocity/",
    "report, slippage": "/reports/slippage/",
    "report, aging": "/reports/aging/",
    "forecast": "/forecast/",
    "change": "/forecast/change/",
    "forecast trend": "/forecast/trend/",
    "delays": "/forecast/delays/",
    "quotas": "/forecast/quotas/",
}

OF_REVOPS = {
    "list, by close date": LIST,
    "list, by name": f"{LIST}&sort=name",
    "list, by amount": f"{LIST}&sort=-amount",
    "list, newest": f"{LIST}&sort=-created",
    "list, won by closing day": f"{LIST}&status=won&sort=-closed",
    "list, by closing day": f"{LIST}&status=&sort=-closed",
    "list, of any status": f"{LIST}&status=",
    "list, open by amount": f"{LIST}&status=open&sort=-amount",
    "list, one stage": f"{LIST}&stage=discovery",
    "list, one owner": LIST + "&owner={owner}",
    "list, one team": LIST + "&team={team}",
    "list, with problems": f"{LIST}&problems=1",
    "list, search": LIST + "&q={word}",
    "list, search without a hit": f"{LIST}&q=zzqqxy",
    "list, amount from": f"{LIST}&amount_from=50000",
    "list, won in a quarter": LIST
    + "&status=won&closed_from={quarter_from}&closed_to={quarter_to}",
    "list, pushed in a quarter": LIST + "&pushed_from={quarter_from}&pushed_to={quarter_to}",
    "list, export begins": "/deals/export/csv/?scope=all",
    "hygiene, one team": "/hygiene/?scope=all&team={team}",
    "hygiene, one owner": "/hygiene/?scope=all&owner={owner}",
    "clean-up plan": "/hygiene/plan/",
    "bypasses": "/reports/bypasses/",
    "report, win rates by source": "/reports/win-rates/?by=source",
    "report, win rates by team": "/reports/win-rates/?by=team",
    "report, win rates by product": "/reports/win-rates/?by=product",
    "report, win rates by segment": "/reports/win-rates/?by=segment",
    "report, win rates by competitor": "/reports/win-rates/?by=competitor",
    "report, trend of one owner": "/reports/trend/?owner={owner}",
    "report, odd days": "/reports/win-rates/?by=owner&from={odd_from}&to={odd_to}",
    "forecast, all lines": "/forecast/?open=all",
    "forecast, one month": "/forecast/?period={month}",
    "change, last quarter": "/forecast/change/?from={quarter_from}&to={quarter_to}",
    "change, a year, any day": "/forecast/change/?from={year_from}&to={today}&closes=all",
    "change, deals of a bar": "/forecast/change/won/?from={quarter_from}&to={quarter_to}",
    "rules": "/settings/pipelines/new-business/",
    "draft": "/settings/pipelines/new-business/draft/",
    "draft, violations": "/settings/pipelines/new-business/draft/deals/",
    "draft, before publishing": "/settings/pipelines/new-business/draft/publish/",
    "fields": "/settings/fields/",
    "alerts": "/alerts/",
    "tasks": "/tasks/",
    "accounts": "/accounts/",
    "search": "/search/?q={word}",
    "exception report": "/exceptions/",
    "deal page": "/deals/{deal}/",
    "deal, advance": "/deals/{deal}/advance/",
    "quote page": "/quotes/{quote}/",
    "API deals": API,
    "API deals, open by amount": f"{API}?status=open&ordering=-amount",
    "API deals, search": API + "?search={word}",
    "API deal": API + "{deal}/",
    "API gate": API + "{deal}/gate/",
    "API findings of a deal": API + "{deal}/findings/",
    "API findings": "/api/v1/findings/",
    "API findings, counts": "/api/v1/findings/counts/",
    "API report": "/api/v1/reports/pipeline/?by=owner",
    "API report, a year": "/api/v1/reports/pipeline/?from={year_from}&to={today}&by=source",
    "API metrics": "/api/v1/reports/metrics/",
    "API forecast": "/api/v1/forecast/",
    "API accuracy": "/api/v1/forecast/accuracy/",
    "API waterfall": "/api/v1/waterfall/?from={quarter_from}&to={quarter_to}",
    "API quotas": "/api/v1/quotas/",
    "API bypasses": "/api/v1/bypasses/",
    "API pipelines": "/api/v1/pipelines/",
    "API quotes": "/api/v1/quotes/",
    "API exceptions": "/api/v1/exceptions/",
    "API accounts": "/api/v1/accounts/",
}

OF_APPROVERS = {
    "API approvals": "/api/v1/approvals/",
    "inbox": "/approvals/",
    "approval page": "/approvals/{slot}/",
}


@dataclass(frozen=True)
class Page:
    """One address, and the role of whoever reads it."""

    name: str
    role: str
    address: str


def pages() -> Iterator[Page]:
    """Every page; addresses still wait for the records they name."""
    from pipeline.findings import kinds

    for title, address in OF_EVERYBODY.items():
        for reader, role in READERS.items():
            yield Page(f"{title}, {reader}", role, address)
    for title, address in OF_REVOPS.items():
        yield Page(title, REVOPS, address)
    for kind in kinds():
        yield Page(f"hygiene, {kind.label.lower()}", REVOPS, f"{HYGIENE}&kind={kind.key}")
        yield Page(f"list, {kind.label.lower()}", REVOPS, f"{LIST}&finding={kind.key}")
    for title, address in OF_APPROVERS.items():
        yield Page(title, "approver", address)


def facts_of(at: Any) -> dict[str, Any]:
    """Records and days to look at that are of the same kind at every size."""
    from dealdesk.models import ApprovalSlot
    from pipeline.models import Deal

    deal = Deal.objects.filter(status="open", stage__key="proposal", quotes__is_primary=True)
    deal = deal.order_by("-created_at").select_related("owner").first()
    facts = {
        "deal": deal.pk,
        "quote": deal.quotes.get(is_primary=True).pk,
        "owner": deal.owner_id,
        "team": deal.owner.team_id,
        "word": deal.name.split()[0],
        **days_before(at.date()),
    }
    slots = ApprovalSlot.objects.open().filter(person__admitted_at__isnull=False)
    if slot := slots.order_by("-pk").select_related("person").first():
        facts |= {"slot": slot.pk, "approver": slot.person}
    return facts


def days_before(today: Any) -> dict[str, Any]:
    """A month, a quarter and a year before the day, and a stretch that is none of them."""
    from datetime import timedelta

    from pipeline.forecasting.periods import month_of, quarter_of

    quarter = quarter_of(today).previous
    return {
        "today": today,
        "month": month_of(today).key,
        "quarter_from": quarter.starts_on,
        "quarter_to": quarter.ends_on,
        "year_from": today - timedelta(days=365),
        "odd_from": today - timedelta(days=320),
        "odd_to": today - timedelta(days=5),
    }
