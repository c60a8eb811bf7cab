from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class TokenQuerySet(models.QuerySet["Token"]):
    def standing(self) -> TokenQuerySet:
        return self.filter(revoked_at=None)


class Token(models.Model):
    """A person's key to the API. Only its hash is kept; it is shown once, when it is made."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_tokens"
    )
    name = models.CharField(max_length=100, blank=True, help_text="What it is used for.")
    token_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12, help_text="How the token begins, to tell it by.")

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = TokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=False) | Q(revoked_by=None),
                name="apikeys_token_revocation_has_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hint}… of {self.person}"


class IdempotencyKey(models.Model):
    """One request that must not happen twice: claimed before it runs, answered after.

    A row without an answer is a request at work, or one whose process died on the way.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    path = models.CharField(max_length=500)
    request_hash = models.CharField(max_length=64)
    claimed_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    answered_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "key"], name="apikeys_idempotency_one_per_person_and_key"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, status=None)
                | Q(answered_at__isnull=False, status__isnull=False),
                name="apikeys_idempotency_answer_has_when",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="apikeys_idempotency_expiring")]

    def __str__(self) -> str:
        return f"{self.key} of {self.person}"
