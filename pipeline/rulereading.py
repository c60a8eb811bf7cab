"""A pipeline of the database as the file that says the same."""

from __future__ import annotations

from pipeline.models import Choice, Pipeline, PipelineVersion
from pipeline.operations.drafting import goes_to
from pipeline.rulefiles import ChosenValue, RuleFile
from pipeline.stages import read_process


def file_of(
    key: str, *, number: int | None = None, draft: bool = False, choices: bool = True
) -> RuleFile:
    """The version in force, an older one, or the draft. Raises LookupError with a sentence."""
    pipeline = Pipeline.objects.filter(key=key).first()
    if pipeline is None:
        known = ", ".join(Pipeline.objects.order_by("position").values_list("key", flat=True))
        raise LookupError(f"There is no pipeline “{key}”. There are: {known}.")
    version = version_of(pipeline, number, draft)
    return RuleFile(
        key=pipeline.key,
        name=pipeline.name,
        process=read_process(version),
        note=version.note if draft else "",
        goes_to=goes_to(version) if draft else {},
        choices=chosen_values() if choices else {},
    )


def version_of(pipeline: Pipeline, number: int | None, draft: bool) -> PipelineVersion:
    versions = pipeline.versions.filter(published_at__isnull=draft)
    if number is not None:
        versions = versions.filter(number=number)
    version = versions.select_related("debt_blocks_at").order_by("-number").first()
    if version is None:
        what = "draft" if draft else "published version" if number is None else f"version {number}"
        raise LookupError(f"{pipeline.name} has no {what}.")
    return version


def chosen_values() -> dict[str, tuple[ChosenValue, ...]]:
    found: dict[str, list[ChosenValue]] = {list_: [] for list_ in Choice.List.values}
    for row in Choice.objects.order_by("list", "position", "pk"):
        found[row.list].append(ChosenValue(row.key, row.label, row.retired_at is not None))
    return {list_: tuple(values) for list_, values in found.items()}
