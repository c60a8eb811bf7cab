"""How long each page takes and how many queries it needs, on the database of DATABASE_URL.

`python -m bench.pages [WORD …]` prints JSON, of the pages whose name holds one of the words.
Nothing is written but the session of each reader. Times are of the server alone, middleware
included, in one process with warm caches: the fastest of ROUNDS, since whatever else runs on the
machine only adds. `cpu_ms` is what this process and its server process computed, which a busy
machine hardly changes; processes that help the server are not in it. `rows` says how much of a
page there was to show.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from bench.addresses import facts_of, pages

ROUNDS = int(os.environ.get("ROUNDS", "7"))


def main() -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    found = measured(sys.argv[1:])
    json.dump(found, sys.stdout, indent=1)
    return 0


def measured(words: list[str]) -> dict[str, dict[str, Any]]:
    from django.utils import timezone

    facts = facts_of(timezone.now())
    found: dict[str, dict[str, Any]] = {}
    people: dict[str, Any] = {"approver": facts.get("approver")}
    for page in pages():
        if words and not any(word in page.name for word in words):
            continue
        if page.role not in people:
            people[page.role] = reader(page.role)
        if person := people[page.role]:
            found[page.name] = measure(person, page.address.format(**facts))
    return found


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
        return {"status": answer.status_code}
    content = beginning(answer)
    asked: list[tuple[float, str]] = []

    def timed(execute: Any, sql: str, *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, *arguments)
        finally:
            asked.append((milliseconds(started), sql))

    with connection.execute_wrapper(timed):
        beginning(client.get(address))
    taken, computed = [], computing()
    for _ in range(ROUNDS):
        started = time.perf_counter()
        beginning(client.get(address))
        taken.append(milliseconds(started))
    slowest = max(asked, default=(0.0, ""))
    found = {
        "ms": round(min(taken), 1),
        "cpu_ms": round((computing() - computed) / ROUNDS, 1),
        "queries": len(asked),
        "rows": rows_in(answer, content),
        "bytes": len(content),
        "gzip": len(gzip.compress(content, 6)),
        "slowest_query_ms": round(slowest[0], 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    return found | ({"slowest_query": slowest[1]} if os.environ.get("SHOW_SQL") else {})


def beginning(answer: Any) -> bytes:
    """The whole of a page; of a file that is sent as it is read, the first two lines."""
    if not answer.streaming:
        return bytes(answer.content)
    lines = iter(answer)
    return b"".join(next(lines, b"") for _ in range(2))


def rows_in(answer: Any, content: bytes) -> int:
    """Rows of tables and cards of a page, results of an API."""
    if "json" not in answer["Content-Type"]:
        return content.count(b"<tr") + content.count(b"data-board-card=")
    told = json.loads(content)
    return len(told["results"]) if isinstance(told, dict) and "results" in told else len(told)


def computing() -> float:
    """Milliseconds that this process and its server process were computing until now."""
    return 1000 * time.process_time() + server_computing()


def server_computing() -> float:
    """The same of the server process alone; nought where it is on another machine."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    connection.ensure_connection()
    number = connection.connection.info.backend_pid
    try:
        return int(Path(f"/proc/{number}/schedstat").read_text().split()[0]) / 1e6
    except OSError:
        return 0.0


def milliseconds(started: float) -> float:
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    raise SystemExit(main())
