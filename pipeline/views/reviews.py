"""The forecast review of a deal that was pushed again."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.views.decorators.http import require_http_methods

from pipeline.forms.reviews import ReviewForm
from pipeline.operations.reviews import review_forecast
from pipeline.permissions import check_can_review
from pipeline.views.shared import by_and_at, deal_or_404, done, show_act, version_in
from revops.people.actor import Actor
from revops.refusals import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_review(request, pk):
    """Say what becomes of the deal: keep it, forecast it lower, another date, or close it."""
    deal = deal_or_404(request, pk)
    check_can_review(deal, by=Actor.from_request(request))
    if not deal.is_open:
        raise Refused("This deal is closed.", code="closed")
    form, refused, status = ReviewForm(request.POST or None), None, 200
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            reviewed = review_forecast(
                deal=deal,
                outcome=typed["outcome"],
                note=typed["note"],
                asked=form.asked(),
                version=version_in(request),
                **by_and_at(request),
            )
        except Refused as exc:
            refused, status = beside(form, exc), exc.status
        else:
            return done(request, reviewed, f"The forecast of {reviewed.name} is reviewed.")
    context = {
        "form": form,
        "refused": refused,
        "title": f"Review the forecast of {deal.name}",
        "template": "pipeline/_review_form.html",
    }
    return show_act(request, deal, context, status=422 if form.errors else status)


def beside(form: ReviewForm, refused: Refused) -> Refused | None:
    """Put what is missing beside its field; what has none stays above the form."""
    rest = []
    for fault in refused.missing:
        if fault.key in form.fields:
            form.add_error(fault.key, fault.sentence)
        else:
            rest.append(fault)
    return refused if rest or not refused.missing else None
