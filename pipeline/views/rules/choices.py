"""The pick lists: what people choose from when they say where, why later, and why lost."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline.forms.rules import LISTS, ChoiceForm
from pipeline.models import Choice
from pipeline.operations import choices
from pipeline.views.rules.shared import answer, for_administrators
from pipeline.views.shared import by_and_at, is_swap
from revops.refusals import Refused


@for_administrators
@require_safe
def choice_lists(request):
    offered = Choice.objects.filter(retired_at=None)
    keys = [*offered.values_list("list", flat=True)]
    rows = [(key, *words, keys.count(key)) for key, words in LISTS.items()]
    return answer(request, "choice_lists.html", {"rows": rows})


def check_list(list_: str) -> None:
    if list_ not in LISTS:
        raise Http404


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def choice_list(request, list):
    """One list; posting adds a value to it."""
    check_list(list)
    if request.method != "POST":
        return show_list(request, list)
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return show_list(request, list, form=form, status=422)
    facts = {"list": list, "label": form.cleaned_data["label"]}
    return carried(request, list, choices.add_choice, facts, form=form)


def carried(request, list_: str, operation, facts: dict, form=None, renaming=None):
    try:
        operation(**facts, **by_and_at(request))
    except Refused as refused:
        placed = bool(form and form.mark(refused)) or bool(renaming and renaming[1].mark(refused))
        return show_list(
            request,
            list_,
            form=form,
            renaming=renaming,
            refused=None if placed else refused,
            status=refused.status,
        )
    if is_swap(request):
        return show_list(request, list_)
    messages.success(request, "Saved.")
    return redirect("pipeline:choice-list", list_)


def show_list(request, list_: str, *, form=None, renaming=None, refused=None, status=200):
    rows = [*Choice.objects.filter(list=list_).order_by("position", "pk")]
    key, typed = renaming or ("", None)
    context = {
        "list": list_,
        "title": LISTS[list_][0],
        "lead": LISTS[list_][1],
        "offered": [
            {"choice": row, "form": typed if row.key == key else rename_form(row)}
            for row in rows
            if not row.retired_at
        ],
        "retired": [row for row in rows if row.retired_at],
        "form": form or ChoiceForm(),
        "renaming": key,
        "refused": refused,
    }
    return answer(request, "choice_list.html", context, part="_choices.html", status=status)


def rename_form(choice: Choice) -> ChoiceForm:
    return ChoiceForm(initial={"label": choice.label}, auto_id=f"choice-{choice.key}-%s")


@for_administrators
@require_POST
def choice_rename(request, list, key):
    check_list(list)
    choice = get_object_or_404(Choice, list=list, key=key)
    form = ChoiceForm(request.POST, auto_id=f"choice-{key}-%s")
    if not form.is_valid():
        return show_list(request, list, renaming=(key, form), status=422)
    facts = {"choice": choice, "label": form.cleaned_data["label"]}
    return carried(request, list, choices.rename_choice, facts, renaming=(key, form))


@for_administrators
@require_POST
def choice_order(request, list):
    """One value up, down, out of use or back."""
    check_list(list)
    for word, operation, more in (
        ("up", choices.shift_choice, {"places": -1}),
        ("down", choices.shift_choice, {"places": 1}),
        ("retire", choices.retire_choice, {}),
        ("restore", choices.restore_choice, {}),
    ):
        if key := request.POST.get(word):
            choice = get_object_or_404(Choice, list=list, key=key)
            return carried(request, list, operation, {"choice": choice, **more})
    if keys := request.POST.getlist("value"):
        return carried(request, list, choices.order_choices, {"list": list, "keys": keys})
    return show_list(request, list, status=422)
