"""What would fill a report that has nothing to count."""

from __future__ import annotations

from pipeline.views.reports.asking import Question


def nothing_closed(question: Question, what: str = "won or lost") -> str:
    return (
        f"No deal was {what} in {question.pipeline.name} in these days. "
        "Deals that are closed appear here at once; try a longer period."
    )


def nothing_opened(question: Question) -> str:
    return (
        f"No deal was opened, won or lost in {question.pipeline.name} in these days. "
        "Enter or import deals, or try a longer period."
    )
