"""How one approver decides, beside their peers: for their own eyes and administrators'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Min, QuerySet

from dealdesk.minute import middle
from dealdesk.models import ApprovalOpening, Decision
from revops.people.actor import Via
from revops.people.models import Role, User
from revops.refusals import NotAllowed

YEAR = timedelta(days=365)
ENOUGH = 5
"""Fewer decisions, or fewer peers, show no figure: it would be somebody's."""

MOST = 5000
EDGES = (Decimal(0), Decimal(10), Decimal(20), Decimal(40))
"""Where the bands of the discount begin, in percent."""

Verdict = Decision.Verdict


@dataclass(frozen=True)
class Said:
    """One decision, as far as it is counted."""

    person: int
    approved: bool
    opened: bool
    decided_at: datetime
    took: timedelta
    percent: Decimal


@dataclass(frozen=True)
class Band:
    """How often discounts of one band were approved: one's own, and the peers' together."""

    label: str
    own: int
    own_approved: int
    peers: int
    peers_approved: int
    people: int

    @property
    def own_percent(self) -> Decimal | None:
        return share(self.own_approved, self.own) if self.own >= ENOUGH else None

    @property
    def peers_percent(self) -> Decimal | None:
        enough = self.peers >= ENOUGH and self.people >= ENOUGH
        return share(self.peers_approved, self.peers) if enough else None


@dataclass(frozen=True)
class Calibration:
    """How a person decided in the last twelve months. Peers are everybody of the same roles."""

    person: User
    number: int
    peers: int
    unopened_percent: Decimal | None
    peers_unopened_percent: Decimal | None
    took: timedelta | None
    peers_took: timedelta | None
    bands: Sequence[Band]


def check_can_see(person: User, *, by: User) -> None:
    """Raise NotAllowed unless `by` is that person, or an administrator."""
    if by.pk != person.pk and not by.has_role(Role.REVOPS_ADMIN):
        raise NotAllowed("How somebody decides is shown to them and to RevOps alone.")


def calibration_of(person: User, at: datetime) -> Calibration:
    """Read one person's decisions and those of their peers; three questions for all of it."""
    decided = Decision.objects.filter(
        decided_at__gte=at - YEAR, decided_at__lte=at, slot__requested_at__isnull=False
    )
    own = counted(decided.filter(decided_by=person))
    others = counted(decided.filter(slot__role__in=person.roles).exclude(decided_by=person))
    people = len({each.person for each in others})
    since = ApprovalOpening.objects.aggregate(first=Min("opened_at"))["first"]
    shown = others if people >= ENOUGH else []
    return Calibration(
        person=person,
        number=len(own),
        peers=people,
        unopened_percent=unopened(own, since),
        peers_unopened_percent=unopened(shown, since),
        took=usual(own),
        peers_took=usual(shown),
        bands=bands_of(own, others),
    )


def deciders(at: datetime) -> QuerySet[User]:
    """Everybody who decided something in the last twelve months, by name."""
    decided = Decision.objects.filter(decided_at__gte=at - YEAR).values("decided_by")
    return User.objects.filter(pk__in=decided).order_by("name", "pk")


def counted(decisions: QuerySet[Decision]) -> list[Said]:
    """Deciding on a page, signed in or by a link, is deciding with the terms open."""
    rows = decisions.order_by("-decided_at").values_list(
        "decided_by",
        "verdict",
        "via",
        "decided_at",
        "slot__requested_at",
        "slot__opening__opened_at",
        "slot__step__request__quote__discount_percent",
    )[:MOST]
    return [
        Said(
            person=who,
            approved=verdict == Verdict.APPROVED,
            opened=via == Via.LINK or (opened is not None and opened <= when),
            decided_at=when,
            took=when - (asked or when),
            percent=percent,
        )
        for who, verdict, via, when, asked, opened, percent in rows
    ]


def unopened(said: Sequence[Said], since: datetime | None) -> Decimal | None:
    """The share without an opening, of what was asked since openings are kept at all."""
    said = [each for each in said if since is not None and each.decided_at >= since]
    if len(said) < ENOUGH:
        return None
    return share(sum(not each.opened for each in said), len(said))


def usual(said: Sequence[Said]) -> timedelta | None:
    return middle([each.took for each in said]) if len(said) >= ENOUGH else None


def bands_of(own: Sequence[Said], others: Sequence[Said]) -> list[Band]:
    mine, theirs = by_band(own), by_band(others)
    return [
        Band(
            label=label_of(number),
            own=len(mine[number]),
            own_approved=sum(each.approved for each in mine[number]),
            peers=len(theirs[number]),
            peers_approved=sum(each.approved for each in theirs[number]),
            people=len({each.person for each in theirs[number]}),
        )
        for number in range(len(EDGES))
    ]


def by_band(said: Iterable[Said]) -> dict[int, list[Said]]:
    found: defaultdict[int, list[Said]] = defaultdict(list)
    for each in said:
        found[max(sum(each.percent >= edge for edge in EDGES), 1) - 1].append(each)
    return found


def label_of(number: int) -> str:
    if number + 1 == len(EDGES):
        return f"From {EDGES[number]} %"
    return f"{EDGES[number]} to {EDGES[number + 1]} %"


def share(part: int, whole: int) -> Decimal:
    return (Decimal(100) * part / whole).quantize(Decimal("0.1"))
