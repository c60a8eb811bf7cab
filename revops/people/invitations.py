"""The link by which an admitted person chooses their first password."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse

from revops.people.models import User


def invitation_path(person_id: int) -> str:
    """Return the path of the page that sets a person's password; it works until they did."""
    person = User.objects.get(pk=person_id)
    return reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(person),
            "key": default_token_generator.make_token(person),
        },
    )
