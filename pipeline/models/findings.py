"""How many open deals of each owner have which finding: kept counts, and marks on them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from pipeline.models.deals import Deal


class FindingFrame(models.Model):
    """The limits and the span of time between whose ends the kept counts hold."""

    made_at = models.DateTimeField()
    limits = models.JSONField(help_text="What deals were judged by when it was made.")

    def __str__(self) -> str:
        return f"frame of {self.made_at:%Y-%m-%d %H:%M}"


class FindingTally(models.Model):
    """The open deals of one owner, in one currency, whose findings stand while a frame lasts."""

    # A frame goes by itself; without it none of its tallies holds.
    frame = models.ForeignKey(
        FindingFrame,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    currency = models.CharField(max_length=3)
    counts = models.JSONField(
        help_text="How many are open, have each kind of finding, have any problem."
    )
    amount = models.DecimalField(
        max_digits=20, decimal_places=2, help_text="Of those with any problem."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["frame", "owner", "currency"],
                name="pipeline_finding_tally_one_per_currency",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner} in {self.currency}"


class TurningDeal(models.Model):
    """An open deal whose findings time or a limit may change while the frame lasts.

    It is in no tally: whoever reads judges it at the moment of reading.
    """

    # Neither is asked for when a deal or a person goes: a row that leads nowhere finds nothing.
    deal = models.ForeignKey(
        Deal,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
    )

    def __str__(self) -> str:
        return f"deal {self.deal_id}"


class FindingMark(models.Model):
    """An owner some of whose deals changed since they were counted; the database adds it.

    Only ever added, so that nobody waits for anybody: an owner may have many.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
    )

    def __str__(self) -> str:
        return f"deals of {self.owner_id}"
