"""Who calls the API: `Authorization: Bearer ddk_…`, or the session of the site."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from revops.apikeys.models import Token
from revops.apikeys.operations import hash_of, note_use
from revops.people.actor import Actor, Via
from revops.people.models import User


class TokenAuthentication(BaseAuthentication):
    """A token of a person who may sign in today; every other one is refused alike."""

    keyword = "Bearer"

    def authenticate(self, request) -> tuple[User, Token] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword.lower().encode():
            return None
        token = standing_token(parts[1].decode("latin-1")) if len(parts) == 2 else None
        if token is None:
            raise AuthenticationFailed("This token is not valid.")
        by = Actor.from_request(request._request, via=Via.API)
        note_use(token=token, by=by, at=timezone.now())
        return token.person, token

    def authenticate_header(self, request) -> str:
        return self.keyword


def standing_token(secret: str) -> Token | None:
    """The token, while its person may sign in.

    One made before the person's present admission is dead: who comes back begins anew.
    """
    found = Token.objects.standing().filter(token_hash=hash_of(secret)).select_related("person")
    token = found.prefetch_related("person__role_grants").first()
    if token is None or not token.person.is_active:
        return None
    admitted_at = token.person.admitted_at
    return token if admitted_at and token.created_at >= admitted_at else None
