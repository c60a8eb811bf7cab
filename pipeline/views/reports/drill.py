"""Where the deals behind a number are listed, for whoever reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import quote_plus, urlencode

from django.urls import reverse

from pipeline.behind import NONE, Behind, Span
from pipeline.models.visibility import LEADS_A_LINE, sees_all_deals
from pipeline.views.reports.asking import Question

PLAIN = re.compile(r"[A-Za-z0-9_.-]*")
STATUSES = {"won": "won", "lost": "lost", "open": "open"}
OF = {
    "source": "of_source",
    "owner": "of_owner",
    "team": "of_team",
    "product": "of_product",
    "segment": "of_segment",
    "competitor": "of_competitor",
}


@dataclass(frozen=True)
class Drill:
    """The list of deals, narrowed as the report is."""

    base: Behind
    whose: str
    period: Span

    @classmethod
    def of(cls, question: Question) -> Drill:
        scope = question.scope
        base = Behind(
            pipeline=scope.pipeline.key,
            of_owner=str(scope.owner.pk) if scope.owner else "",
            of_team=str(scope.team.pk) if scope.team else "",
        )
        return cls(base, whose_deals(scope.reader), Span(scope.since, scope.until))

    def url(self, count: object = 1, **parts: object) -> str:
        """The address of these deals; none where there are none."""
        if not count:
            return ""
        asked = replace(self.base, **parts)
        status = STATUSES.get(asked.ended, "any")
        query = {"scope": self.whose, "status": status, **asked.query}
        if status != "open":
            query["sort"] = "-closed"
        return f"{self.listed}?{encoded(query)}"

    @cached_property
    def listed(self) -> str:
        return reverse("pipeline:deal-list")

    def closed(self, count: object, ended: str, **parts: object) -> str:
        """Deals that ended so in the period."""
        return self.url(count, ended=ended, closed=self.period, **parts)

    def opened(self, count: object, **parts: object) -> str:
        """Deals opened in the period."""
        return self.url(count, opened=self.period, **parts)

    def stage(self, count: object, key: str, **parts: object) -> str:
        """Deals in a stage now."""
        if not count:
            return ""
        return (
            self.url(count, **parts)
            + "&"
            + urlencode({"stage": key, "pipeline": self.base.pipeline})
        )

    def stale(self, count: object, key: str) -> str:
        """Open deals that have stood too long, in one stage or in all."""
        if not count:
            return ""
        if key:
            return self.stage(count, key, finding="stale")
        return self.url(count, ended="open", finding="stale")


def encoded(query: Mapping[str, str]) -> str:
    """As `urlencode` does it; most of what a page of links asks needs no quoting."""
    return "&".join(
        f"{name}={value if PLAIN.fullmatch(value) else quote_plus(value)}"
        for name, value in query.items()
    )


def part(by: str, key: str) -> dict[str, str]:
    """The condition that tells one row from the others."""
    return {OF[by]: key or NONE} if by in OF else {}


def whose_deals(reader) -> str:
    """The widest scope of the deal list that holds no more than the reader's numbers count."""
    if sees_all_deals(reader):
        return "all"
    return "line" if reader.has_role(*LEADS_A_LINE) else "mine"
