"""A counter-offer as the pages of its request show it."""

from __future__ import annotations

from dataclasses import dataclass

from dealdesk.comparing import Compared, compared_fully
from dealdesk.drafts import build_rows
from dealdesk.models import ApprovalRequest, CounterOffer, Quote
from dealdesk.operations.counters import patched_draft
from dealdesk.permissions import check_can_answer_offer, check_can_quote
from dealdesk.policy import policy_from_json
from dealdesk.previewing import Preview, preview_rows
from dealdesk.terms import from_canonical
from dealdesk.views.shared import why_not
from dealdesk.wording import listed
from revops.people.actor import Actor
from revops.refusals import Refused


@dataclass(frozen=True)
class Offer:
    """A counter-offer as its request shows it."""

    counter: CounterOffer
    rows: list[Compared]
    preview: Preview | None
    cannot: str
    sells: bool

    @property
    def leads_to(self) -> str:
        """What accepting it would lead to, in a sentence."""
        if self.preview is None:
            return ""
        asked = [g for s in self.preview.steps for g in s.groups if g.carried is None]
        if not asked:
            return "Accepted, it is approved at once."
        people = listed(dict.fromkeys(person.name for group in asked for person in group.people))
        return f"Accepted, it still asks {listed(g.label for g in asked)} ({people})."


def offer_of(asked: ApprovalRequest, by: Actor, at) -> Offer | None:
    """The counter-offer that a request was returned with, if it was."""
    found = CounterOffer.objects.filter(decision__slot__step__request=asked).select_related(
        "decision__decided_by", "decision__revocation", "answered_by", "decision__slot__step"
    )
    counter = found.first()
    if counter is None:
        return None
    counter.decision.slot.step.request = asked
    policy = policy_from_json(asked.policy.body)
    rows = compared_fully(from_canonical(asked.snapshot.body), from_canonical(counter.body), policy)
    cannot = why_not(check_can_answer_offer, counter, asked, by=by, at=at)
    sells = not why_not(check_can_quote, asked.deal, by=by)
    preview = foretold(counter, asked, by, at) if sells and not cannot else None
    return Offer(counter, rows, preview, cannot, sells)


def foretold(counter: CounterOffer, asked: ApprovalRequest, by: Actor, at) -> Preview | None:
    quote = Quote.objects.select_related("deal__account", "deal__owner").get(pk=asked.quote_id)
    try:
        draft = patched_draft(counter, asked)
        return preview_rows(build_rows(quote, draft), submitter=by.user, at=at)
    except Refused:
        return None
