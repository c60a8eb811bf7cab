"""What stands on the page of reports; each app lists its own at start-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.models.visibility import SELLS, sees_all_deals
from revops.frame.navigation import address, register_command
from revops.refusals import NotAllowed

if TYPE_CHECKING:
    from revops.people.models import User

RESULTS = "Results"
FLOW = "Flow"
FORECAST = "Forecast and quota"
DISCIPLINE = "Discipline"
GROUPS = (RESULTS, FLOW, FORECAST, DISCIPLINE)


def may_read_reports(user: User) -> bool:
    """Whether reports are for this person: who sells, leads those who do, or sees every deal."""
    return user.has_role(*SELLS) or sees_all_deals(user)


def check_can_read_reports(user: User) -> None:
    """Raise NotAllowed unless reports are for this person."""
    if not may_read_reports(user):
        raise NotAllowed("Reports are for those who sell and those who see every deal.")


@dataclass(frozen=True)
class Glimpse:
    """What the index shows of a report before it is opened: one figure and what it says."""

    figure: str
    note: str = ""
    spark: str = ""


@dataclass(frozen=True)
class ReportLink:
    """One report: the question it answers, and where."""

    key: str
    title: str
    sentence: str
    url_name: str
    icon: str
    order: int
    group: str = FORECAST
    visible: Callable[[User], bool] = may_read_reports
    glimpse: Callable[[User, datetime], Glimpse | None] | None = None

    @property
    def url(self) -> str:
        return address(self.url_name)


links: dict[str, ReportLink] = {}


def register_report(link: ReportLink) -> None:
    """List a report, and let it be a command; one whose page does not exist is not shown."""
    links[link.key] = link
    register_command(
        f"report-{link.key}",
        f"Report: {link.title}",
        link.icon,
        link.url_name,
        visible=link.visible,
        order=60,
    )


def reports_for(user: User) -> list[tuple[str, list[ReportLink]]]:
    """The reports this person may open, by group and in order."""
    seen = [link for link in links.values() if link.visible(user) and link.url]
    seen.sort(key=lambda link: (link.order, link.key))
    groups = [*GROUPS, *sorted({link.group for link in seen} - set(GROUPS))]
    found = [(group, [link for link in seen if link.group == group]) for group in groups]
    return [(group, those) for group, those in found if those]
