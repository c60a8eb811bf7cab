"""How one decides, beside peers: a page of one's own, which administrators may open too."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dealdesk.calibration import ENOUGH, calibration_of, check_can_see, deciders
from revops.people.models import Role, User
from revops.refusals import NotAllowed


@login_required
@require_safe
def approval_calibration(request, person: int | None = None) -> HttpResponse:
    """One's own, or with a number that of somebody else."""
    shown = request.user if person is None else get_object_or_404(User, pk=person)
    try:
        check_can_see(shown, by=request.user)
    except NotAllowed:
        raise Http404 from None
    at = timezone.now()
    context = {
        "shown": calibration_of(shown, at),
        "is_own": shown.pk == request.user.pk,
        "enough": ENOUGH,
        "others": deciders(at) if request.user.has_role(Role.REVOPS_ADMIN) else [],
    }
    return render(request, "dealdesk/approval_calibration.html", context)
