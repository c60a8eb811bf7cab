"""What is known of a demo request before it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from dealdesk.demo.offers import Judged
from revops.ledger.chain import Subject

if TYPE_CHECKING:
    from dealdesk.demo.drafting import DealDraft, QuoteDraft
    from dealdesk.demo.quoting import Quoting


@dataclass
class Answer:
    """What one person of a group says, and when."""

    verdict: str
    at: datetime
    via: str = "web"
    reason: str = ""


@dataclass
class Request:
    """One attempt while it is being written."""

    id: int
    chunk: Quoting
    deal: DealDraft
    quote: QuoteDraft
    judged: Judged
    at: datetime
    wish: str
    until: datetime
    snapshot: int = 0
    why: str = ""
    in_return: list[str] = field(default_factory=list)
    in_return_note: str = ""
    needed_by: date | None = None
    needed_cause: str = ""
    deciders: list[int] = field(default_factory=list)
    status: str = "pending"
    ended_reason: str = ""
    decided_at: datetime | None = None

    @property
    def subject(self) -> Subject:
        return ("approvalrequest", self.id)

    @property
    def related(self) -> list[Subject]:
        return [("deal", self.deal.id), ("quote", self.quote.id)]
