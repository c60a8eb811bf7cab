"""One report as a page, or as a file of the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pipeline.reports.index import Glimpse, check_can_read_reports
from pipeline.reports.periods import PRESETS, USUAL
from pipeline.views.reports.asking import BY, Question, read_question
from pipeline.views.reports.parts import Answer
from revops.exports import CSV, FORMATS, Sheet, file_response
from revops.people.models import User


@dataclass(frozen=True)
class Report:
    """One kind of report: what it is called, and how its page is made from a question."""

    key: str
    title: str
    sentence: str
    icon: str
    order: int
    group: str
    answer: Callable[[Question], Answer]
    bys: Sequence[str] = ()
    usual: str = USUAL
    is_now: bool = False
    """Whether it tells how things stand today, whatever the period."""
    glimpse: Callable[[User, datetime], Glimpse | None] | None = None

    @property
    def url_name(self) -> str:
        return f"pipeline:report-{self.key}"


@login_required
@require_safe
def show_report(request, report: Report):
    check_can_read_reports(request.user)
    form, question = read_question(
        request, bys=report.bys, usual=report.usual, is_now=report.is_now
    )
    context = {"report": report, "form": form}
    if question is None:
        context["presets"] = [
            {"label": label, "url": f"?period={key}"} for key, label in PRESETS.items()
        ]
        return render(request, "pipeline/reports/report.html", context, status=422)
    context["presets"] = question.presets
    if (kind := request.GET.get("format", "")) in FORMATS:
        whole = replace(question, shows_all=True)
        return as_file(request, report, whole, report.answer(whole), kind)
    answer = report.answer(question)
    context |= {
        "question": question,
        "answer": answer,
        "switches": [
            {"label": BY[by], "url": question.address(by=by), "current": by == question.by}
            for by in report.bys
        ],
        "title": f"{report.title} · {question.period.label}",
        "rest": {"by": question.by} if question.by else {},
    }
    return render(request, "pipeline/reports/report.html", context)


def as_file(request, report: Report, question: Question, answer: Answer, kind: str):
    """One table as CSV, or all of them as a workbook; without any, why there is none."""
    tables = answer.tables
    if kind == CSV:
        asked = request.GET.get("table", "")
        tables = [table for table in tables if table.key == asked] or tables[:1]
    period = question.period
    name = f"{report.key} {question.pipeline.key} {period.since} {period.until}"
    sheets = [table.sheet() for table in tables]
    return file_response(kind, name, sheets or [Sheet(report.title, ["Note"], [[answer.empty]])])
