"""What the bench makes of two measurements."""

from __future__ import annotations

from bench.tables import compared, markdown


def seen(ms: float, queries: int) -> dict[str, float]:
    return {"ms": ms, "cpu_ms": ms / 2, "queries": queries, "rows": 10}


def result(pages):
    return {"sizes": [1000, 100_000], "visits": 3, "load": {1000: {}, 100_000: {}}, "pages": pages}


def test_a_page_that_takes_longer_is_said_to_grow():
    pages = compared(
        {"board": seen(20, 9), "list": seen(20, 9)}, {"board": seen(50, 9), "list": seen(22, 9)}
    )

    told = markdown(result(pages))

    assert pages["board"]["ratio"] == 2.5
    assert "| 2.5 (grows) | 2.5 | 9/9 |" in told
    assert "| 1.1 | 1.1 | 9/9 |" in told


def test_a_page_that_was_half_empty_is_told_from_one_that_only_takes_longer():
    few, many = seen(20, 9), seen(50, 9)
    pages = compared(
        {"board": few, "list": few | {"rows": 4}}, {"board": many, "list": many | {"rows": 51}}
    )

    assert "took longer by what was computed, 1 were less than half" in markdown(result(pages))


def test_a_page_that_was_not_answered_is_left_out():
    pages = compared({"board": {"status": 403}}, {"board": seen(50, 9)})

    assert pages == {}
