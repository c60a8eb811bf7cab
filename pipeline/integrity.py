"""Rules of the pipeline across rows that only an operation keeps, and a direct write may break."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Lag, RowNumber
from django.utils import timezone

from pipeline.findings import folding
from pipeline.findings.keeping import batches, judged
from pipeline.models import Deal, DealStanding, PipelineVersion, StageRollup, StageRule, StageVisit
from pipeline.rollups import Cell, counted
from pipeline.standings import standing_otherwise
from pipeline.tallies import differences
from revops.integrity import register_integrity
from revops.ledger.models import Entry

MOST = 100
"""Each check names so many rows, then says how many more."""


def told(deals: QuerySet[Deal], what: str) -> Iterator[str]:
    """A sentence for each of `deals`, and one for those beyond the most that are named."""
    found = list(deals.order_by("pk").values_list("pk", "name")[: MOST + 1])
    for pk, name in found[:MOST]:
        yield f"Deal {pk} ({name}) {what}."
    if len(found) > MOST:
        yield f"{deals.count() - MOST} more deals: {what}."


def check_rollups() -> Iterator[str]:
    """The rollups say what the deals say."""
    true = counted()
    kept = {
        Cell(row.pipeline_id, row.stage_id, row.owner_id, row.currency): (row.count, row.amount)
        for row in StageRollup.objects.all()
    }
    for cell in sorted({*true, *kept}):
        says, is_ = kept.get(cell, (0, Decimal(0))), true.get(cell, (0, Decimal(0)))
        if says != is_:
            yield (
                f"The rollup of stage {cell.stage_id}, owner {cell.owner_id}, {cell.currency} "
                f"says {says[0]} deals of {says[1]}, there are {is_[0]} of {is_[1]}."
            )


def check_standings() -> Iterator[str]:
    """Each deal stands as it is, and its standings follow one another without gap or overlap."""
    yield from told(standing_otherwise(), "stands otherwise than it is")
    before = Window(Lag("until"), partition_by="deal", order_by=["since", "id"])
    first = Window(RowNumber(), partition_by="deal", order_by=["since", "id"])
    rows = DealStanding.objects.annotate(ended=before, number=first)
    broken = rows.filter(Q(number__gt=1) & (Q(ended=None) | ~Q(ended=F("since"))))
    numbers = list(broken.values_list("deal", flat=True)[: MOST + 1])
    yield from told(Deal.objects.filter(pk__in=numbers), "has a gap in its standings")


def check_tallies() -> Iterator[str]:
    """The tallies of days that are not marked say what the base rows say."""
    yield from islice(differences(at=timezone.now()), MOST)


def check_finding_tallies() -> Iterator[str]:
    """The counts of findings of owners who are not marked say what their deals say."""
    yield from islice(folding.differences(), MOST)


def check_visits() -> Iterator[str]:
    """Each deal is visiting the stage it is in; a deal whose history is unknown may have none."""
    visits = StageVisit.objects.filter(deal=OuterRef("pk"))
    present = visits.filter(left_at=None)
    here = present.filter(stage=OuterRef("stage"))
    deals = Deal.objects.order_by()
    yield from told(
        deals.filter(~Exists(present)).exclude(origin=Deal.Origin.IMPORT), "has no open visit"
    )
    yield from told(
        deals.filter(Exists(present), ~Exists(here)), "is visiting another stage than its own"
    )
    since = present.filter(entered_at=OuterRef("entered_stage_at"))
    yield from told(
        deals.filter(Exists(present), ~Exists(since), entered_stage_at__isnull=False),
        "entered its stage at another moment than its visit says",
    )


def check_pushes() -> Iterator[str]:
    """The count of pushes is the number of their rows."""
    deals = Deal.objects.annotate(rows=Count("pushes"))
    yield from told(deals.exclude(push_count=F("rows")), "counts other pushes than it has")


def check_statuses() -> Iterator[str]:
    """Status and stage agree: won deals lie in a won stage, and so on."""
    kinds = StageRule.objects.filter(
        stage=OuterRef("stage"), version__published_at__isnull=False, kind=OuterRef("status")
    )
    yield from told(
        Deal.objects.filter(~Exists(kinds)), "has a status that its stage does not stand for"
    )
    in_force = PipelineVersion.objects.filter(
        pipeline=OuterRef("pipeline"), published_at__isnull=False
    ).order_by("-number")
    rules = StageRule.objects.filter(stage=OuterRef("stage"), version=OuterRef("in_force"))
    judged = Deal.objects.annotate(in_force=Subquery(in_force.values("pk")[:1]))
    yield from told(judged.filter(~Exists(rules)), "is in a stage that the rules have no more")
    elsewhere = Deal.objects.exclude(stage__pipeline=F("pipeline"))
    yield from told(elsewhere, "is in a stage of another pipeline")


def check_kept() -> Iterator[str]:
    """What open deals lack and owe is counted as their rows say."""
    found = (
        (deal, changed)
        for batch in batches(Deal.objects.open())
        for deal, changed in judged(batch, timezone.now())
        if changed
    )
    for deal, changed in islice(found, MOST):
        ought = ", ".join(f"{name} {value}" for name, value in changed.items())
        yield f"Deal {deal.pk} ({deal.name}) does not say what findings ask: {ought}."
    if more := sum(1 for _ in found):
        yield f"{more} more deals do not say what findings ask."


def check_births() -> Iterator[str]:
    """Every deal that was entered here has its first ledger entry."""
    born = Entry.objects.filter(
        subject_type="deal",
        subject_id=OuterRef("pk"),
        verb__in=["deal.created", "deal.imported"],
    )
    deals = Deal.objects.filter(~Exists(born)).exclude(origin=Deal.Origin.IMPORT)
    yield from told(deals, "has no ledger entry that says who entered it")


def check_closings() -> Iterator[str]:
    """Deals closed here carry whose they were."""
    closed = Deal.objects.exclude(status=Deal.Status.OPEN).exclude(origin=Deal.Origin.IMPORT)
    yield from told(closed.filter(closed_owner=None), "is closed and does not say whose it was")
    stamped = Q(closed_owner__isnull=False) | Q(closed_team__isnull=False)
    yield from told(Deal.objects.open().filter(stamped), "is open and stamped as closed")


def check_rules() -> Iterator[str]:
    """Each pipeline in use has published rules: an open stage, one won, one lost."""
    for version in PipelineVersion.objects.filter(published_at__isnull=False):
        kinds = list(version.rules.values_list("kind", flat=True))
        if kinds.count("won") != 1 or kinds.count("lost") != 1 or "open" not in kinds:
            yield f"{version} does not have an open stage, one for won and one for lost deals."


def register() -> None:
    register_integrity("pipeline.rollups", check_rollups)
    register_integrity("pipeline.standings", check_standings)
    register_integrity("pipeline.tallies", check_tallies)
    register_integrity("pipeline.finding_tallies", check_finding_tallies)
    register_integrity("pipeline.visits", check_visits)
    register_integrity("pipeline.pushes", check_pushes)
    register_integrity("pipeline.statuses", check_statuses)
    register_integrity("pipeline.kept", check_kept)
    register_integrity("pipeline.births", check_births)
    register_integrity("pipeline.closings", check_closings)
    register_integrity("pipeline.rules", check_rules)
