"""What a move by API costs, on the database of DATABASE_URL; it really moves deals.

`python -m bench.moves [DEALS]` sends that many deals of Proposal back to Demo, which asks nothing,
and advances them again, which asks the whole gate. It prints JSON: milliseconds (the fastest and
the middle one, and what was computed for one), and the queries of the one that had the most.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench.pages import computing, reader

BACK = {"to": "demo", "reason": "They want to see it again"}
ON = {"to": "proposal"}


def main() -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    json.dump(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 40), sys.stdout, indent=1)
    return 0


def measured(deals: int) -> dict[str, dict[str, Any]]:
    client, numbers = caller(), movable(deals)
    back = timed(client, numbers[: deals + 1], BACK)
    on = timed(client, back.pop("moved"), ON)
    on.pop("moved")
    fold_marks()
    return {"move by API, back": back, "move by API, on": on}


def fold_marks() -> None:
    """Count the days and owners that were moved on, as beat does every minute."""
    from pipeline.tasks import fold_tallies

    while fold_tallies():
        pass


def caller() -> Any:
    """A client with the token of somebody who may move every deal."""
    from django.test import Client
    from django.utils import timezone

    from revops.apikeys.operations import create_token
    from revops.people.actor import Actor, Via

    by, at = Actor.system(Via.COMMAND), timezone.now()
    secret = create_token(person=reader("revops_admin"), name="bench", by=by, at=at).secret
    return Client(HTTP_HOST="testserver", headers={"Authorization": f"Bearer {secret}"})


def movable(deals: int) -> list[int]:
    """Deals of Proposal that owe nothing, evenly from all of them."""
    from pipeline.models import Deal

    found = Deal.objects.open().filter(stage__key="proposal", debts=None).order_by("pk")
    numbers = list(found.values_list("pk", flat=True))
    return numbers[:: max(1, len(numbers) // (deals + 1))]


def timed(client: Any, numbers: Sequence[int], body: dict[str, str]) -> dict[str, Any]:
    """Move each; the first one warms up, and one that is refused is counted, not timed."""
    from django.db import connection

    moved, taken, queries, asked = [], [], [], 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        for pk in numbers:
            asked, started, computed = 0, time.perf_counter(), computing()
            if move(client, pk, body) == 200:
                moved.append(pk)
                taken.append((1000 * (time.perf_counter() - started), computing() - computed))
                queries.append(asked)
    waited, computed_each = zip(*taken[1:], strict=True)
    return {
        "moved": moved,
        "moves": len(moved),
        "refused": len(numbers) - len(moved),
        "ms": round(min(waited), 1),
        "median_ms": round(statistics.median(waited), 1),
        "cpu_ms": round(statistics.median(computed_each), 1),
        "queries": max(queries[1:]),
    }


def move(client: Any, pk: int, body: dict[str, str]) -> int:
    address = f"/api/v1/deals/{pk}/move/"
    answer = client.post(address, json.dumps(body), content_type="application/json")
    return int(answer.status_code)


if __name__ == "__main__":
    raise SystemExit(main())
