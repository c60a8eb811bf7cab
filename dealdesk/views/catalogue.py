"""The catalogue of terms: the ladder of each, and legal's checklist."""

from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealdesk.forms.cases import NewTermForm, RungForm, TermCatalogueForm
from dealdesk.inputs import policy_in_force
from dealdesk.models import (
    BillingFrequency,
    NonStandardTerm,
    PaperCheck,
    PaymentTerms,
    TermRung,
)
from dealdesk.operations import add_term, change_term
from dealdesk.operations.ladder import (
    add_paper_check,
    add_rung,
    change_rung,
    retire_paper_check,
    retire_rung,
)
from dealdesk.permissions import check_can_govern
from dealdesk.views.shared import by_and_at, version_in
from dealdesk.views.showing import role_name
from dealdesk.wordings import Offered, offered, with_ladder
from revops.people.actor import Actor
from revops.people.models import Role
from revops.refusals import Refused

SAVES = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_safe
def term_catalogue(request):
    """Every term with its ladder: our standard, the fallbacks, what else may be asked."""
    terms = with_ladder(NonStandardTerm.objects.order_by("category", "position", "name"))
    _, policy = policy_in_force()
    standing = [term for term in terms if term.retired_at is None]
    groups = [
        {
            "label": NonStandardTerm.Category(category).label,
            "terms": [row_of(term, policy.terms.adopted) for term in rows],
        }
        for category, rows in groupby(standing, key=lambda term: term.category)
    ]
    context = {
        "groups": groups,
        "retired": [term for term in terms if term.retired_at],
        "checks": PaperCheck.objects.standing(),
        "payment_terms": PaymentTerms.objects.filter(retired_at=None).order_by("net_days"),
        "billing": BillingFrequency.objects.filter(retired_at=None).order_by("pk"),
        "policy": policy,
        "may_change": request.user.has_role(Role.REVOPS_ADMIN),
    }
    return render(request, "dealdesk/term_catalogue.html", context)


def row_of(term: NonStandardTerm, adopted) -> dict:
    ladder: list[Offered] = offered(term)
    return {
        "term": term,
        "owners": ", ".join(role_name(role) for role in term.owner_roles),
        "is_standard": term.key in adopted,
        "fallbacks": [each for each in ladder if not each.is_prohibited],
        "prohibited": [each for each in ladder if each.is_prohibited],
        "is_closed": term.other_wording == NonStandardTerm.OtherWording.PROHIBITED,
    }


@login_required
@SAVES
def term_new(request):
    check_can_govern(by=Actor.from_request(request))
    form = NewTermForm(request.POST or None, initial={"other_wording": "asked"})
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            term = add_term(**form.cleaned_data, **by_and_at(request))
        except Refused as exc:
            refused = exc
        else:
            messages.success(request, f"{term.name} is in the catalogue.")
            return redirect("dealdesk:term-edit", term.pk)
    return term_page(request, None, form, refused)


@login_required
@SAVES
def term_edit(request, pk):
    check_can_govern(by=Actor.from_request(request))
    term = get_object_or_404(with_ladder(NonStandardTerm.objects), pk=pk)
    names = TermCatalogueForm.base_fields
    initial = {name: getattr(term, name) for name in names}
    form = TermCatalogueForm(request.POST or None, initial=initial)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            change_term(
                term=term,
                changes=form.cleaned_data,
                version=version_in(request),
                **by_and_at(request),
            )
        except Refused as exc:
            refused = exc
        else:
            messages.success(request, f"{term.name} is kept.")
            return redirect("dealdesk:term-edit", term.pk)
    return term_page(request, term, form, refused)


def term_page(request, term: NonStandardTerm | None, form, refused):
    context = {
        "term": term,
        "form": form,
        "refused": refused,
        "ladder": offered(term) if term else [],
        "is_closed": bool(term) and term.other_wording == NonStandardTerm.OtherWording.PROHIBITED,
        "owners": ", ".join(role_name(role) for role in term.owner_roles) if term else "",
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "dealdesk/term_edit.html", context, status=status)


@login_required
@require_POST
def term_retire(request, pk):
    return keep_term(request, pk, retired_at=timezone.now())


@login_required
@require_POST
def term_restore(request, pk):
    return keep_term(request, pk, retired_at=None)


def keep_term(request, pk, *, retired_at):
    """Offer a term on new quotes no longer, or again; quotes that have it keep it."""
    term = get_object_or_404(NonStandardTerm, pk=pk)
    change_term(term=term, changes={"retired_at": retired_at}, **by_and_at(request))
    said = "is offered no longer" if retired_at else "is offered again"
    messages.success(request, f"{term.name} {said}.")
    return redirect("dealdesk:term-catalogue")


# The ladder


@login_required
@SAVES
def rung_new(request, pk):
    term = get_object_or_404(NonStandardTerm, pk=pk)
    return rung_page(request, term, None)


@login_required
@SAVES
def rung_edit(request, pk):
    rung = get_object_or_404(TermRung.objects.standing().select_related("term"), pk=pk)
    return rung_page(request, rung.term, rung)


def rung_page(request, term: NonStandardTerm, rung: TermRung | None):
    """The form of one wording; saved, it stands on the ladder of its term."""
    check_can_govern(by=Actor.from_request(request))
    shown = {name: getattr(rung, name) for name in RungForm.base_fields} if rung else {}
    form = RungForm(request.POST or None, initial=shown)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            if rung is None:
                rung = add_rung(term=term, facts=form.facts, **by_and_at(request))
            else:
                version = version_in(request)
                change_rung(rung=rung, facts=form.facts, version=version, **by_and_at(request))
        except Refused as exc:
            refused = exc
        else:
            messages.success(request, f"“{form.cleaned_data['name']}” is on the ladder.")
            return redirect("dealdesk:term-edit", term.pk)
    context = {"term": term, "rung": rung, "form": form, "refused": refused}
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "dealdesk/rung_edit.html", context, status=status)


@login_required
@require_POST
def rung_retire(request, pk):
    rung = retire_rung(rung=get_object_or_404(TermRung, pk=pk), **by_and_at(request))
    messages.success(request, f"“{rung.name}” is off the ladder.")
    return redirect("dealdesk:term-edit", rung.term_id)


# Legal's checklist


@login_required
@require_POST
def paper_check_new(request):
    check_can_govern(by=Actor.from_request(request))
    try:
        add_paper_check(text=request.POST.get("text", ""), **by_and_at(request))
    except Refused as exc:
        messages.error(request, str(exc))
    return redirect("dealdesk:term-catalogue")


@login_required
@require_POST
def paper_check_retire(request, pk):
    retire_paper_check(line=get_object_or_404(PaperCheck, pk=pk), **by_and_at(request))
    return redirect("dealdesk:term-catalogue")
