"""Another system's export: uploaded, mapped on screen, judged, printed; for RevOps."""

from __future__ import annotations

import tomllib
from decimal import Decimal

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealdesk.forms.replays import ExportForm
from dealdesk.models import ReplayFile
from dealdesk.operations import replayfiles
from dealdesk.policy import policy_from_json
from dealdesk.replayfile import PAST_DEAL, SOURCE, file_kind
from dealdesk.tasks import work_on_replay_file
from dealdesk.views.replays import governors, share
from dealdesk.views.shared import by_and_at, version_in
from dealdesk.views.showing import role_name, tier_name
from revops.company.models import Company
from revops.imports.drawing import drawn_mapping, examples_of
from revops.imports.forms import read_sketch
from revops.imports.problems import BadFile
from revops.imports.sketch import Sketch, guess, sketch_of
from revops.imports.toml import dump
from revops.refusals import Refused

AT_ONCE = 1_000_000
"""Bytes: a smaller file is judged before the page answers."""
SHOWN = 10


@governors
@require_http_methods(["GET", "HEAD", "POST"])
def replay_file_list(request):
    """What was uploaded; a POST takes a file and leads to mapping its columns."""
    form = ExportForm(request.POST or None, request.FILES or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        policy, name = form.chosen()
        try:
            upload = replayfiles.upload_replay_file(
                policy=policy,
                policy_name=name,
                file=form.cleaned_data["file"],
                **by_and_at(request),
            )
        except Refused as exc:
            refused = exc
        else:
            return redirect("dealdesk:replay-file-map", upload.pk)
    files = ReplayFile.objects.select_related("started_by").order_by("-started_at", "-pk")
    context = {"form": form, "refused": refused, "files": files[:SHOWN]}
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "dealdesk/replay/files.html", context, status=status)


def file_or_404(number: int) -> ReplayFile:
    files = ReplayFile.objects.select_related("started_by", "kept_by")
    return get_object_or_404(files, pk=number)


# Mapping


@governors
@require_http_methods(["GET", "HEAD", "POST"])
def replay_file_map(request, number):
    """Choose the column of each fact; the same drawing as that of an import."""
    upload = file_or_404(number)
    if upload.is_at_work or not upload.file:
        return redirect(upload)
    if request.method != "POST":
        return show_map(request, upload, mapping_at_hand(upload))
    upload = read_anew(request, upload)
    sketch = read_sketch(request.POST, kind_of(upload), upload.profile)
    sketch.source = SOURCE
    if request.POST.get("act") != "judge":
        return show_map(request, upload, sketch)
    try:
        upload = replayfiles.judge_file(
            upload=upload,
            mapping_text=dump(sketch.body()),
            version=version_in(request),
            **by_and_at(request),
        )
    except Refused as refused:
        return show_map(request, upload, sketch, refused=refused, status=refused.status)
    work = work_on_replay_file if upload.size <= AT_ONCE else work_on_replay_file.delay
    work(upload.pk)
    return redirect(upload)


def kind_of(upload: ReplayFile):
    return file_kind(policy_from_json(upload.policy_body))


def mapping_at_hand(upload: ReplayFile) -> Sketch:
    """The mapping so far, or a first guess by the names of the columns."""
    kind = kind_of(upload)
    if upload.mapping_text:
        body = tomllib.loads(upload.mapping_text, parse_float=Decimal)
        if drawn := sketch_of(body, kind):
            return drawn
    return guess(kind, upload.profile)


def read_anew(request, upload: ReplayFile) -> ReplayFile:
    """Look at the file again where the form says that it is written another way."""
    wanted = {key: request.POST.get(f"file.{key}", "") for key in ("encoding", "delimiter")}
    if all(not each or each == upload.profile[key] for key, each in wanted.items()):
        return upload
    try:
        return replayfiles.read_file_again(upload=upload, **wanted, **by_and_at(request))
    except BadFile as refused:
        messages.error(request, refused.message)
        return upload


def show_map(request, upload, sketch, *, refused=None, status=200) -> HttpResponse:
    context = {
        "upload": upload,
        "drawn": drawn_mapping(sketch, upload.profile),
        "examples_url": f"{request.path.removesuffix('map/')}examples/",
        "problems": refused.facts.get("problems", []) if refused else [],
        "refused": refused,
        "currency": Company.get().currency,
    }
    return render(request, "dealdesk/replay/map.html", context, status=status)


@governors
@require_safe
def replay_file_examples(request, number):
    """What a chosen column holds, beside the field that it is chosen for."""
    upload = file_or_404(number)
    name, column = next(iter(request.GET.items()), ("", ""))
    entity, _, rest = name.partition(".")
    row = None
    if entity == PAST_DEAL and rest.endswith(".column") and upload.profile:
        key = rest.removesuffix(".column")
        row = examples_of(kind_of(upload).tables[PAST_DEAL], key, column, upload.profile)
    if row is None:
        raise Http404
    return render(request, "imports/_examples.html", {"row": row})


# The result


@governors
@require_safe
def replay_file_result(request, number):
    """How far the work is, then the one page that is printed."""
    upload = file_or_404(number)
    if upload.state == ReplayFile.State.MAPPING:
        return redirect("dealdesk:replay-file-map", upload.pk)
    context = {
        "upload": upload,
        "run": upload,
        "company": Company.get(),
        "goes_at": goes_at(upload),
    }
    if upload.state == ReplayFile.State.DONE:
        context |= figures_of(upload.outcome)
    return render(request, "dealdesk/replay/page.html", context)


def goes_at(upload: ReplayFile):
    """When the file goes by itself."""
    return upload.started_at + replayfiles.FILE_KEPT_FOR


def figures_of(found) -> dict:
    return {
        "share": share(found["automatic"], found["deals"]),
        "net": Decimal(found["net"]),
        "automatic_net": Decimal(found["automatic_net"]),
        "roles": [
            {
                "name": role_name(role),
                "requests": counts[0],
                "hours": counts[1],
                "share": share(counts[0], found["deals"]),
            }
            for role, counts in found["roles"].items()
        ],
        "asked": sum(counts[0] for counts in found["roles"].values()),
        "routes": [
            {
                **row,
                "name": tier_name(row["route"]) if row["route"] else "Other routes",
                "net": Decimal(row["net"]),
            }
            for row in found["routes"]
        ],
        "changes": [exposing(row) for row in found["changes"]],
        "together": exposing(found["together"]) if found["together"] else None,
    }


def exposing(row) -> dict:
    return {**row, "exposed": Decimal(row["exposed"])}


@governors
@require_safe
def replay_file_progress(request, number):
    upload = file_or_404(number)
    response = render(request, "dealdesk/replay/_file_progress.html", {"run": upload})
    if not upload.is_at_work:
        response["HX-Refresh"] = "true"
    return response


@governors
@require_POST
def replay_file_keep(request, number):
    """Keep the figures and let the rows go."""
    upload = replayfiles.keep_file_result(upload=file_or_404(number), **by_and_at(request))
    messages.success(request, "The figures are kept. The file is deleted.")
    return redirect(upload)


@governors
@require_POST
def replay_file_drop(request, number):
    replayfiles.drop_file(upload=file_or_404(number), **by_and_at(request))
    messages.success(request, "The file and what was found are forgotten.")
    return redirect("dealdesk:replay-file-list")
