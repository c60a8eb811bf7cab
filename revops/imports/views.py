"""Importing a CSV file on screen: upload, map, check, import; for RevOps administrators."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from revops.company.permissions import check_can_administer
from revops.imports import operations
from revops.imports.drawing import drawn_mapping, examples_of, stage_rows, winner_tables
from revops.imports.forms import UploadForm, UseMappingForm, kind_choices, read_sketch
from revops.imports.kinds import kind_keys, kind_of
from revops.imports.models import FieldWinner, ImportRun, SavedMapping, SourceRecord
from revops.imports.problems import BadFile
from revops.imports.running import how_far
from revops.imports.sketch import Sketch, guess, sketch_of
from revops.imports.toml import dump
from revops.people.actor import Actor
from revops.refusals import NotAllowed, Refused

RUNS_SHOWN = 20
State = ImportRun.State


def administrators(view):
    """Serve RevOps administrators alone."""

    @login_required
    @wraps(view)
    def checked(request, *args, **kwargs):
        try:
            check_can_administer(Actor.from_request(request))
        except NotAllowed as refused:
            raise PermissionDenied(refused.message) from refused
        return view(request, *args, **kwargs)

    return checked


def by_and_at(request) -> dict[str, object]:
    return {"by": Actor.from_request(request), "at": timezone.now()}


def run_or_404(number: int) -> ImportRun:
    runs = ImportRun.objects.select_related("uploaded_by", "started_by")
    return get_object_or_404(runs, pk=number)


def version_in(request) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


@administrators
@require_safe
def run_list(request):
    return show_list(request, UploadForm())


def show_list(request, form, *, refused=None, status=200) -> HttpResponse:
    runs = ImportRun.objects.select_related("uploaded_by").order_by("-uploaded_at", "-pk")
    context = {
        "form": form,
        "refused": refused,
        "runs": runs[:RUNS_SHOWN],
        "kinds": dict(kind_choices()),
        "saved": SavedMapping.objects.select_related("saved_by").order_by("kind", "name", "pk"),
    }
    return render(request, "imports/run_list.html", context, status=status)


@administrators
@require_POST
def run_upload(request):
    """Keep a file and lead to mapping its columns."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return show_list(request, form, status=422)
    try:
        run = operations.upload_file(**form.cleaned_data, **by_and_at(request))
    except Refused as refused:
        return show_list(request, form, refused=refused, status=refused.status)
    return redirect("imports:run-map", run.pk)


# Mapping


@administrators
@require_http_methods(["GET", "HEAD", "POST"])
def run_map(request, number):
    """Map the columns: on screen, or as the text of the same file that the command takes."""
    run = run_or_404(number)
    if run.is_at_work or not run.file:
        return redirect("imports:run-detail", run.pk)
    if request.method != "POST":
        return show_map(request, run, **mapping_at_hand(run))
    if "text" in request.POST:
        return check_text(request, run, request.POST["text"])
    run = read_anew(request, run)
    sketch = read_sketch(request.POST, kind_of(run.kind), run.profile)
    if request.POST.get("act") != "check":
        return show_map(request, run, sketch=sketch)
    return check_text(request, run, dump(sketch.body()), sketch)


def mapping_at_hand(run: ImportRun) -> dict:
    """What the page begins with: the mapping so far, as a sketch where it can be drawn."""
    kind = kind_of(run.kind)
    if not run.mapping_text:
        return {"sketch": guess(kind, run.profile)}
    body = tomllib.loads(run.mapping_text, parse_float=Decimal)
    return {"sketch": sketch_of(body, kind), "text": run.mapping_text}


def read_anew(request, run: ImportRun) -> ImportRun:
    """Look at the file again where the form says that it is written another way."""
    wanted = {key: request.POST.get(f"file.{key}", "") for key in ("encoding", "delimiter")}
    if all(not each or each == run.profile[key] for key, each in wanted.items()):
        return run
    try:
        return operations.look_again(run=run, **wanted, **by_and_at(request))
    except BadFile as refused:
        messages.error(request, refused.message)
        return run


def check_text(request, run, text, sketch=None) -> HttpResponse:
    """Begin a dry run by this mapping, or show what is wrong with it."""
    try:
        operations.check_file(
            run=run, mapping_text=text, version=version_in(request), **by_and_at(request)
        )
    except Refused as refused:
        return show_map(
            request, run, sketch=sketch, text=text, refused=refused, status=refused.status
        )
    return redirect("imports:run-detail", run.pk)


def show_map(
    request, run, *, sketch=None, text="", refused=None, use=None, status=200
) -> HttpResponse:
    kind = kind_of(run.kind)
    context = {
        "run": run,
        "kind_name": dict(kind_choices())[run.kind],
        "drawn": drawn_mapping(sketch, run.profile) if sketch else None,
        "examples_url": reverse("imports:run-examples", args=[run.pk]),
        "text": text or (dump(sketch.body()) if sketch else ""),
        "problems": refused.facts.get("problems", []) if refused else [],
        "refused": refused,
        "use": use or UseMappingForm(kind=run.kind),
        "sources": known_sources(),
        "has_stages": bool(kind.stages),
    }
    return render(request, "imports/run_map.html", context, status=status)


def known_sources() -> list[str]:
    rows = SourceRecord.objects.order_by("source").values_list("source", flat=True)
    return list(rows.distinct()[:50])


@administrators
@require_safe
def run_examples(request, number):
    """What a chosen column holds, beside the field that it is chosen for."""
    run = run_or_404(number)
    name, column = next(iter(request.GET.items()), ("", ""))
    kind = kind_of(run.kind)
    if name == "stage_column" and kind.stages:
        rows = stage_rows(Sketch(kind, stage_column=column), run.profile)
        return render(request, "imports/_stages.html", {"rows": rows, "run": run})
    entity, _, rest = name.partition(".")
    key = rest.removesuffix(".column")
    if entity not in kind.tables or not rest.endswith(".column"):
        raise Http404
    row = examples_of(kind.tables[entity], key, column, run.profile)
    if row is None:
        raise Http404
    return render(request, "imports/_examples.html", {"row": row})


@administrators
@require_POST
def run_use_mapping(request, number):
    """Begin with a saved mapping, or with one from a file."""
    run = run_or_404(number)
    form = UseMappingForm(request.POST, request.FILES, kind=run.kind)
    if not form.is_valid():
        return show_map(request, run, **mapping_at_hand(run), use=form, status=422)
    text = form.text()
    try:
        operations.take_mapping(run=run, text=text, **by_and_at(request))
    except Refused as refused:
        if not run.file or run.is_at_work:
            raise
        return show_map(request, run, text=text, refused=refused, status=refused.status)
    return redirect("imports:run-map", run.pk)


# Checking and importing


@administrators
@require_safe
def run_detail(request, number):
    """Where a file stands: how far the work is, what a check found, what was imported."""
    run = run_or_404(number)
    return show_run(request, run)


def show_run(request, run, *, refused=None, status=200) -> HttpResponse:
    bad_rows = run.outcome.get("bad_rows", [])
    context = {
        "run": run,
        "kind_name": dict(kind_choices()).get(run.kind, run.kind),
        "refused": refused,
        "progress": how_far(run),
        "bad_rows": bad_rows,
        "bad_columns": columns_shown(bad_rows),
        "records": records_of(run.outcome),
        "good": run.outcome.get("rows", 0) - run.outcome.get("bad_count", 0),
    }
    return render(request, "imports/run_detail.html", context, status=status)


def columns_shown(bad_rows) -> list[str]:
    """The columns of the bad rows, by the first that could be cut into cells."""
    cells = next((row["cells"] for row in bad_rows if row["cells"]), [])
    return [cell["column"] for cell in cells]


def records_of(outcome) -> list[dict]:
    return [{"entity": key, **counts} for key, counts in outcome.get("records", {}).items()]


@administrators
@require_safe
def run_progress(request, number):
    """How far the work is; a page that polls is sent on when it is over."""
    run = run_or_404(number)
    context = {"run": run, "progress": how_far(run)}
    response = render(request, "imports/_progress.html", context)
    if not run.is_at_work:
        response["HX-Refresh"] = "true"
    return response


@administrators
@require_POST
def run_import(request, number):
    """Import the checked file; the rows that are bad are left out only when told so."""
    run = run_or_404(number)
    try:
        operations.import_file(
            run=run,
            skip_bad=request.POST.get("skip_bad") == "on",
            version=version_in(request),
            **by_and_at(request),
        )
    except Refused as refused:
        return show_run(request, run_or_404(number), refused=refused, status=refused.status)
    return redirect("imports:run-detail", run.pk)


@administrators
@require_POST
def run_drop(request, number):
    run = run_or_404(number)
    try:
        operations.drop_run(run=run, **by_and_at(request))
    except Refused as refused:
        return show_run(request, run_or_404(number), refused=refused, status=refused.status)
    messages.success(request, f"{run.name} is kept no longer.")
    return redirect("imports:run-list")


# Mappings to keep


@administrators
@require_safe
def run_mapping(request, number):
    run = run_or_404(number)
    if not run.mapping_text:
        raise Http404
    return as_file(run.mapping_text, f"{run.kind}-{slugify(run.name.rpartition('.')[0]) or 'map'}")


@administrators
@require_safe
def mapping_download(request, number):
    saved = get_object_or_404(SavedMapping, pk=number)
    return as_file(saved.text, slugify(saved.name) or "mapping")


def as_file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.toml"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@administrators
@require_POST
def mapping_save(request, number):
    """Keep a run's mapping under a name."""
    run = run_or_404(number)
    try:
        saved = operations.save_mapping(
            kind=run.kind,
            name=request.POST.get("name", ""),
            text=run.mapping_text,
            **by_and_at(request),
        )
    except Refused as refused:
        return show_run(request, run, refused=refused, status=refused.status)
    messages.success(request, f"The mapping is saved as {saved.name}.")
    return redirect("imports:run-detail", run.pk)


# Which system wins


@administrators
@require_http_methods(["GET", "HEAD", "POST"])
def winner_list(request):
    """Which system wins, field by field, for one source."""
    sources = sources_to_choose()
    source = request.POST.get("source") or request.GET.get("source") or (sources or [""])[0]
    refused, status = None, 200
    if request.method == "POST":
        winners = chosen_winners(request.POST)
        try:
            count = operations.choose_winners(source=source, winners=winners, **by_and_at(request))
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            messages.success(request, f"Saved: {count} changed.")
            return redirect(f"{request.path}?source={source}")
    context = {
        "sources": sources,
        "source": source,
        "tables": winner_tables(source),
        "refused": refused,
    }
    return render(request, "imports/winner_list.html", context, status=status)


def sources_to_choose() -> list[str]:
    named = FieldWinner.objects.order_by().values_list("source", flat=True).distinct()
    return sorted({*known_sources(), *named})


def chosen_winners(given) -> dict[tuple[str, str], str]:
    """The choices of the form, for fields that there are."""
    known = {
        (entity.key, field.key)
        for key in kind_keys()
        for entity in kind_of(key).entities
        for field in entity.fields
    }
    return {
        (entity, field): given[f"{entity}.{field}"]
        for entity, field in known
        if given.get(f"{entity}.{field}") in FieldWinner.Winner.values
    }
