"""What two databases say of each page, beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

FLAT, MORE_QUERIES = 1.5, 3
"""What is called flat: the time of the larger over the smaller, and queries beyond them.

A column with less than a page of cards asks once more for deals without a date, so a few queries
come and go with the data.
"""


def compared(small: dict[str, Any], large: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The ratios of each page, by the clock and by what was computed."""
    return {
        page: {
            "ratio": ratio(small[page], large[page], "ms"),
            "cpu_ratio": ratio(small[page], large[page], "cpu_ms"),
            "more_queries": large[page]["queries"] - small[page]["queries"],
            "small": small[page],
            "large": large[page],
        }
        for page in large
        if "ms" in large[page] and "ms" in small.get(page, {})
    }


def ratio(small: dict[str, Any], large: dict[str, Any], name: str) -> float:
    """The middle visit of the larger over that of the smaller."""
    of = f"median_{name}" if f"median_{name}" in small else name
    return round(large[of] / small[of], 2) if small[of] else 0.0


def grows(row: dict[str, Any]) -> bool:
    return bool(row["ratio"] > FLAT or row["more_queries"] > MORE_QUERIES)


def markdown(result: dict[str, Any]) -> str:
    return "\n".join([*summary(result), "", *table(result), "", *of_a_million(result)]) + "\n"


def summary(result: dict[str, Any]) -> Iterator[str]:
    small, large = result["sizes"]
    rows = result["pages"].values()
    flat = sum(row["ratio"] <= FLAT for row in rows)
    by_cpu = sum(row["cpu_ratio"] <= FLAT for row in rows)
    asked = sum(row["more_queries"] <= MORE_QUERIES for row in rows)
    yield f"# {small:,} and {large:,} deals"
    yield ""
    yield f"{len(rows)} pages, the middle of {result['visits']} visits by turns: "
    yield f"{flat} take at most {FLAT} times as long by the clock, {by_cpu} by what was computed; "
    yield f"{asked} ask no more queries, give or take {MORE_QUERIES}. "
    yield f"Of those that took longer by what was computed, {fuller(rows)} were less than half "
    yield f"as full with {small:,} deals."
    yield ""
    for size, seconds in result["load"].items():
        told = ", ".join(f"{name} {taken} s" for name, taken in seconds.items())
        yield f"- {int(size):,} deals: {told or 'were there'}"
    for against, row in result.get("replay", {}).items():
        yield (
            f"- a policy replayed on {row['submissions']:,} submissions against {against}:"
            f" {row['seconds']} s on one core"
        )


def fuller(pages: Iterable[dict[str, Any]]) -> int:
    """How many pages grew that show more than twice as many rows: more to write, not to find."""
    grown = [row for row in pages if row["cpu_ratio"] > FLAT]
    return sum(row["large"].get("rows", 0) > 2 * row["small"].get("rows", 0) for row in grown)


def table(result: dict[str, Any]) -> Iterator[str]:
    small, large = result["sizes"]
    yield (
        f"| ratio | ratio computed | queries | rows | ms of {small:,} | of {large:,} "
        f"| ms computed of {small:,} | of {large:,} | page |"
    )
    yield "|---:" * 8 + "|---|"
    for page, row in sorted(result["pages"].items(), key=lambda item: -item[1]["ratio"]):
        few, many = row["small"], row["large"]
        yield (
            f"| {row['ratio']}{' (grows)' if grows(row) else ''} | {row['cpu_ratio']} "
            f"| {few['queries']}/{many['queries']} | {few.get('rows', '')}/{many.get('rows', '')} "
            f"| {few['ms']} | {many['ms']} | {few['cpu_ms']} | {many['cpu_ms']} | {page} |"
        )


def of_a_million(result: dict[str, Any]) -> Iterator[str]:
    if "million" not in result:
        return
    found = result["million"]
    made = found["multiplied"]
    answered = {page: row for page, row in found["pages"].items() if "ms" in row}
    refused = sorted(set(found["pages"]) - set(answered))
    peak = max(row["peak_mb"] for row in answered.values())
    yield f"## {made['deals']:,} deals, made by SQL in {made['seconds']} s"
    yield ""
    yield f"Multiplied: {', '.join(made['tables'])}; counts and tallies with them. "
    yield f"Left as they were: {made['left']}. "
    yield f"{len(answered)} pages answered; the web process held {peak} MB at most."
    yield f"Not answered: {', '.join(refused)}." if refused else ""
    yield "| ms | first ms | ms computed | queries | page |"
    yield "|---:" * 4 + "|---|"
    for page, row in sorted(answered.items(), key=lambda item: -item[1]["ms"]):
        told = f"{row['ms']} | {row['first_ms']} | {row['cpu_ms']} | {row['queries']}"
        yield f"| {told} | {page} |"
