"""Asking somebody more than the policy asks."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dealdesk import operations
from dealdesk.forms.adding import AddForm
from dealdesk.views.requests import show
from dealdesk.views.shared import by_and_at, request_or_404
from revops.refusals import Refused


@login_required
@require_POST
def request_add(request, pk) -> HttpResponse:
    """Add an approver to a request that waits."""
    asked, form = request_or_404(request, pk), AddForm(request.POST)
    try:
        if not form.is_valid():
            raise Refused("Choose a colleague, and say why.", code="incomplete")
        slot = operations.add_approver(request=asked, **form.cleaned_data, **by_and_at(request))
    except Refused as refused:
        return show(request, request_or_404(request, pk), refused=refused)
    messages.success(request, f"{slot.person.name} is asked now, by mail too.")
    return redirect(asked)
