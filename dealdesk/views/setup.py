"""The first page of a new installation, open until the company is set up and never again."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from dealdesk.operations.setting_up import is_set_up, set_up_company
from dealdesk.policyinwords import policy_words
from dealdesk.presets import PRESETS
from revops.company.models import validate_currency
from revops.people.actor import Actor, Via
from revops.refusals import Refused

CURRENCIES = ["EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "CAD", "AUD", "JPY"]


class SetupForm(forms.Form):
    name = forms.CharField(label="Company", max_length=120)
    currency = forms.CharField(
        max_length=3,
        initial="EUR",
        help_text="Three letters. Money rules compare in it.",
        widget=forms.TextInput({"list": "currencies", "autocapitalize": "characters"}),
    )
    zone = forms.ChoiceField(label="Time zone", initial="UTC")
    administrator = forms.CharField(
        label="Your name", max_length=150, widget=forms.TextInput({"autocomplete": "name"})
    )
    email = forms.EmailField(
        label="Your e-mail address", widget=forms.EmailInput({"autocomplete": "email"})
    )
    password = forms.CharField(
        widget=forms.PasswordInput({"autocomplete": "new-password"}, render_value=False),
        strip=False,
        help_text="Twelve characters at least.",
    )
    preset = forms.ChoiceField(
        label="Policy", choices=[(key, policy.name) for key, policy in PRESETS.items()]
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = [(zone, zone) for zone in sorted(available_timezones())]

    def clean_currency(self):
        currency = self.cleaned_data["currency"].strip().upper()
        validate_currency(currency)
        return currency

    def clean_password(self):
        validate_password(self.cleaned_data["password"])
        return self.cleaned_data["password"]


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def company_setup(request):
    if is_set_up():
        raise Http404
    form = SetupForm(request.POST or None, initial={"preset": "as_in_the_sources"})
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            person = set_up_company(
                **form.cleaned_data, by=Actor.system(Via.SYSTEM), at=timezone.now()
            )
        except Refused as exc:
            refused = exc
        else:
            messages.success(request, f"Everything is ready, {person.short_name}. Sign in.")
            return redirect("account_login")
    context = {
        "form": form,
        "refused": refused,
        "presets": [
            {
                "key": key,
                "policy": policy,
                "sections": policy_words(policy, form["currency"].value() or "EUR")[:5],
                "is_chosen": form["preset"].value() == key,
            }
            for key, policy in PRESETS.items()
        ],
        "currencies": CURRENCIES,
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "dealdesk/setup.html", context, status=status)
