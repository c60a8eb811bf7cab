"""The published versions of the policy: who, when, why, what differed; anybody may read them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from dealdesk.models import PolicyDraft, PolicyVersion
from dealdesk.operations import policypublishing
from dealdesk.policy import policy_from_json
from dealdesk.policydiffs import differences
from dealdesk.policydrafts import meant_in
from dealdesk.policyfiles import PolicyFile
from dealdesk.policyinwords import policy_words
from dealdesk.presets import PRESETS
from dealdesk.views.policydrafts import for_governors, show, yaml_response
from dealdesk.views.shared import by_and_at
from pipeline.views.shared import why_not
from revops.addresses import number_in
from revops.company.models import Company
from revops.people.actor import Actor
from revops.people.models import Role, User
from revops.refusals import Refused

VERSIONS_SHOWN = 20
PEOPLE = ("published_by", "proposed_by", "confirmed_by", "based_on")


@login_required
@require_safe
def policy_versions(request):
    """The versions, newest first, each with what it changed."""
    versions = PolicyVersion.objects.select_related(*PEOPLE).order_by("-number")
    if below := number_in(request.GET.get("below", "")):
        versions = versions.filter(number__lt=below)
    rows = list(versions[: VERSIONS_SHOWN + 1])
    policies = [policy_from_json(row.body) for row in rows]
    currency = Company.get().currency
    history = [
        {
            "version": row,
            "differences": differences(policies[place + 1], policies[place], currency)
            if place + 1 < len(rows)
            else None,
        }
        for place, row in enumerate(rows[:VERSIONS_SHOWN])
    ]
    context = {
        "history": history,
        "is_first": not below,
        "next": rows[VERSIONS_SHOWN - 1].number if len(rows) > VERSIONS_SHOWN else None,
        **starting_context(request),
    }
    return show(request, "versions.html", context)


def starting_context(request) -> dict:
    """Whether this person may draft, and what a draft may begin with."""
    return {
        "may_change": request.user.has_role(Role.REVOPS_ADMIN),
        "draft": PolicyDraft.objects.first(),
        "presets": [(key, policy.name) for key, policy in PRESETS.items()],
    }


@login_required
@require_safe
def policy_version(request, number):
    version = get_object_or_404(PolicyVersion.objects.select_related(*PEOPLE), number=number)
    return show_version(request, version)


def show_version(request, version: PolicyVersion, *, refused: Refused | None = None):
    policy, currency = policy_from_json(version.body), Company.get().currency
    older = PolicyVersion.objects.filter(number__lt=version.number).order_by("-number").first()
    before = policy_from_json(older.body) if older else None
    writers = {each["by"] for each in version.acknowledged}
    names = dict(User.objects.filter(pk__in=writers - {None}).values_list("pk", "name"))
    by = Actor.from_request(request)
    context = {
        "version": version,
        "before": older,
        "differences": differences(before, policy, currency) if before else None,
        "sections": policy_words(policy, currency),
        "meant": [{**each, "who": names.get(each["by"], "")} for each in version.acknowledged],
        "why_not_confirm": why_not(policypublishing.check_can_stand_behind, version, by=by)
        if version.awaits_a_second
        else "",
        "refused": refused,
        **starting_context(request),
    }
    return show(request, "version.html", context, status=refused.status if refused else 200)


@login_required
@require_safe
def policy_version_file(request, number):
    """The version as a YAML file."""
    version = get_object_or_404(PolicyVersion, number=number)
    file = PolicyFile(policy_from_json(version.body), version.note, meant_in(version))
    return yaml_response(file, f"policy-{version.number}.yaml")


@for_governors
@require_POST
def policy_confirm(request, number):
    """Stand behind a version that one person published alone."""
    version = get_object_or_404(PolicyVersion.objects.select_related(*PEOPLE), number=number)
    try:
        policypublishing.confirm_policy(policy=version, **by_and_at(request))
    except Refused as refused:
        return show_version(request, version, refused=refused)
    messages.success(request, f"Version {version.number} is confirmed.")
    return redirect(version)
