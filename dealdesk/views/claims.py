"""Saying that one is on an approval, and that one is not any more."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dealdesk import operations
from dealdesk.views.shared import by_and_at, slot_or_404
from revops.refusals import Conflict


@login_required
@require_POST
def approval_claim(request, pk) -> HttpResponse:
    return settle(request, pk, operations.claim_approval, "The others see that you are on it.")


@login_required
@require_POST
def approval_release(request, pk) -> HttpResponse:
    return settle(request, pk, operations.release_approval, "The others see that it is free.")


def settle(request, pk, operation, said: str) -> HttpResponse:
    """Do it and go back to the page it was asked from."""
    slot = slot_or_404(request, pk)
    try:
        operation(slot=slot, **by_and_at(request))
    except Conflict as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, said)
    return redirect("dealdesk:approval-inbox" if "inbox" in request.POST else slot)
