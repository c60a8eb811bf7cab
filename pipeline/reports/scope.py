"""What a report is about: which pipeline, which days, whose deals, and who reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import Q

from pipeline.models import Deal, DealStanding, Pipeline, Quota
from pipeline.models.visibility import LEADS_A_LINE, sees_all_deals
from revops.company.models import Company
from revops.people.models import ReportingLink, Team, User


@dataclass(frozen=True)
class Scope:
    """The days from `since` to `until`, both included, in the company's zone.

    Without a `reader` (a command) everything counts; a reader counts their own deals and those
    of their line, or all where they see all. `owner` and `team` narrow further.
    """

    pipeline: Pipeline
    since: date
    until: date
    at: datetime
    reader: User | None = None
    owner: User | None = None
    team: Team | None = None
    only: frozenset[int] | None = None
    """Owners to count whoever reads, where that was settled before."""

    @cached_property
    def company(self) -> Company:
        return Company.get()

    @cached_property
    def rates(self) -> dict[str, Decimal | None]:
        """Exchange rates that were read for it; None where there is none."""
        return {}

    @cached_property
    def today(self) -> date:
        return self.company.local_day(self.at)

    @cached_property
    def line(self) -> frozenset[int] | None:
        """Owners whose deals the reader may count; None for all.

        Who leads everybody that ever had a deal counts them all, as tallies keep them: there is
        nothing of anybody else to count.
        """
        reader = self.reader
        if self.only is not None:
            return self.only
        if reader is None or sees_all_deals(reader):
            return None
        if not reader.has_role(*LEADS_A_LINE):
            return frozenset({reader.pk})
        below = ReportingLink.objects.filter(ancestor=reader)
        line = frozenset({reader.pk, *below.values_list("descendant", flat=True)})
        return counted_owners(line)

    @cached_property
    def owners(self) -> frozenset[int] | None:
        """Owners whose deals count, the team aside; None for all."""
        if self.owner is None:
            return self.line
        own = frozenset({self.owner.pk})
        return own if self.line is None else own & self.line

    @cached_property
    def members(self) -> frozenset[int] | None:
        """Owners whose present deals count: as `owners`, and of the team as it is now."""
        if self.team is None:
            return self.owners
        people = frozenset(User.objects.filter(team=self.team).values_list("pk", flat=True))
        return people if self.owners is None else people & self.owners

    @cached_property
    def team_keys(self) -> dict[str, str]:
        """The present team of each owner, as tallies of open deals name them: by "@owner"."""
        people = User.objects.exclude(team=None).values_list("pk", "team")
        return {f"@{pk}": str(team) for pk, team in people}

    @property
    def is_whole(self) -> bool:
        """Whether it counts everybody's deals."""
        return self.owners is None and self.team is None

    def present(self, field: str = "owner") -> Q:
        """The condition for open deals, or rows by owner, that count."""
        return Q() if self.members is None else Q(**{f"{field}__in": self.members})


def counted_owners(line: frozenset[int] | None) -> frozenset[int] | None:
    """The owners to count for a line: None, for everybody, where nobody else has anything."""
    return line if line is None or others_had_deals(line) else None


def others_had_deals(line: frozenset[int]) -> bool:
    """Whether anybody outside the line has or ever had a deal, or has a quota."""
    outside = list(User.objects.exclude(pk__in=line).values_list("pk", flat=True))
    deals = Deal.objects.order_by()
    return (
        deals.filter(owner__in=outside).exists()
        or deals.filter(closed_owner__in=outside).exists()
        or DealStanding.objects.filter(owner__in=outside).exists()
        or Quota.objects.filter(person__in=outside).exists()
    )
