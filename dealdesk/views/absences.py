"""Who is away and who answers for them: to look at for everybody, to say for oneself."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealdesk.forms.absences import AbsenceForm, first_and_last, people_one_answers_for
from dealdesk.operations.handing import describe_slots
from dealdesk.views.shared import by_and_at, version_in
from revops.people.models import Absence
from revops.people.operations import cancel_absence, change_absence, enter_absence
from revops.people.permissions import may_enter_absence
from revops.refusals import Refused

MOST = 200


@dataclass(frozen=True)
class Row:
    """One absence as the reader sees it."""

    absence: Absence
    is_own: bool
    may_change: bool
    note: str


@login_required
@require_safe
def absence_list(request):
    """Who is away now and who will be, with who answers for them."""
    at, user = timezone.now(), request.user
    mine = set(people_one_answers_for(user).values_list("pk", flat=True))
    coming = Absence.objects.to_come(at).select_related("person", "delegate")
    rows = [
        Row(
            absence,
            is_own=absence.person_id == user.pk,
            may_change=absence.person_id in mine,
            note=absence.note if absence.is_seen_in_full_by(user) else "",
        )
        for absence in coming[:MOST]
        if not absence.is_over(at)
    ]
    context = {
        "now": [row for row in rows if row.absence.holds(at)],
        "later": [row for row in rows if not row.absence.holds(at)],
        "others": len(mine) > 1,
    }
    return render(request, "dealdesk/absence_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def absence_enter(request):
    """Say when one is away, or somebody of one's line."""
    user = request.user
    today = timezone.now().astimezone(user.get_zone()).date()
    form = AbsenceForm(request.POST or None, user=user, initial=first_and_last(today))
    refused, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            facts = {"person": user, **form.cleaned_data}
            try:
                absence = enter_absence(**facts, **by_and_at(request))
            except Refused as exc:
                refused, status = exc, exc.status
            else:
                messages.success(request, said(absence))
                return redirect("dealdesk:absence-list")
    context = {"form": form, "refused": refused, "waiting": describe_slots(user)}
    return render(request, "dealdesk/absence_form.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def absence_change(request, pk):
    """Change the days or the delegate of what is not over."""
    absence = absence_or_404(request, pk)
    posted = request.method == "POST"
    form = AbsenceForm(request.POST if posted else None, user=request.user, absence=absence)
    if absence.begins_at <= timezone.now():
        form.keep_first_day()
    refused, status = None, 422 if posted else 200
    if posted and form.is_valid():
        facts = {"version": version_in(request), **form.cleaned_data, **by_and_at(request)}
        try:
            absence = change_absence(absence=absence, **facts)
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            messages.success(request, said(absence))
            return redirect("dealdesk:absence-list")
    context = {
        "form": form,
        "refused": refused,
        "absence": absence,
        "waiting": describe_slots(absence.person),
    }
    return render(request, "dealdesk/absence_form.html", context, status=status)


@login_required
@require_POST
def absence_cancel(request, pk):
    """Call it off: the person is here."""
    absence = absence_or_404(request, pk)
    try:
        cancel_absence(absence=absence, version=version_in(request), **by_and_at(request))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"{absence.person.name} is here.")
    return redirect("dealdesk:absence-list")


def absence_or_404(request, pk: int) -> Absence:
    """An absence that stands; of somebody for whom this person may speak."""
    known = Absence.objects.standing().select_related("person", "delegate")
    absence = get_object_or_404(known, pk=pk)
    if not may_enter_absence(absence.person, request.user) or absence.is_over(timezone.now()):
        raise Http404
    return absence


def said(absence: Absence) -> str:
    days = f"from {absence.first_day:%-d %B} to {absence.last_day:%-d %B}"
    if absence.delegate is None:
        return f"{absence.person.name} is away {days}; nobody is named to answer."
    return f"{absence.person.name} is away {days}; {absence.delegate.name} answers."
