"""What happens at the same moment: real threads, for PostgreSQL whose row locks decide."""

from __future__ import annotations

import threading

from django.db import connection

from revops.refusals import Refused


def at_once(*works):
    """Do all of `works` in threads that start together; return their results or refusals."""
    gate, results = threading.Barrier(len(works)), [None] * len(works)

    def run(number, work):
        gate.wait()
        try:
            results[number] = work()
        except Refused as refusal:
            results[number] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    return results


def refused(results):
    return [result for result in results if isinstance(result, Refused)]
