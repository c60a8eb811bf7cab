"""Who takes part on both sides, what happened, what comes next, and the files."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST

from pipeline import operations
from pipeline.forms import (
    ActivityForm,
    AttachmentForm,
    ContactLinkForm,
    MemberForm,
    NextStepForm,
)
from pipeline.permissions import check_can_change, check_can_reassign
from pipeline.views.shared import by_and_at, deal_or_404, done, is_swap, show_act
from pipeline.views.showing import deal_context
from revops.people.actor import Actor
from revops.refusals import Refused
from revops.work.models import Attachment
from revops.work.operations import attach_file, remove_attachment


def answer_form(request, deal, name: str, form, template: str, refused=None, status=422):
    """A form within the deal page that was refused: itself again, or the page with it in place."""
    if is_swap(request):
        context = {"deal": deal, f"{name}_form": form, "refused": refused}
        return render(request, template, context, status=status)
    context = deal_context(request, deal, bound={name: form})
    context["refused"] = refused
    return render(request, "pipeline/deal_detail.html", context, status=status)


@login_required
@require_POST
def deal_activity_log(request, pk):
    deal = deal_or_404(request, pk)
    form = ActivityForm(request.POST)
    refused, status = None, 422
    if form.is_valid():
        try:
            operations.log_activity(deal=deal, **form.cleaned_data, **by_and_at(request))
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            return done(request, deal, "Written down.")
    return answer_form(request, deal, "activity", form, "pipeline/_composer.html", refused, status)


@login_required
@require_POST
def deal_next_step(request, pk):
    deal = deal_or_404(request, pk)
    form = NextStepForm(request.POST)
    refused, status = None, 422
    if form.is_valid():
        try:
            operations.plan_next_step(deal=deal, **form.cleaned_data, **by_and_at(request))
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            planned = form.cleaned_data["next_step"]
            return done(request, deal, "Planned." if planned else "Nothing is planned any more.")
    return answer_form(
        request, deal, "next_step", form, "pipeline/_next_step.html", refused, status
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_contact_link(request, pk):
    deal = deal_or_404(request, pk)
    check_can_change(deal, by=Actor.from_request(request))
    form = ContactLinkForm(request.POST or None, deal=deal)
    refused, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            contact = contact_meant(request, deal, form)
            role = form.cleaned_data["role"]
            operations.link_contact(deal=deal, contact=contact, role=role, **by_and_at(request))
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            return done(request, deal, f"{contact.name} takes part in the deal now.")
    context = {
        "form": form,
        "refused": refused,
        "title": "Link a contact",
        "lead": f"Somebody at {deal.account or 'the buyer'} who takes part in {deal.name}.",
        "submit": "Link",
        "template": "pipeline/_contact_form.html",
    }
    return show_act(request, deal, context, status=422 if form.errors else status)


def contact_meant(request, deal, form):
    """The contact that was chosen, or the new one that was described."""
    facts = dict(form.cleaned_data)
    chosen = form.known.get(facts.pop("contact"))
    facts.pop("role")
    if chosen:
        return chosen
    return operations.create_contact(account=deal.account, **facts, **by_and_at(request))


@login_required
@require_POST
def deal_contact_unlink(request, pk, link):
    deal = deal_or_404(request, pk)
    linked = get_object_or_404(deal.deal_contacts.select_related("contact", "deal"), pk=link)
    operations.unlink_contact(deal_contact=linked, **by_and_at(request))
    return done(request, deal, f"{linked.contact.name} is off the deal.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_member_add(request, pk):
    deal = deal_or_404(request, pk)
    check_can_reassign(deal, by=Actor.from_request(request))
    form = MemberForm(request.POST or None, deal=deal)
    refused, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            member = operations.add_member(deal=deal, **form.cleaned_data, **by_and_at(request))
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            return done(request, deal, f"{member.person.name} is on the deal team.")
    context = {
        "form": form,
        "refused": refused,
        "title": "Add to the deal team",
        "lead": f"They see {deal.name} from now on, and are told.",
        "submit": "Add",
    }
    return show_act(request, deal, context, status=422 if form.errors else status)


@login_required
@require_POST
def deal_member_remove(request, pk, member):
    deal = deal_or_404(request, pk)
    found = get_object_or_404(deal.members.select_related("person", "deal"), pk=member)
    operations.remove_member(member=found, **by_and_at(request))
    return done(request, deal, f"{found.person.name} is off the deal team.")


@login_required
@require_POST
def deal_attach(request, pk):
    deal = deal_or_404(request, pk)
    check_can_change(deal, by=Actor.from_request(request))
    form = AttachmentForm(request.POST, request.FILES)
    refused, status = None, 422
    if form.is_valid():
        try:
            kept = attach(request, deal, form)
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            return done(request, deal, f"{kept} is attached.")
    return answer_form(
        request, deal, "attachment", form, "pipeline/_attachment_form.html", refused, status
    )


def attach(request, deal, form) -> str:
    """Keep the file; the signed contract also answers what the win asks."""
    file, kind = form.cleaned_data["file"], form.cleaned_data["kind"]
    if kind == "signed_contract":
        evidence = {"signed_contract": file}
        operations.fill_items(deal=deal, evidence=evidence, **by_and_at(request))
        return "The signed contract"
    return attach_file(file=file, about=deal, kind=kind, **by_and_at(request)).name


@login_required
@require_POST
def deal_attachment_remove(request, pk, file):
    deal = deal_or_404(request, pk)
    check_can_change(deal, by=Actor.from_request(request))
    found = get_object_or_404(Attachment.objects.about(deal), pk=file)
    remove_attachment(attachment=found, **by_and_at(request))
    return done(request, deal, f"{found.name} is no longer shown.")
