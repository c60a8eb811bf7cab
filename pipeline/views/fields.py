"""Settings → Fields: what the company keeps of its records beside what ships."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline.forms.fields import ENTITIES, FieldForm, NewFieldForm
from pipeline.views.deals import put_beside, status_of
from pipeline.views.shared import by_and_at, version_in
from revops.company.models import FieldDefinition
from revops.company.operations import (
    archive_field,
    change_field,
    define_field,
    order_fields,
    restore_field,
)
from revops.company.permissions import check_can_administer
from revops.company.registry import uses_of
from revops.people.actor import Actor
from revops.refusals import Refused


def administered(request) -> None:
    check_can_administer(Actor.from_request(request))


def field_or_404(number: int) -> FieldDefinition:
    return get_object_or_404(FieldDefinition, pk=number)


@login_required
@require_safe
def field_list(request):
    """The fields of one kind of record, in their order."""
    administered(request)
    entity = request.GET.get("of", "deal")
    if entity not in dict(ENTITIES):
        raise Http404
    rows = list(FieldDefinition.objects.filter(entity=entity).order_by("position", "pk"))
    standing = [row for row in rows if row.archived_at is None]
    for row in standing:
        row.places = uses_of(row)
    address = reverse("pipeline:field-list")
    context = {
        "tabs": [
            {"label": label, "url": f"{address}?of={key}", "current": key == entity}
            for key, label in ENTITIES
        ],
        "entity": entity,
        "noun": dict(ENTITIES)[entity].lower(),
        "fields": standing,
        "archived": [row for row in rows if row.archived_at is not None],
    }
    return render(request, "pipeline/settings/field_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def field_define(request):
    administered(request)
    data = request.POST if request.method == "POST" else None
    form = NewFieldForm(data, initial={"entity": request.GET.get("of", "deal"), "kind": "text"})
    refused = None
    if data is not None and form.is_valid():
        try:
            field = define_field(**form.facts(), **by_and_at(request))
        except Refused as exc:
            refused = None if put_beside(form, exc) else exc
        else:
            messages.success(request, f"{field.label} is added.")
            return redirect(back_to(field.entity))
    return show_form(request, form, refused, "New field", submit="Add the field")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def field_change(request, number):
    field = field_or_404(number)
    administered(request)
    data = request.POST if request.method == "POST" else None
    names = ("label", "help_text", "is_searchable")
    initial = {name: getattr(field, name) for name in names}
    form = FieldForm(data, definition=field, initial=initial)
    refused = None
    if data is not None and form.is_valid():
        asked = {"changes": form.changes(), "version": version_in(request), **by_and_at(request)}
        try:
            change_field(definition=field, **asked)
        except Refused as exc:
            refused = None if put_beside(form, exc) else exc
        else:
            messages.success(request, f"{field.label} is changed.")
            return redirect(back_to(field.entity))
    return show_form(request, form, refused, field.label, field=field, submit="Save")


def back_to(entity: str) -> str:
    return f"{reverse('pipeline:field-list')}?of={entity}"


def show_form(request, form, refused, title, *, field=None, submit):
    entity = field.entity if field else request.GET.get("of", "deal")
    context = {
        "form": form,
        "refused": refused,
        "title": title,
        "field": field,
        "places": uses_of(field) if field else [],
        "submit": submit,
        "back": back_to(entity if entity in dict(ENTITIES) else "deal"),
        "opened": timezone.now(),
    }
    status = status_of(form, refused)
    return render(request, "pipeline/settings/field_form.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def field_archive(request, number):
    """Say where the field is asked and how many values it has, then offer it no longer."""
    field = field_or_404(number)
    administered(request)
    places, refused = uses_of(field), None
    if request.method == "POST":
        known = bool(request.POST.get("although_required"))
        try:
            archive_field(definition=field, although_required=known, **by_and_at(request))
        except Refused as exc:
            refused = exc
        else:
            messages.success(request, f"{field.label} is archived. Its values are kept.")
            return redirect(back_to(field.entity))
    context = {"field": field, "places": places, "refused": refused, "back": back_to(field.entity)}
    status = refused.status if refused else 200
    return render(request, "pipeline/settings/field_archive.html", context, status=status)


@login_required
@require_POST
def field_restore(request, number):
    field = field_or_404(number)
    administered(request)
    restore_field(definition=field, **by_and_at(request))
    messages.success(request, f"{field.label} is offered again, with the values it kept.")
    return redirect(back_to(field.entity))


@login_required
@require_POST
def field_move(request, number):
    """Move a field one place up or down among those of its kind of record."""
    field = field_or_404(number)
    administered(request)
    rows = FieldDefinition.objects.filter(entity=field.entity, archived_at=None)
    keys = list(rows.order_by("position", "pk").values_list("key", flat=True))
    if field.key in keys:
        place = keys.index(field.key)
        other = place + (-1 if request.POST.get("to") == "up" else 1)
        if 0 <= other < len(keys):
            keys[place], keys[other] = keys[other], keys[place]
            order_fields(entity=field.entity, keys=keys, **by_and_at(request))
    return redirect(f"{back_to(field.entity)}#field-{field.pk}")
