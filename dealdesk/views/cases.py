"""The named test cases of the policy: listed with how they come out, added, changed, retired."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealdesk.forms.cases import CaseForm, case_initial
from dealdesk.inputs import policy_in_force
from dealdesk.models import PolicyCase
from dealdesk.operations import add_case, change_case, restore_case, retire_case
from dealdesk.permissions import check_can_govern
from dealdesk.policycases import run_case
from dealdesk.policychecks import cases_of
from dealdesk.views.shared import by_and_at, version_in
from revops.people.actor import Actor
from revops.people.models import Role
from revops.refusals import Refused


@login_required
@require_safe
def case_list(request):
    """Every case, and how the policy in force answers it."""
    version, policy = policy_in_force()
    rows = list(
        PolicyCase.objects.select_related("billing")
        .prefetch_related("terms")
        .order_by("position", "pk")
    )
    results = {case.key: run_case(policy, case) for case in cases_of(rows)}
    labels = {band.key: band.label for band in policy.segments}
    standing = [
        {"row": row, "result": results[row.pk], "segment": labels.get(row.segment, row.segment)}
        for row in rows
        if row.retired_at is None
    ]
    context = {
        "version": version,
        "standing": standing,
        "red": sum(not each["result"].ok for each in standing),
        "retired": [row for row in rows if row.retired_at],
        "may_change": request.user.has_role(Role.REVOPS_ADMIN),
    }
    return render(request, "dealdesk/case_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def case_new(request):
    return case_page(request, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def case_edit(request, pk):
    return case_page(request, get_object_or_404(PolicyCase, pk=pk))


def case_page(request, case: PolicyCase | None):
    """The form of one case; saved, it stands in the list with how it comes out."""
    check_can_govern(by=Actor.from_request(request))
    _, policy = policy_in_force()
    refused = None
    if request.method == "POST":
        form = CaseForm(request.POST, policy=policy)
        if form.is_valid():
            try:
                saved = save_case(request, case, form)
            except Refused as exc:
                refused = exc
            else:
                messages.success(request, f"{saved.name} is kept.")
                return redirect("dealdesk:case-list")
    else:
        form = CaseForm(initial=case_initial(case), policy=policy)
    context = {"form": form, "case": case, "refused": refused}
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "dealdesk/case_edit.html", context, status=status)


def save_case(request, case: PolicyCase | None, form: CaseForm) -> PolicyCase:
    what: dict[str, Any] = {"facts": form.facts, "terms": list(form.cleaned_data["terms"])}
    if case is None:
        return add_case(**what, **by_and_at(request))
    return change_case(case=case, version=version_in(request), **what, **by_and_at(request))


@login_required
@require_POST
def case_retire(request, pk):
    case = retire_case(case=get_object_or_404(PolicyCase, pk=pk), **by_and_at(request))
    messages.success(request, f"{case.name} is no longer asked of a policy.")
    return redirect("dealdesk:case-list")


@login_required
@require_POST
def case_restore(request, pk):
    case = restore_case(case=get_object_or_404(PolicyCase, pk=pk), **by_and_at(request))
    messages.success(request, f"{case.name} is asked of every policy again.")
    return redirect("dealdesk:case-list")
