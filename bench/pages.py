"""How long each page takes and how many queries it needs, on the database of DATABASE_URL.

`python -m bench.pages` prints JSON. Nothing is written but the session of each reader. Times are
of the server alone, middleware included, in one process with warm caches: the fastest of ROUNDS,
since whatever else runs on the machine only adds.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
from typing import Any

ROUNDS = int(os.environ.get("ROUNDS", "7"))
LIST, API = "/deals/?scope=all", "/api/v1/deals/"

# Who reads, and what.
BOARDS = {"rep": "rep", "manager": "sales_manager", "VP": "vp_sales", "RevOps": "revops_admin"}
LISTS = {
    "list, by close date": LIST,
    "list, by name": f"{LIST}&sort=name",
    "list, by amount": f"{LIST}&sort=-amount",
    "list, newest": f"{LIST}&sort=-created",
    "list, by closing day": f"{LIST}&sort=-closed",
    "list, open by amount": f"{LIST}&status=open&sort=-amount",
    "list, one stage": f"{LIST}&stage=discovery",
    "list, one owner": LIST + "&owner={owner}",
    "list, one team": LIST + "&team={team}",
    "list, with problems": f"{LIST}&problems=1",
    "list, search": LIST + "&q={word}",
    "list, search without a hit": f"{LIST}&q=zzqqxy",
    "list, amount from": f"{LIST}&amount_from=50000",
    "exception report": "/exceptions/",
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
    "API deals": API,
    "API deals, open by amount": f"{API}?status=open&ordering=-amount",
    "API deals, search": API + "?search={word}",
    "API quotes": "/api/v1/quotes/",
    "API exceptions": "/api/v1/exceptions/",
    "API accounts": "/api/v1/accounts/",
}


def main() -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    json.dump(measured(), sys.stdout, indent=1)
    return 0


def measured() -> dict[str, dict[str, Any]]:
    from pipeline.models import Deal

    found: dict[str, dict[str, Any]] = {}
    facts = facts_of(Deal)
    for name, role in BOARDS.items():
        person = reader(role)
        found[f"home, {name}"] = measure(person, "/")
        found[f"board, {name}"] = measure(person, "/deals/board/")
        found[f"list, {name}"] = measure(person, "/deals/")
    for name, address in LISTS.items():
        found[name] = measure(reader("revops_admin"), address.format(**facts))
    found["deal page"] = measure(reader("revops_admin"), "/deals/{deal}/".format(**facts))
    found["quote page"] = measure(reader("revops_admin"), "/quotes/{quote}/".format(**facts))
    if "slot" in facts:
        found["API approvals"] = measure(facts["approver"], "/api/v1/approvals/")
        found["inbox"] = measure(facts["approver"], "/approvals/")
        found["approval page"] = measure(facts["approver"], "/approvals/{slot}/".format(**facts))
    return found


def facts_of(deals: Any) -> dict[str, Any]:
    """Records to look at that are of the same kind at every size."""
    from dealdesk.models import ApprovalSlot

    deal = deals.objects.filter(status="open", stage__key="proposal", quotes__is_primary=True)
    deal = deal.order_by("-created_at").select_related("owner").first()
    facts = {
        "deal": deal.pk,
        "quote": deal.quotes.get(is_primary=True).pk,
        "owner": deal.owner_id,
        "team": deal.owner.team_id,
        "word": deal.name.split()[0],
    }
    slots = ApprovalSlot.objects.open().filter(person__admitted_at__isnull=False)
    if slot := slots.order_by("-pk").select_related("person").first():
        facts |= {"slot": slot.pk, "approver": slot.person}
    return facts


def reader(role: str) -> Any:
    """The first person who holds the role and has deals, or just holds it."""
    from revops.people.models import User

    people = User.objects.active().holding(role).filter(admitted_at__isnull=False)
    if role == "rep":
        people = people.filter(deals__status="open")
    return people.order_by("pk").first()


def measure(person: Any, address: str) -> dict[str, Any]:
    from django.db import connection
    from django.test import Client

    client = Client(HTTP_HOST="testserver")
    client.force_login(person)
    answer = client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address} answered {answer.status_code} to {person}.")
    asked: list[tuple[float, str]] = []

    def timed(execute: Any, sql: str, *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, *arguments)
        finally:
            asked.append((milliseconds(started), sql))

    with connection.execute_wrapper(timed):
        client.get(address)
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        client.get(address)
        taken.append(milliseconds(started))
    slowest = max(asked, default=(0.0, ""))
    found = {
        "ms": round(min(taken), 1),
        "queries": len(asked),
        "bytes": len(answer.content),
        "gzip": len(gzip.compress(answer.content, 6)),
        "slowest_query_ms": round(slowest[0], 1),
    }
    return found | ({"slowest_query": slowest[1]} if os.environ.get("SHOW_SQL") else {})


def milliseconds(started: float) -> float:
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    raise SystemExit(main())
