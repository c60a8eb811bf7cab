"""The forecast review of a deal that was pushed again."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.views.decorators.http import require_http_methods

from pipeline.forms.reviews import ReviewForm
from pipeline.models import Deal
from pipeline.operations.close_dates import FORECAST_REVIEW
from pipeline.operations.reviews import review_forecast
from pipeline.permissions import check_can_review
from pipeline.views.shared import by_and_at, deal_or_404, done, show_act, version_in, why_not
from revops.people.actor import Actor
from revops.refusals import Refused
from revops.work.models import Task


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_review(request, pk):
    """Say what becomes of the deal: keep it, forecast it lower, another date, or close it."""
    deal = deal_or_404(request, pk)
    by = Actor.from_request(request)
    if request.method != "POST" and is_owner_waiting(request, deal):
        return show_who_reviews(request, deal)
    check_can_review(deal, by=by)
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


def is_owner_waiting(request, deal: Deal) -> bool:
    """Whether this is the owner, who is told of the push and may not review it."""
    return deal.owner_id == request.user.pk and bool(
        why_not(check_can_review, deal, by=Actor.from_request(request))
    )


def show_who_reviews(request, deal: Deal):
    """Tell the owner whose turn it is; the finding on their page leads here."""
    tasks = Task.objects.open().about(deal).filter(kind=FORECAST_REVIEW)
    task = tasks.select_related("assignee").order_by("pk").first()
    whose = "Your manager" if task is None or task.assignee is None else task.assignee.name
    lead = (
        f"{whose} is asked what becomes of its forecast, since its close date was pushed "
        f"{deal.push_count} times. Write down on the deal what speaks for the new date: it is "
        "read before the answer."
    )
    title = f"Who reviews the forecast of {deal.name}"
    return show_act(request, deal, {"title": title, "lead": lead, "nothing_to_do": True})


def beside(form: ReviewForm, refused: Refused) -> Refused | None:
    """Put what is missing beside its field; what has none stays above the form."""
    rest = []
    for fault in refused.missing:
        if fault.key in form.fields:
            form.add_error(fault.key, fault.sentence)
        else:
            rest.append(fault)
    return refused if rest or not refused.missing else None
