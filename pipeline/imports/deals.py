"""Importing deals: open ones go on here, closed ones come in as history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import transaction

from pipeline import registry
from pipeline.addedfields import search_text
from pipeline.findings.keeping import recount_numbered
from pipeline.imports.accounts import ACCOUNT, PERSON, find_account
from pipeline.imports.extensions import DealExtension, begin_extensions
from pipeline.models import (
    Account,
    Choice,
    ClosePullIn,
    ClosePush,
    Deal,
    Move,
    Pipeline,
    StageRule,
    StageVisit,
)
from pipeline.operations.close_dates import IMPORTED, push_row
from pipeline.operations.evidence import FURTHEST_YEARS, is_too_far
from pipeline.operations.shared import tell_listeners
from pipeline.stages import Process, Rule, process_of
from pipeline.standings import Standing, follow_many, standing_of
from revops.company.models import Company
from revops.imports.drafts import Drafts, Outcome, Progress, Record
from revops.imports.fieldtypes import Choice as OneOf
from revops.imports.fieldtypes import Currency, Day, Integer, Number, Text
from revops.imports.kinds import Entity, Field, Kind, Stages, custom_fields
from revops.imports.problems import BadValue
from revops.imports.writing import (
    BATCH,
    Plan,
    by_external_id,
    entry,
    fields_of_ours,
    in_batches,
    numbered,
    plan,
    resolve,
    save_changed,
    set_fields,
    settle,
)
from revops.ledger.operations import Draft, record_many
from revops.locks import Lock, share_lock
from revops.outbox.operations import quietly
from revops.people.actor import Actor, Via
from revops.people.imports import find_person
from revops.people.models import User

NEW_BUSINESS = "new-business"
FORECAST = tuple(each for each in StageRule.ForecastCategory.choices if each[0] != "closed")
PLACED = frozenset({"pipeline", "stage", "status", "closed_on", "entered_stage_on"})
"""Fields that say where a deal stands; they become visits and stamps, not plain columns."""


def deals_kind() -> Kind:
    long = Text(20_000, long=True)
    fields = (
        Field("name", Text(200), required=True),
        Field("account", ACCOUNT),
        Field("owner", PERSON, required=True),
        Field("pipeline", Text(50)),
        Field("stage", Text(50)),
        Field("status", OneOf(tuple(Deal.Status.choices))),
        Field("amount", Number(digits=16, places=2, minimum=Decimal(0))),
        Field("currency", Currency()),
        Field("close_date", Day()),
        Field("closed_on", Day()),
        Field("opened_on", Day()),
        Field("entered_stage_on", Day()),
        Field("deal_source", Text(50)),
        Field("fit_score", Integer(maximum=100)),
        *(
            Field(name, long)
            for name in (
                "pain_points",
                "current_solution",
                "timeline",
                "technical_requirements",
                "stakeholder_map",
                "redlines",
                "loss_note",
            )
        ),
        Field("next_step", Text(200)),
        Field("next_step_date", Day()),
        Field("loss_reason", Text(50)),
        Field("competitor", Text(200)),
        Field("product", Text(200)),
        Field("forecast_category", OneOf(FORECAST)),
        *custom_fields("deal"),
    )
    dates = ("close_date", "closed_on", "opened_on", "entered_stage_on", "next_step_date")
    return Kind(
        key="deals",
        main="deal",
        entities=(Entity("deal", fields), *(each.entity() for each in begin_extensions())),
        run=import_deals,
        stages=Stages(
            entity="deal",
            sets=("pipeline", "stage", "status"),
            dates=dates,
            options=tuple(_stages()),
            closing_date="closed_on",
            placed=PLACED,
        ),
    )


def _stages() -> Iterator[tuple[str, str, str]]:
    """The stages there are, each key once, with whether it is open, won or lost."""
    seen: set[str] = set()
    published = Pipeline.objects.filter(versions__published_at__isnull=False).distinct()
    for pipeline in published.order_by("position", "pk"):
        for rule in process_of(pipeline).rules:
            if rule.key not in seen:
                seen.add(rule.key)
                yield rule.key, rule.name, rule.kind


@dataclass
class Place:
    """Where a row says its deal stands."""

    process: Process
    rule: Rule
    status: str
    closed_on: date | None
    entered_at: datetime | None


@dataclass
class DealPlan(Plan[Deal]):
    """One deal of the file: what of it is news, and what else the row says (its quote)."""

    place: Place | None = None
    stood: Standing | None = None
    moved: bool = False
    attached: dict[str, Record] = field(default_factory=dict)
    attached_news: frozenset[str] = frozenset()
    was_due: date | None = None

    @property
    def status(self) -> str:
        """What the deal will be: open, won or lost."""
        if self.place and (self.is_new or self.moves):
            return self.place.status
        return self.row.status

    @property
    def moves(self) -> bool:
        """Whether the source says something new of where the deal stands."""
        return bool(PLACED & set(self.news))


@transaction.atomic(durable=True)
def import_deals(
    *,
    drafts: Drafts,
    dry_run: bool = False,
    skip_bad: bool = False,
    progress: Progress | None = None,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Take over deals as a source knows them, asking no gate and alerting nobody.

    What the source does not know (stage moves, opened date, loss reason) stays unknown. Only
    values that the source changed since the last import are written over what people entered.
    Raises BadRows when rows are bad and are not to be skipped.
    """
    # Like whoever moves a deal: all of it by the rules of before a publication, or of after it.
    share_lock(Lock.RULES)
    company, added = Company.get(), begin_extensions()
    records = drafts.records.get("deal", {})
    there = by_external_id(Deal.objects.all(), drafts.source, records.values())
    resolve(drafts, "deal", "owner", find_person)
    resolve(drafts, "deal", "account", find_account)
    _check_lists(drafts)
    places = Places(company, at)
    plans = [
        _plan_deal(drafts, each, places, added)
        for each in plan(
            drafts.standing("deal"),
            there,
            {key: _said(row) for key, row in there.items()},
            ours=_ours(drafts.source),
        )
    ]
    plans = _standing(drafts, plans)
    for extension in added:
        extension.check(drafts, plans)
    _check_locks(drafts, plans, added)
    plans = _standing(drafts, plans)
    for each in plans:
        if each.attached_news:
            each.news |= dict.fromkeys(each.attached_news)
    outcome = settle(drafts, _counted(plans), dry_run=dry_run, skip_bad=skip_bad)
    if not dry_run:
        _write(plans, drafts.source, company, added, progress, by=by, at=at)
        outcome.written = True
    return outcome


def _ours(source: str) -> frozenset[str]:
    """The fields in which ours wins; where ours says the stage, it says all that goes with it."""
    found = fields_of_ours(source, "deal")
    return found | PLACED if "stage" in found else found - PLACED


def _standing(drafts: Drafts, plans: Sequence[DealPlan]) -> list[DealPlan]:
    standing = {record.external_id for record in drafts.standing("deal")}
    return [each for each in plans if each.record.external_id in standing]


def _said(deal: Deal) -> dict[str, Any]:
    return {key: value for key, value in deal.source_values.items() if key != "attached"}


def _plan_deal(
    drafts: Drafts, plain: Plan[Deal], places: Places, added: Sequence[DealExtension]
) -> DealPlan:
    each = DealPlan(plain.record, plain.instance, plain.news)
    external_id = each.record.external_id
    for extension in added:
        key = extension.entity().key
        if record := drafts.records.get(key, {}).get(external_id):
            each.attached[key] = record
    said = each.row.source_values.get("attached", {}) if each.instance else {}
    each.attached_news = frozenset(
        key for key, record in each.attached.items() if said.get(key) != record.remembered()
    )
    for name in ("close_date", "opened_on"):
        day = each.record.values.get(name)
        if day and is_too_far(day, places.today):
            problem = f"{name}: {day} lies more than {FURTHEST_YEARS} years ahead"
            drafts.reject_record(each.record, problem)
    if each.is_new or each.moves:
        try:
            each.place = places.of(each.record, each.instance)
        except BadValue as problem:
            drafts.reject_record(each.record, str(problem))
    return each


def _counted(plans: Sequence[DealPlan]) -> dict[str, list[Plan[Any]]]:
    return {"deal": list(plans)}


# Validation


class Places:
    """Reads where a row says its deal stands."""

    def __init__(self, company: Company, at: datetime) -> None:
        self.company, self.today = company, company.local_day(at)
        self.retired = set(Pipeline.objects.exclude(retired_at=None).values_list("key", flat=True))
        self.processes = {
            pipeline.key: process_of(pipeline) for pipeline in Pipeline.objects.with_rules()
        }

    def of(self, record: Record, deal: Deal | None) -> Place:
        """Return the place. Raises BadValue where the row contradicts itself."""
        values = record.values
        key = values.get("pipeline") or NEW_BUSINESS
        process = self.processes.get(key)
        if process is None:
            raise BadValue(f"pipeline: “{key}” is no pipeline")
        if deal is None and key in self.retired and self.is_open(process, values):
            raise BadValue(f"pipeline: “{key}” is no longer used")
        if deal and deal.pipeline_id != process.pipeline_id:
            raise BadValue("pipeline: an import moves no deal to another pipeline")
        stage = values.get("stage")
        status = values.get("status") or self.status_of(process, stage)
        rule = self.rule(process, stage, status)
        closed_on = values.get("closed_on")
        self.check_dates(status, closed_on, values.get("opened_on"))
        entered_on = closed_on or values.get("entered_stage_on")
        return Place(process, rule, status, closed_on, self.moment(entered_on))

    def is_open(self, process: Process, values: dict[str, Any]) -> bool:
        said = values.get("status") or self.status_of(process, values.get("stage"))
        return said == Deal.Status.OPEN

    def status_of(self, process: Process, stage: str | None) -> str:
        rule = process.by_key.get(stage or "")
        return rule.kind if rule else Deal.Status.OPEN

    def rule(self, process: Process, stage: str | None, status: str) -> Rule:
        """The stage named; where none is, the one that holds what is won or lost."""
        if not stage:
            if status == Deal.Status.OPEN:
                raise BadValue("stage is blank, and the deal is open")
            return process.won if status == Deal.Status.WON else process.lost
        rule = process.by_key.get(stage)
        if rule is None:
            known = ", ".join(process.by_key)
            raise BadValue(f"stage: “{stage}” is no stage of the pipeline ({known})")
        if rule.kind != status:
            raise BadValue(f"stage: {rule.name} holds deals that are {rule.kind}, not {status}")
        return rule

    def check_dates(self, status: str, closed_on: date | None, opened_on: date | None) -> None:
        if status == Deal.Status.OPEN and closed_on:
            raise BadValue("closed_on is given, and the deal is open")
        if status != Deal.Status.OPEN and not closed_on:
            raise BadValue(f"closed_on is blank, and the deal is {status}")
        if closed_on and closed_on > self.today:
            raise BadValue(f"closed_on: {closed_on} lies in the future")
        if closed_on and opened_on and closed_on < opened_on:
            raise BadValue(f"closed_on: {closed_on} is before opened_on, {opened_on}")

    def moment(self, day: date | None) -> datetime | None:
        if day is None:
            return None
        return datetime.combine(day, time(), tzinfo=self.company.zone_info)


def _check_lists(drafts: Drafts) -> None:
    """Values of pick lists must stand in them, so that reports can count them."""
    lists = {"deal_source": Choice.List.SOURCE, "loss_reason": Choice.List.LOSS_REASON}
    for name, list_ in lists.items():
        keys = set(Choice.objects.filter(list=list_).values_list("key", flat=True))
        for record in drafts.standing("deal"):
            value = record.values.get(name)
            if value and value not in keys:
                known = ", ".join(sorted(keys))
                drafts.reject_record(record, f"{name}: “{value}” is not in the list ({known})")


def _check_locks(drafts: Drafts, plans: Sequence[DealPlan], added: Sequence[DealExtension]) -> None:
    """What another app keeps (the amount of a primary quote) is not written over."""
    locks = registry.field_locks()
    for each in plans:
        if each.is_new or any(extension.keeps(each) for extension in added):
            continue
        for name in sorted(set(locks) & set(each.news)):
            if getattr(each.row, name) == each.news[name]:
                continue
            if why := locks[name](each.row):
                drafts.reject_record(each.record, f"{name}: {why}")


# Writing


def _write(
    plans: Sequence[DealPlan],
    source: str,
    company: Company,
    added: Sequence[DealExtension],
    progress: Progress | None,
    *,
    by: Actor,
    at: datetime,
) -> None:
    new = [each for each in plans if each.is_new]
    old = [each for each in plans if not each.is_new and each.news]
    accounts = _names_of_accounts([*new, *old])
    for each in new:
        _make(each, source, company, accounts, at=at)
    for each in old:
        each.stood = standing_of(each.row, each.place.process if each.place else None)
        _change(each, company, accounts, at=at)
    for extension in added:
        extension.stamp([*new, *(each for each in old if each.moved)])
    _save_new(new, progress)
    _save_visits(new, [each for each in old if each.moved], at=at)
    save_changed(old, _STAMPED)
    _save_date_moves(old, by=by, at=at)
    entries = [_entry(each, new=True) for each in new]
    entries += [_entry(each, new=False) for each in old if each.after]
    for extension in added:
        entries += extension.write([*new, *old], by=by, at=at)
    follow_many([(each.row, each.stood) for each in [*new, *old]], at=at)
    if entries:
        record_many(entries, by=by, at=at)
    with quietly():
        for each in old:
            if each.after:
                tell_listeners(each.row, frozenset(each.after), by=by, at=at)
    recount_numbered([each.row.pk for each in [*new, *old]], at)
    if progress and plans:
        progress("writing", len(plans), len(plans))


_STAMPED = (
    "stage",
    "status",
    "entered_stage_at",
    "closed_on",
    "closed_owner",
    "closed_team",
    "closed_segment",
    "search_text",
    "source_values",
)


def _make(
    each: DealPlan, source: str, company: Company, accounts: dict[int, str], *, at: datetime
) -> None:
    place = each.place
    assert place is not None
    each.instance = Deal(
        pipeline_id=place.process.pipeline_id,
        stage_id=place.rule.stage_id,
        status=place.status,
        entered_stage_at=place.entered_at,
        closed_on=place.closed_on,
        origin=Deal.Origin.IMPORT,
        source=source,
        external_id=each.record.external_id,
        created_at=at,
    )
    set_fields(each, _facts(each, company))
    _finish(each, accounts)
    if place.closed_on:
        each.row.closed_owner_id = each.row.owner_id


def _change(each: DealPlan, company: Company, accounts: dict[int, str], *, at: datetime) -> None:
    if each.place and (each.row.stage_id, each.row.status) != (
        each.place.rule.stage_id,
        each.place.status,
    ):
        _move(each, each.place, at=at)
    elif each.place and each.place.closed_on != each.row.closed_on:
        set_fields(each, {"closed_on": each.place.closed_on})
    each.was_due = each.row.close_date if each.row.is_open else None
    facts = _facts(each, company)
    if each.was_due and facts.get("close_date", each.was_due) is None:
        del facts["close_date"]
    set_fields(each, facts)
    if is_later(each):
        set_fields(each, {"push_count": each.row.push_count + 1})
    _finish(each, accounts)


def is_later(each: DealPlan) -> bool:
    """Whether the source moved the close date of an open deal later."""
    now = each.row.close_date
    return bool(each.row.is_open and each.was_due and now and now > each.was_due)


def _save_date_moves(old: Sequence[DealPlan], *, by: Actor, at: datetime) -> None:
    """Keep every close date that moved: no push is hidden by coming from elsewhere."""
    pushes, pull_ins = [], []
    for each in old:
        was, now = each.was_due, each.row.close_date
        if not (each.row.is_open and was and now) or was == now:
            continue
        if is_later(each):
            pushes.append(push_row(each.row, was, now, IMPORTED, by=by, at=at))
        else:
            pull_ins.append(
                ClosePullIn(
                    deal=each.row, from_date=was, to_date=now, pulled_at=at, pulled_by=by.user
                )
            )
    ClosePush.objects.bulk_create(pushes, batch_size=BATCH)
    ClosePullIn.objects.bulk_create(pull_ins, batch_size=BATCH)


def _facts(each: DealPlan, company: Company) -> dict[str, Any]:
    """The plain columns that are news; a deal without a currency has the company's."""
    attached = set(each.attached)
    facts = {
        key: value
        for key, value in numbered(each.news).items()
        if key not in PLACED and key not in attached
    }
    if each.is_new or not each.row.currency or "currency" in facts:
        facts["currency"] = facts.get("currency") or company.currency
    return facts


def _finish(each: DealPlan, accounts: dict[int, str]) -> None:
    deal = each.row
    account = accounts.get(deal.account_id or 0, "")
    deal.search_text = search_text(deal.name, account, deal.custom)
    said = each.record.remembered()
    if each.attached:
        said["attached"] = {key: record.remembered() for key, record in each.attached.items()}
    deal.source_values = said


def _move(each: DealPlan, place: Place, *, at: datetime) -> None:
    """Let the deal stand where the source now has it; it is an import and no skip."""
    deal = each.row
    each.before |= {"stage": deal.stage_id, "status": deal.status}
    each.after |= {"stage": place.rule.stage_id, "status": place.status}
    deal.stage_id = place.rule.stage_id
    deal.entered_stage_at = place.entered_at or at
    if deal.status != place.status:
        if not deal.is_open:
            deal.mark_open()
            deal.closed_segment = ""
            deal.closed_on = deal.closed_owner = deal.closed_team = None
        if place.status == Deal.Status.WON:
            deal.mark_won()
        elif place.status == Deal.Status.LOST:
            deal.mark_lost()
    if place.closed_on:
        set_fields(each, {"closed_on": place.closed_on})
        deal.closed_owner_id = deal.owner_id
    each.moved = True


def _save_new(new: Sequence[DealPlan], progress: Progress | None) -> None:
    teams = _teams_of(each.row.owner_id for each in new if each.row.closed_on)
    for each in new:
        if each.row.closed_on:
            each.row.closed_team_id = teams.get(each.row.owner_id)
    done = 0
    for batch in in_batches(new):
        Deal.objects.bulk_create([each.row for each in batch])
        done += len(batch)
        if progress:
            progress("writing", done, len(new) + 1)


def _save_visits(new: Sequence[DealPlan], moved: Sequence[DealPlan], *, at: datetime) -> None:
    """Every imported deal has one visit: where it stands, and since when, if that is known."""
    teams = _teams_of(each.row.owner_id for each in moved)
    for each in moved:
        each.row.closed_team_id = teams.get(each.row.owner_id) if each.row.closed_on else None
        _leave(each, at=at)
    StageVisit.objects.bulk_create(
        [
            StageVisit(
                deal=each.row,
                stage_id=each.row.stage_id,
                version_id=each.place.process.version_id,
                move=Move.IMPORT,
                via=Via.IMPORT,
                entered_at=each.row.entered_stage_at,
            )
            for each in [*new, *moved]
            if each.place
        ],
        batch_size=BATCH,
    )


def _leave(each: DealPlan, *, at: datetime) -> None:
    """End the visit the deal was in; a stay cannot end before it began."""
    deal = each.row
    visit = deal.visits.filter(left_at=None).first()
    if visit is None:
        return
    moment = deal.entered_stage_at or at
    if visit.entered_at and moment < visit.entered_at:
        moment = max(at, visit.entered_at)
        deal.entered_stage_at = moment
    deal.visits.filter(pk=visit.pk).update(left_at=moment)


def _teams_of(owners: Iterable[int]) -> dict[int, int | None]:
    found: dict[int, int | None] = {}
    for batch in in_batches(set(owners)):
        found |= dict(User.objects.filter(pk__in=batch).values_list("pk", "team"))
    return found


def _names_of_accounts(plans: Sequence[DealPlan]) -> dict[int, str]:
    """Names of the accounts that these deals have or will have."""
    numbers = {
        number
        for each in plans
        for number in (
            getattr(each.record.values.get("account"), "number", None),
            each.instance.account_id if each.instance else None,
        )
        if number
    }
    found: dict[int, str] = {}
    for batch in in_batches(numbers):
        found |= dict(Account.objects.filter(pk__in=batch).values_list("pk", "name"))
    return found


def _entry(each: DealPlan, *, new: bool) -> Draft:
    if new and each.place:
        each.after |= {"stage": each.place.rule.key, "status": each.place.status}
        if each.place.closed_on:
            each.after["closed_on"] = each.place.closed_on
        each.after["origin"] = Deal.Origin.IMPORT
    return entry(each, "deal", new=new)
