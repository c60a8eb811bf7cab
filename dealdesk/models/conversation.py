"""What is said about a request while people decide on it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from dealdesk.models.requests import ApprovalRequest
from dealdesk.models.slots import ApprovalSlot


class RequestMessage(models.Model):
    """A comment, a question of somebody who is asked, or the answer to it. Never changes."""

    class Kind(models.TextChoices):
        COMMENT = "comment", "Comment"
        QUESTION = "question", "Question"
        ANSWER = "answer", "Answer"

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=10, choices=Kind)
    body = models.TextField()
    slot = models.ForeignKey(
        ApprovalSlot,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="questions",
        help_text="Whose clock a question stopped.",
    )
    question = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="answer"
    )
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    via = models.CharField(max_length=10)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(body=""), name="dealdesk_message_says_something"),
            models.CheckConstraint(
                condition=Q(kind="question", slot__isnull=False)
                | (~Q(kind="question") & Q(slot=None)),
                name="dealdesk_message_question_has_slot",
            ),
            models.CheckConstraint(
                condition=Q(kind="answer", question__isnull=False)
                | (~Q(kind="answer") & Q(question=None)),
                name="dealdesk_message_answer_has_question",
            ),
        ]
        indexes = [
            models.Index(fields=["request", "id"], name="dealdesk_message_of_request"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.written_by}"

    @property
    def is_open_question(self) -> bool:
        return self.kind == self.Kind.QUESTION and not hasattr(self, "answer")
