"""The records that the endpoints are asked for, and bodies that are files."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from dealdesk.operations import ask_submitter, counter_offer
from dealdesk.patches import LinePatch, Patch
from pipeline.models import Choice, GateDebt
from pipeline.operations import add_member
from revops.work.operations import attach_file
from tests.factories.dealdesk import AT, decide, make_product, make_quote, slot_of, submit
from tests.factories.people import by, make_person
from tests.factories.pipeline import complete, make_account, make_contact, make_deal, stage
from tests.pipeline.forecasting.making import make_call, make_quota


@dataclass(frozen=True)
class Upload:
    """A body that is a form with a file."""

    name: str

    def sent(self, caller, path):
        file = ContentFile(b"%PDF-1.4", name=self.name)
        return caller.client.post(f"/api/v1/{path}", {"file": file})


@dataclass
class Office:
    """The records that the endpoints are asked for; the deal is Rita's."""

    account: Any
    contact: Any
    deal: Any
    quote: Any
    slot: Any
    decided: Any
    asked: Any
    countered: Any
    question: int
    exception: Any
    loss_reason: str
    push_reason: str
    successor: Any
    quota: Any
    call: Any
    debt: int
    link: int
    member: int
    file: int


def set_up(rep, vp, desk) -> Office:
    account = make_account(employees=50, owner=rep, source="crm", external_id="A-1")
    contact = make_contact(account, source="crm", external_id="C-1")
    make_product()
    deal = complete(
        make_deal(rep, account=account, stage="discovery", source="crm", external_id="D-1")
    )
    asked = submit(make_quote(rep, 25, deal=deal))
    other = submit(make_quote(rep, 25, deal=make_deal(rep, "Second", account=account)))
    decide(other, vp)
    keys = Choice.objects.order_by("position")
    return Office(
        account=account,
        contact=contact,
        deal=deal,
        quote=asked.quote,
        slot=slot_of(asked, vp),
        decided=slot_of(other, vp),
        asked=asked,
        countered=countered(rep, vp, account),
        question=ask_submitter(slot=slot_of(asked, vp), body="Seats?", by=by(vp), at=AT).pk,
        exception=asked.exceptions.get(),
        loss_reason=keys.filter(list="loss_reason")[0].key,
        push_reason=keys.filter(list="push_reason")[0].key,
        quota=make_quota(rep),
        call=make_call(rep),
        successor=make_person("Nils Next", roles=["rep"], manager=rep.manager),
        debt=owed_on(deal).pk,
        link=deal.deal_contacts.first().pk,
        member=add_member(deal=deal, person=desk, by=by(rep), at=AT).pk,
        file=attach_file(file=ContentFile(b"x", "x.txt"), about=deal, by=by(rep), at=AT).pk,
    )


def countered(rep, vp, account):
    """A request that came back with a counter-offer."""
    asked = submit(make_quote(rep, 25, deal=make_deal(rep, "Third", account=account)))
    key = asked.quote.lines.get().key
    counter_offer(
        slot=slot_of(asked, vp),
        patch=Patch(lines=(LinePatch(key, Decimal(15)),)),
        reason="So much",
        digest=asked.snapshot.digest,
        by=by(vp),
        at=AT,
    )
    return asked


def owed_on(deal):
    """Something that a skipped stage is owed."""
    return GateDebt.objects.create(
        deal=deal,
        stage=stage("qualified"),
        item_key="redlines",
        label="Redlines",
        reason="Known",
        owner=deal.owner,
        incurred_at=AT,
    )
