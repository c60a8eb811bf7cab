"""Where a row says its deal stands."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from pipeline.imports.deals.plans import Place
from pipeline.models import Deal, Pipeline
from pipeline.stages import Process, Rule, process_of
from revops.company.models import Company
from revops.imports.drafts import Record
from revops.imports.problems import BadValue

NEW_BUSINESS = "new-business"


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
