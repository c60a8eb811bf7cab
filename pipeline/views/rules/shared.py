"""What the pages of rules share: who may open them, which draft, how an edit is answered."""

from __future__ import annotations

import json
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render

from pipeline.models import Pipeline, PipelineVersion, StageRollup
from pipeline.operations.drafting import goes_to, ground_of
from pipeline.ruledrafts import differences, faults_of, gone
from pipeline.stages import Process, Rule, read_process
from pipeline.views.shared import is_swap, opened_at
from pipeline.violations import count_violations
from revops.company.permissions import check_can_administer
from revops.ledger.models import Entry
from revops.people.actor import Actor

SHEET = "css/pipeline.css"


def for_administrators(view):
    """A page that only a RevOps administrator opens."""

    @login_required
    @wraps(view)
    def opened(request, *args, **kwargs):
        check_can_administer(Actor.from_request(request))
        return view(request, *args, **kwargs)

    return opened


def pipeline_or_404(key: str) -> Pipeline:
    return get_object_or_404(Pipeline, key=key)


def draft_of(pipeline: Pipeline) -> PipelineVersion | None:
    drafts = pipeline.versions.filter(published_at=None)
    return drafts.select_related("debt_blocks_at", "drafted_by", "based_on").first()


def draft_context(request, pipeline: Pipeline, draft: PipelineVersion, at) -> dict:
    """Everything the page of a draft shows."""
    draft.pipeline = pipeline
    process = read_process(draft)
    ground = ground_of(draft, process)
    leads = goes_to(draft)
    violations = count_violations(ground.before, process, leads, at=at)
    holds = deals_held(pipeline)
    names = {rule.key: rule.name for rule in process.rules}
    return {
        "pipeline": pipeline,
        "draft": draft,
        "process": process,
        "rows": [{"rule": rule, "holds": holds.get(rule.stage_id, 0)} for rule in process.rules],
        "last": len(process.rules) - 1,
        "removed": [
            {
                "rule": rule,
                "goes_to": names.get(leads.get(rule.key, ""), ""),
                "holds": sum(ground.held.get(rule.stage_id, {}).values()),
            }
            for rule in gone(ground.before, process)
        ],
        "faults": faults_of(process, ground),
        "differences": differences(ground.before, process, goes_to=leads),
        "is_first": ground.before is None,
        "violations": violations,
        "asked_of": sorted(violations.by_ask.items(), key=lambda pair: -pair[1]),
        "blocks_at": process.by_key.get(process.debt_blocks_at),
        "running": sum(holds.get(rule.stage_id, 0) for rule in open_now(ground.before)),
        "opened": at,
    }


def open_now(before: Process | None) -> tuple[Rule, ...]:
    return before.open_rules if before else ()


def deals_held(pipeline: Pipeline) -> dict[int, int]:
    """How many deals each stage holds, as the rollups have it."""
    found: dict[int, int] = {}
    rows = StageRollup.objects.filter(pipeline=pipeline)
    for stage_id, count in rows.values_list("stage", "count"):
        found[stage_id] = found.get(stage_id, 0) + count
    return found


def others_changes(request, pipeline: Pipeline) -> list[str]:
    """What others made different in the draft since the page was shown."""
    since = opened_at(request)
    if since is None:
        return []
    entries = Entry.objects.about(pipeline).filter(at__gt=since).select_related("actor")
    return [
        f"{entry.actor.name if entry.actor else 'The system'}: {sentence}"
        for entry in entries.order_by("-pk")[:10]
        for sentence in told(entry)
    ]


WORDS = {
    "pipeline.published": ["published the draft."],
    "pipeline.draft_discarded": ["threw the draft away."],
    "pipeline.draft_started": ["began another draft."],
}


def told(entry: Entry) -> list[str]:
    if entry.verb == "pipeline.draft_changed":
        return (json.loads(entry.facts_json).get("after") or {}).get("changes") or []
    return WORDS.get(entry.verb, [])


def answer(request, template: str, context: dict, *, part: str = "", status: int = 200):
    """The page, or for a swap its changing part."""
    name = part if part and is_swap(request) else template
    response = render(request, f"pipeline/rules/{name}", context, status=status)
    response["Vary"] = "HX-Request"
    return response


def to_draft(pipeline: Pipeline):
    return redirect("pipeline:rule-draft", pipeline.key)
