"""How long each page takes and how many queries it needs, on the database of DATABASE_URL.

`python -m bench.pages [WORD …]` prints JSON, of the pages whose name holds one of the words.
With `--answer` it reads a page's name from each line it is given and answers with one line of
JSON: what there is to see when a page is asked for the first time, then the time of each visit.
Two such processes can be asked by turns.

Nothing is written but the session of each reader. Times are of the server alone, middleware
included, in one process with warm caches. `cpu_ms` is what this process and its server process
computed, which a busy machine hardly changes; processes that help the server are not in it.
`rows` says how much of a page there was to show.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from bench.addresses import facts_of, pages

ROUNDS = int(os.environ.get("ROUNDS", "7"))
ROWS = (b"<tr", b"data-board-card=", b'<li class="problem"', b'<li class="inbox-row"')


def main() -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()

    from revops.settling import settle

    settle()
    if sys.argv[1:] == ["--answer"]:
        answer(Visits())
    else:
        json.dump(measured(sys.argv[1:]), sys.stdout, indent=1)
    return 0


def answer(visits: Visits) -> None:
    for line in sys.stdin:
        print(json.dumps(visits.to(line.strip())), flush=True)


def measured(words: list[str]) -> dict[str, dict[str, Any]]:
    visits, found = Visits(), {}
    for page in pages():
        if words and not any(word in page.name for word in words):
            continue
        seen = visits.to(page.name)
        if "queries" in seen:
            seen |= middle([visits.to(page.name) for _ in range(ROUNDS)])
        found[page.name] = seen
    return found


def middle(visits: list[dict[str, float]]) -> dict[str, float]:
    """The median of the times of several visits, of each kind."""
    return {
        name: round(statistics.median(visit[name] for visit in visits), 1) for name in visits[0]
    }


class Visits:
    """Visits to pages, each by a reader of its role who has signed in."""

    def __init__(self) -> None:
        from django.utils import timezone

        self.facts = facts_of(timezone.now())
        self.pages = {page.name: page for page in pages()}
        self.people: dict[str, Any] = {"approver": self.facts.get("approver")}
        self.clients: dict[str, tuple[Any, str]] = {}

    def to(self, name: str) -> dict[str, Any]:
        """What is to be seen on a first visit; how long each further one takes.

        Without a name, which pages there are.
        """
        if not name:
            return {"pages": list(self.pages)}
        if name not in self.clients:
            return self.first(name)
        client, address = self.clients[name]
        computed, started = computing(), time.perf_counter()
        beginning(client.get(address))
        taken = milliseconds(started)
        return {"ms": round(taken, 2), "cpu_ms": round(computing() - computed, 2)}

    def first(self, name: str) -> dict[str, Any]:
        from django.test import Client

        page = self.pages[name]
        if page.role not in self.people:
            self.people[page.role] = reader(page.role)
        person = self.people[page.role]
        if person is None:
            return {"reader": None}
        client, address = Client(HTTP_HOST="testserver"), page.address.format(**self.facts)
        client.force_login(person)
        seen = look(client, address)
        if "queries" in seen:
            self.clients[name] = client, address
        return seen


def reader(role: str) -> Any:
    """The first person who holds the role and has deals, or just holds it."""
    from revops.people.models import User

    people = User.objects.active().holding(role).filter(admitted_at__isnull=False)
    if role == "rep":
        people = people.filter(deals__status="open")
    return people.order_by("pk").first()


def look(client: Any, address: str) -> dict[str, Any]:
    """What a page holds, and the queries of a second visit, when everything is warm."""
    from django.db import connection

    started = time.perf_counter()
    answered = client.get(address)
    if answered.status_code != 200:
        return {"status": answered.status_code}
    content = beginning(answered)
    first_ms = milliseconds(started)
    asked: list[tuple[float, str]] = []

    def timed(execute: Any, sql: str, *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, *arguments)
        finally:
            asked.append((milliseconds(began), sql))

    with connection.execute_wrapper(timed):
        beginning(client.get(address))
    slowest = max(asked, default=(0.0, ""))
    found = {
        "first_ms": round(first_ms, 1),
        "queries": len(asked),
        "rows": rows_in(answered, content),
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
    """Rows of tables and lists and cards of a page, results of an API."""
    if "json" not in answer["Content-Type"]:
        return sum(content.count(mark) for mark in ROWS)
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
