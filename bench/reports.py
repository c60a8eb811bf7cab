"""How long each report takes on the database of DATABASE_URL, beside a plain GROUP BY of it all.

`python -m bench.reports` prints JSON: milliseconds (the fastest of ROUNDS) and queries.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

ROUNDS = int(os.environ.get("ROUNDS", "7"))


def main() -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    json.dump(measured(), sys.stdout, indent=1)
    return 0


def measured() -> dict[str, dict[str, Any]]:
    from django.utils import timezone

    from pipeline.models import Pipeline
    from pipeline.reports import flow, results
    from pipeline.reports.scope import Scope
    from revops.people.models import User

    pipeline = Pipeline.objects.get(key="new-business")
    now = timezone.now()
    today = now.date()
    first = (today.replace(day=1) - timedelta(days=330)).replace(day=1)
    rep = User.objects.filter(deals__status="open").order_by("pk").first()
    scopes = {
        "12 months": (first, today.replace(day=1) - timedelta(days=1), None),
        "odd days": (first + timedelta(days=9), today - timedelta(days=5), None),
        "one owner": (first, today, rep),
    }
    found: dict[str, dict[str, Any]] = {}
    for name, (since, until, owner) in scopes.items():

        def scope(since: Any = since, until: Any = until, owner: Any = owner) -> Scope:
            return Scope(pipeline, since, until, now, owner=owner)

        for by in ("owner", "source", "team", "product", "segment", "competitor"):
            found[f"win rates by {by}, {name}"] = timed(partial(rated, scope, by))
        for report in (results.cycle_length, results.losses, results.slippage, results.trend):
            found[f"{report.__name__}, {name}"] = timed(partial(answered, report, scope))
        for report in (
            flow.stage_conversion,
            flow.time_in_stage,
            flow.velocity,
            flow.aging,
            flow.pushes,
            flow.funnel,
        ):
            found[f"{report.__name__}, {name}"] = timed(partial(answered, report, scope))
    since, until, _ = scopes["12 months"]
    found["brute force: won and lost by owner"] = timed(lambda: brute(pipeline, since, until))
    return found


def rated(scope: Callable[[], Any], by: str) -> Any:
    from pipeline.reports.results import win_rates

    return win_rates(scope(), by)


def answered(report: Callable[[Any], Any], scope: Callable[[], Any]) -> Any:
    return report(scope())


def brute(pipeline: Any, since: Any, until: Any) -> list[Any]:
    """Won and lost by owner as one would ask the deals themselves."""
    from django.db.models import Avg, Count, F, Sum

    from pipeline.models import Deal

    rows = Deal.objects.filter(pipeline=pipeline, closed_on__gte=since, closed_on__lte=until)
    grouped = rows.order_by().values("closed_owner", "status", "currency")
    return list(
        grouped.annotate(
            n=Count("pk"), value=Sum("amount"), days=Avg(F("closed_on") - F("opened_on"))
        )
    )


def timed(work: Callable[[], Any]) -> dict[str, Any]:
    from django.db import connection

    queries = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        work()
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - started))
    return {"ms": round(min(taken), 1), "queries": queries}


if __name__ == "__main__":
    raise SystemExit(main())
