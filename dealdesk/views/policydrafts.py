"""The draft of the policy: its areas as forms, what differs, what is found, who publishes it."""

from __future__ import annotations

import json
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealdesk.models import PolicyDraft, PolicyVersion
from dealdesk.operations import policydrafting, policypublishing
from dealdesk.permissions import check_can_govern
from dealdesk.policy import Policy, policy_from_json
from dealdesk.policydiffs import differences
from dealdesk.policydrafts import draft_policy
from dealdesk.policyfiles import PolicyFile, read_policy_file, write_policy_file
from dealdesk.policyforms import AREAS, AcknowledgeForm, ImportForm, TryForm, ground_of
from dealdesk.policyforms.shared import acted
from dealdesk.views.shared import by_and_at
from pipeline.views.shared import is_swap, opened_at, version_in
from revops.addresses import number_in
from revops.company.models import Company
from revops.ledger.models import Entry
from revops.people.actor import Actor
from revops.refusals import Conflict, Refused
from revops.yamlfiles import BadFile


def for_governors(view):
    """A page that only those open who may change the policy."""

    @login_required
    @wraps(view)
    def opened(request, *args, **kwargs):
        check_can_govern(by=Actor.from_request(request))
        return view(request, *args, **kwargs)

    return opened


def the_draft() -> PolicyDraft | None:
    return PolicyDraft.objects.select_related("based_on", "started_by", "proposed_by").first()


def no_draft(request):
    messages.info(request, "There is no draft of the policy. Start one.")
    return redirect("dealdesk:policy-detail")


def show(request, template: str, context: dict, *, part: str = "", status: int = 200):
    """The page, or for a swap its changing part."""
    name = part if part and is_swap(request) else template
    response = render(request, f"dealdesk/policy/{name}", context, status=status)
    response["Vary"] = "HX-Request"
    return response


@for_governors
@require_POST
def policy_draft_start(request):
    """Begin with the version in force, an older one, or a preset."""
    origin, preset = None, request.POST.get("preset", "")
    if number := number_in(request.POST.get("number", "")):
        origin = get_object_or_404(PolicyVersion, number=number)
    try:
        policydrafting.start_policy_draft(origin=origin, preset=preset, **by_and_at(request))
    except Conflict as refused:
        messages.info(request, refused.message)
    return redirect("dealdesk:policy-draft")


@for_governors
@require_safe
def policy_draft(request):
    draft = the_draft()
    if draft is None:
        return no_draft(request)
    return show(request, "draft.html", draft_context(request, draft))


def draft_context(request, draft: PolicyDraft) -> dict:
    """Everything the page of a draft shows: nothing of it is kept, all is judged anew.

    A note on a finding that was refused is shown where it was typed.
    """
    at = timezone.now()
    standing = policypublishing.standing_of(draft, at=at)
    policy, ground = standing.policy, ground_of()
    in_force = PolicyVersion.objects.filter(in_force=True).first()
    before = policy_from_json(in_force.body) if in_force else None
    trying = TryForm(
        request.GET if "discount" in request.GET else None, policy=policy, ground=ground
    )
    return {
        "draft": draft,
        "in_force": in_force,
        "areas": [{"area": area, "found": found_in(area, standing)} for area in AREAS.values()],
        "differences": differences(before, policy, ground.currency) if before else [],
        "trying": trying,
        "tried": tried(trying, policy, before),
        "opened": at,
        **findings_context(draft, standing, request.POST),
        **who_context(request, draft),
    }


def found_in(area, standing: policypublishing.Standing) -> int:
    """How many errors that nobody has acknowledged are mended in this area."""
    stopping = standing.checked.stopping(standing.acknowledged)
    return sum(each.area.value in area.lints for each in stopping)


def findings_context(draft: PolicyDraft, standing: policypublishing.Standing, typed) -> dict:
    """What the linter found and how the cases came out, each with what to do about it."""
    meant = policypublishing.meant_now(draft, standing.checked)
    places = {code: area.key for area in AREAS.values() for code in area.lints}
    return {
        "findings": [
            {
                "lint": each,
                "area": places.get(each.area.value, ""),
                "meant": meant.get(each.key) if each.is_error and not each.final else None,
                "is_typed": typed.get("key") == each.key,
                "form": AcknowledgeForm(
                    initial={"note": typed.get("note") if typed.get("key") == each.key else ""},
                    auto_id=f"ack-{number}-%s",
                ),
            }
            for number, each in enumerate(standing.checked.findings)
        ],
        "results": standing.checked.results,
        "failed": standing.checked.failed,
        "faults": standing.faults,
    }


def who_context(request, draft: PolicyDraft) -> dict:
    """Who may propose and who may confirm, with the reason why not."""
    by = Actor.from_request(request)
    rest = policypublishing.others(request.user)
    context = {"others": rest, "is_alone": not rest, "why_not_confirm": ""}
    try:
        policypublishing.check_can_confirm(draft, by=by)
    except Refused as refused:
        context["why_not_confirm"] = refused.message
    return context


def tried(form: TryForm, policy: Policy, before: Policy | None) -> dict | None:
    """Whom draft and policy in force ask for the quote that is tried."""
    if not form.is_bound or not form.is_valid():
        return None
    return {"draft": form.asked(policy), "in_force": form.asked(before) if before else ""}


@for_governors
@require_http_methods(["GET", "HEAD", "POST"])
def policy_area(request, area):
    """One area of the draft as a form; its buttons add and remove rows without saving."""
    draft = the_draft()
    if area not in AREAS:
        raise Http404
    if draft is None:
        return no_draft(request)
    policy, ground = draft_policy(draft), ground_of()
    if request.method != "POST":
        return show_area(request, draft, AREAS[area](policy, ground, draft))
    if (data := acted(request.POST)) is not None:
        form = AREAS[area](policy, ground, draft, data)
        form.quieten()
        return show_area(request, draft, form)
    form = AREAS[area](policy, ground, draft, request.POST)
    if not form.is_valid():
        return show_area(request, draft, form, status=422)
    try:
        policydrafting.change_policy_draft(
            changes=form.changes(),
            note=form.note,
            version=version_in(request),
            **by_and_at(request),
        )
    except Refused as refused:
        draft = the_draft()
        if draft is None:
            messages.error(request, refused.message)
            return redirect("dealdesk:policy-detail")
        return show_area(request, draft, form, refused=refused, status=refused.status)
    messages.success(request, f"{form.title}: saved in the draft.")
    return redirect("dealdesk:policy-draft")


def show_area(request, draft: PolicyDraft, area, *, refused: Refused | None = None, status=200):
    context = {
        "draft": draft,
        "area": area,
        "title": area.title,
        "refused": refused,
        "meanwhile": others_changes(request) if isinstance(refused, Conflict) else [],
        "opened": timezone.now(),
        "people": area.ground.people,
    }
    return show(request, "area.html", context, part="_area.html", status=status)


def others_changes(request) -> list[str]:
    """What others made different in the draft since the page was shown."""
    since = opened_at(request)
    if since is None:
        return []
    entries = Entry.objects.filter(subject_type="policydraft", at__gt=since)
    return [
        f"{entry.actor.name if entry.actor else 'The system'}: {sentence}"
        for entry in entries.select_related("actor").order_by("-pk")[:10]
        for sentence in told(entry)
    ]


WORDS = {
    "policy.draft_started": ["began another draft."],
    "policy.draft_imported": ["read another draft from a file."],
    "policy.draft_discarded": ["threw the draft away."],
    "policy.proposed": ["proposed the draft."],
}


def told(entry: Entry) -> list[str]:
    after = json.loads(entry.facts_json).get("after") or {}
    if entry.verb == "policy.draft_changed":
        return after.get("changes") or []
    if entry.verb == "policy.finding_acknowledged":
        return [f"acknowledged: {after.get('sentence', '')}"]
    return WORDS.get(entry.verb, [])


@for_governors
@require_POST
def policy_acknowledge(request):
    """Say that a finding is meant, and why."""
    return act(
        request,
        policydrafting.acknowledge_finding,
        "Acknowledged. The finding and your note are kept with the version.",
        key=request.POST.get("key", ""),
        note=request.POST.get("note", ""),
    )


@for_governors
@require_POST
def policy_propose(request):
    return act(
        request,
        policypublishing.propose_policy,
        "Proposed. The other administrators have been told.",
    )


def act(request, operation, done: str, **facts):
    """Do one thing with the draft and show it again, or why it was refused."""
    try:
        operation(version=version_in(request), **facts, **by_and_at(request))
    except Refused as refused:
        draft = the_draft()
        if draft is None:
            messages.error(request, refused.message)
            return redirect("dealdesk:policy-detail")
        context = draft_context(request, draft)
        context |= {"refused": refused, "meanwhile": others_changes(request)}
        return show(request, "draft.html", context, status=refused.status)
    messages.success(request, done)
    return redirect("dealdesk:policy-draft")


@for_governors
@require_http_methods(["GET", "HEAD", "POST"])
def policy_publish(request):
    """Say what a publication will do, ask once more, and do it."""
    draft, refused = the_draft(), None
    if draft is None:
        return no_draft(request)
    if request.method == "POST":
        try:
            version = policypublishing.publish_policy_draft(
                version=version_in(request), **by_and_at(request)
            )
        except Refused as exc:
            refused = exc
        else:
            messages.success(request, f"Version {version.number} is in force.")
            return redirect(version)
        draft = the_draft()
        if draft is None:
            messages.error(request, refused.message)
            return redirect("dealdesk:policy-detail")
    context = draft_context(request, draft) | {"refused": refused}
    if refused:
        context["meanwhile"] = others_changes(request)
    return show(request, "publish.html", context, status=refused.status if refused else 200)


@for_governors
@require_POST
def policy_draft_discard(request):
    try:
        policydrafting.discard_policy_draft(version=version_in(request), **by_and_at(request))
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("dealdesk:policy-draft" if the_draft() else "dealdesk:policy-detail")
    messages.success(request, "The draft is thrown away. The policy in force stays as it is.")
    return redirect("dealdesk:policy-detail")


# Files


def yaml_response(file: PolicyFile, name: str) -> HttpResponse:
    response = HttpResponse(write_policy_file(file), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@for_governors
@require_safe
def policy_draft_file(request):
    draft = the_draft()
    if draft is None:
        return no_draft(request)
    meant = {row.key: row.note for row in draft.acknowledgements.all()}
    file = PolicyFile(draft_policy(draft), draft.note, meant)
    return yaml_response(file, "policy-draft.yaml")


@for_governors
@require_http_methods(["GET", "HEAD", "POST"])
def policy_import(request):
    """Read a file: first what would differ, then into the draft."""
    form = ImportForm(request.POST or None, request.FILES or None)
    refused, faults, found, is_dry = None, [], None, request.POST.get("do") == "look"
    if request.method == "POST" and form.is_valid():
        try:
            file = read_policy_file(form.cleaned_data["file"])
            found = policydrafting.import_policy(
                file=file,
                replace_draft=form.cleaned_data["replace_draft"],
                dry_run=is_dry,
                **by_and_at(request),
            )
        except BadFile as bad:
            faults = bad.faults
        except Refused as exc:
            refused = exc
        else:
            if not is_dry:
                messages.success(request, "The draft is as the file says.")
                return redirect("dealdesk:policy-draft")
    context = {
        "form": form,
        "refused": refused,
        "faults": faults,
        "differences": found,
        "draft": the_draft(),
        "currency": Company.get().currency,
    }
    status = refused.status if refused else 422 if faults or form.errors else 200
    return show(request, "import.html", context, status=status)
