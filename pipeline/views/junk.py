"""Settings → Junk values: the placeholders that count as nothing where evidence is asked."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from pipeline.forms.fields import JunkForm
from pipeline.junk import plain
from pipeline.junkwords import deals_saying
from pipeline.models import JunkWord
from pipeline.operations.junk import add_junk_word, retire_junk_word
from pipeline.views.deals import put_beside, status_of
from pipeline.views.fields import administered
from pipeline.views.shared import by_and_at
from revops.refusals import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def junk_list(request):
    """The words; adding one first says how many open deals it would change."""
    administered(request)
    data = request.POST if request.method == "POST" else None
    form, tried, refused = JunkForm(data), None, None
    if data is not None and form.is_valid():
        text = form.cleaned_data["text"]
        if "try" in request.POST and plain(text):
            tried = {"text": plain(text), "deals": len(deals_saying(plain(text)))}
        else:
            try:
                word = add_junk_word(text=text, **by_and_at(request))
            except Refused as exc:
                refused = None if put_beside(form, exc) else exc
            else:
                messages.success(request, f"“{word.text}” counts as nothing now.")
                return redirect("pipeline:junk-list")
    words = list(JunkWord.objects.select_related("added_by").order_by("text"))
    context = {
        "form": form,
        "tried": tried,
        "refused": refused,
        "words": [word for word in words if word.retired_at is None],
        "retired": [word for word in words if word.retired_at is not None],
    }
    status = status_of(form, refused)
    return render(request, "pipeline/settings/junk_list.html", context, status=status)


@login_required
@require_POST
def junk_retire(request, number):
    """Let a word count as an answer again."""
    administered(request)
    word = get_object_or_404(JunkWord, pk=number)
    retire_junk_word(word=word, **by_and_at(request))
    messages.success(request, f"“{word.text}” counts as an answer again.")
    return redirect("pipeline:junk-list")
