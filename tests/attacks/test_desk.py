"""Attacks on the deal desk: offers, lent authority, stand-ins, policies, answers by mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from time import process_time

import pytest
from django.urls import reverse

from dealdesk import links
from dealdesk.answered import ReceivedMail, is_vouched_for
from dealdesk.models import (
    ApprovalSlot,
    CounterOffer,
    Decision,
    PolicyDraft,
    PolicyVersion,
    RequestMessage,
)
from dealdesk.operations import (
    counter_offer,
    decide_approval,
    publish_policy,
    recall_request,
    revise_quote,
    take_reply,
)
from dealdesk.operations.policydrafting import (
    acknowledge_finding,
    change_policy_draft,
    start_policy_draft,
)
from dealdesk.operations.policypublishing import standing_of
from dealdesk.patches import LinePatch, Patch
from dealdesk.policy import PriceBand, SamePerson, policy_from_json
from dealdesk.policyfiles import PolicyFile, read_policy_file, write_policy_file
from dealdesk.policyranges import out_of_range
from dealdesk.presets import AS_IN_THE_SOURCES
from pipeline.operations import reassign_deal
from revops import integrity
from revops.people.actor import Actor
from revops.people.models import Absence
from revops.people.operations import enter_absence, grant_role
from revops.refusals import NotAllowed, Refused
from revops.yamlfiles import BadFile
from tests.dealdesk.test_grants import ask, give, left
from tests.factories.dealdesk import (
    AT,
    HOUR,
    decide,
    line,
    make_quote,
    slot_of,
    small_account,
    submit,
    term,
)
from tests.factories.people import SYSTEM, by, make_person, signed_in
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db

TODAY = AT.date()
DAY = timedelta(days=1)


def in_force(**facts):
    policy = policy_from_json(PolicyVersion.objects.get(in_force=True).body)
    publish_policy(policy=replace(policy, **facts), label="Changed", by=SYSTEM, at=AT)


def away(person, delegate, first=TODAY, last=TODAY + 4 * DAY):
    return enter_absence(
        person=person, delegate=delegate, first_day=first, last_day=last, by=by(person), at=AT
    )


def offer(slot, percent, at=AT + HOUR):
    request = slot.step.request
    patch = Patch(lines=(LinePatch(request.quote.lines.get().key, Decimal(percent)),))
    return counter_offer(
        slot=slot,
        patch=patch,
        reason="No more than that",
        digest=request.snapshot.digest,
        by=by(slot.person),
        at=at,
    )


# Counter-offers


def test_counter_of_a_delegate_whose_absence_ended_is_refused(rep, vp, desk):
    absence = away(vp, desk)
    request = submit(make_quote(rep, 25))
    slot = slot_of(request, desk)
    Absence.objects.filter(pk=absence.pk).update(cancelled_at=AT + HOUR, cancelled_by=vp)

    with pytest.raises(NotAllowed, match="is back"):
        offer(slot, 20, at=AT + 2 * HOUR)
    assert not CounterOffer.objects.exists()


def test_counter_of_legal_does_not_slip_past_the_checklist(rep, desk, legal):
    """An accepted offer is legal's approval of it, and so asks for the ticks of one."""
    quote = make_quote(rep, lines=[line(5)], terms=[term("customer-paper", "")])
    request = submit(quote)

    with pytest.raises(Refused, match="checklist"):
        offer(slot_of(request, legal), 0)


# Lent authority


def test_manager_of_another_line_lends_no_authority_over_this_one(rep, manager, vp):
    """Two managers could otherwise let pass each other's people, and neither would be asked."""
    stranger = make_person("Mona Mayer", roles=["sales_manager"])
    give(stranger, rep, role="sales_manager", max_discount_percent=Decimal(15))

    request = ask(rep, 15)

    assert request.status == "pending"
    assert slot_of(request, manager).is_open


def test_vp_of_another_line_lends_nothing_of_a_managers(rep, manager, vp):
    stranger = make_person("Vito Varga", roles=["vp_sales"])
    give(stranger, rep, max_discount_percent=Decimal(15))

    assert ask(rep, 15).status == "pending"


def test_submitting_again_gives_back_what_the_last_revision_took(rep, vp, legal, desk):
    """One row of the budget is given back and drawn from in one submission."""
    grant = give(vp, rep)
    deal = make_deal(rep, "Acme", account=small_account())
    first = make_quote(rep, 25, deal=deal, terms=[term()])
    assert submit(first).status == "pending"
    taken = left(grant)

    second = revise_quote(quote=first, by=by(rep), at=AT)
    submit(second, at=AT + HOUR)

    assert left(grant) == taken
    assert integrity.findings() == []


# Who answers


def test_former_delegate_decides_nothing_after_another_was_named(rep, vp, desk, finance):
    absence = away(vp, desk)
    request = submit(make_quote(rep, 25))
    slot_of(request, desk)
    Absence.objects.filter(pk=absence.pk).update(delegate=finance)

    with pytest.raises(NotAllowed):
        decide(request, desk)


def test_answer_that_counts_elsewhere_does_not_skip_legals_checklist(rep, desk, legal):
    """Whoever is asked as desk and as legal ticks the checklist before either counts for legal."""
    in_force(same_person=SamePerson.CARRIED)
    grant_role(person=legal, role="deal_desk", by=SYSTEM, at=AT)
    request = submit(make_quote(rep, lines=[line()], terms=[term("customer-paper", "")]))
    slots = ApprovalSlot.objects.filter(step__request=request, person=legal)
    first = slots.exclude(role="legal").first()
    assert first is not None

    decide_approval(
        slot=first, verdict="approved", digest=request.snapshot.digest, by=by(legal), at=AT + HOUR
    )

    assert slots.filter(role="legal", state="carried_forward").count() == 0


def test_approval_given_for_who_owns_the_deal_by_now_is_not_carried(rep, vp, desk, legal, finance):
    """Finn approved for Vera; once the deal is hers, that answer is none."""
    make_person("Vito Varga", roles=["vp_sales"])
    away(vp, finance)
    quote = make_quote(rep, 25, terms=[term()])
    request = submit(quote)
    decide(request, finance)
    recall_request(request=request, by=by(rep), at=AT + HOUR)
    reassign_deal(deal=request.deal, owner=vp, reason="Hers", by=by(vp), at=AT + HOUR)

    again = revise_quote(quote=quote, by=by(vp), at=AT + HOUR)
    found = submit(again, by(vp), at=AT + 2 * HOUR)

    assert not ApprovalSlot.objects.filter(step__request=found, carried_from__isnull=False)


# Checklist


@pytest.mark.parametrize("number", ["²", "9" * 5000, "9" * 25, "\x00"])
def test_checklist_takes_no_strange_numbers(rep, desk, legal, number):
    request = submit(make_quote(rep, lines=[line()], terms=[term("customer-paper", "")]))

    page = reverse("dealdesk:request-checklist", args=[request.pk])

    assert signed_in(legal).post(page, {"line": number}).status_code in (302, 400, 422)


def test_checklist_leads_nowhere_else(rep, desk, legal):
    request = submit(make_quote(rep, lines=[line()], terms=[term("customer-paper", "")]))
    page = reverse("dealdesk:request-checklist", args=[request.pk])

    answer = signed_in(legal).post(page, {"next": "https://evil.example/"})

    assert answer.status_code == 302
    assert "evil.example" not in answer["Location"]


# Policies


def test_finding_acknowledged_once_is_not_meant_for_another_percentage(
    rep, manager, vp, desk, finance, legal, revops
):
    """“From 80 % nobody is asked” was meant; from 20 % it is another policy."""
    start_policy_draft(by=by(revops), at=AT)
    set_top(80, revops)
    key = "prices.gap.top.1"
    acknowledge_finding(key=key, note="Never happens", by=by(revops), at=AT)
    draft = PolicyDraft.objects.get()
    assert key in standing_of(draft, at=AT).acknowledged

    set_top(20, revops)

    faults = standing_of(PolicyDraft.objects.get(), at=AT).faults
    assert key in [each.key for each in faults]


def set_top(edge, person):
    """Let the largest discounts, from so many percent, ask nobody."""
    table, *rest = AS_IN_THE_SOURCES.prices
    below = tuple(band for band in table.bands if band.lower < edge)
    bands = (*below, PriceBand(Decimal(edge), ()))
    changes = {"prices": (replace(table, bands=bands), *rest)}
    change_policy_draft(changes=changes, by=by(person), at=AT)


# Policy files

GOOD = write_policy_file(PolicyFile(AS_IN_THE_SOURCES))


@pytest.mark.parametrize(
    "bad",
    [
        "name: !!bool maybe",
        "name: !!int ''",
        "name: !!timestamp later",
        'name: "\\ud800"',
        'name: "\\0"',
        'name: x\nnote: "\\0"',
        'name: x\nnote: "\\ud800"',
        'name: x\nacknowledged: {"a\\0": b}',
        'name: x\nacknowledged: {a: "b\\ud800"}',
        'name: x\n"\\ud800": y',
        "name: " + "9" * 5000,
        "name: &a [x]\nnote: *a",
        "name: " + "[" * 5000,
        "name: x\ntolerance_percent: 1.0e+99999999",
        "name: x\ntolerance_percent: 1.0e-99999999",
    ],
)
def test_policy_file_that_harms_is_refused_in_words(bad):
    text = "\n".join(
        row for row in GOOD.splitlines() if not row.startswith(("name:", "tolerance_percent:"))
    )

    with pytest.raises(BadFile) as refused:
        read_policy_file(f"{bad}\n{text}")

    assert all(len(each.encode()) < 1000 for each in refused.value.faults)


def test_many_keys_are_read_in_one_go():
    text = "\n".join(f"k{number}: 1" for number in range(20_000))
    started = process_time()

    with pytest.raises(BadFile):
        read_policy_file(text)

    assert process_time() - started < 20


def test_figure_out_of_range_is_told_in_few_letters():
    told = out_of_range(replace(AS_IN_THE_SOURCES, tolerance_percent=Decimal("1e999999")))

    assert 0 < len(told[0]) < 200


# Answers by mail


@pytest.fixture
def mailed(settings, rep, vp):
    settings.REPLY_DOMAIN = "in.dealdesk.example"
    slot = slot_of(submit(make_quote(rep, 25)), vp)
    link = slot.links.get()
    return slot, links.reply_address(link.pk)


def answer(slot, address, text, **facts):
    facts = {"message_id": "<1@x>", "sender": slot.person.email, "is_authenticated": True, **facts}
    mail = ReceivedMail(recipients=(address,), text=text, **facts)
    return take_reply(mail=mail, by=Actor.system(), at=AT + HOUR)


def test_reply_address_in_strange_letters_is_nobodys(mailed):
    slot, address = mailed

    kept = answer(slot, address.replace("@", "é@"), "approve")

    assert kept.outcome == "refused"


@pytest.mark.parametrize("text", ["no \x00 way", "no \udce9 way"])
def test_letters_no_database_keeps_do_not_stop_the_hook(mailed, text):
    slot, address = mailed

    answer(slot, address, text, message_id=text)

    assert "way" in RequestMessage.objects.get().body


@pytest.mark.parametrize(
    "text",
    [
        "> approve",
        "On Monday Rita wrote:\n> approve",
        "Please do not\napprove",
        "approve if they prepay",
        "approve?",
        "I approve",
    ],
)
def test_words_that_only_mention_approve_decide_nothing(mailed, text):
    slot, address = mailed

    answer(slot, address, text)

    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "results",
    [
        "mx.example; dkim=pass header.d=evil.example header.i=@evil.example",
        "mx.example; spf=pass smtp.mailfrom=evil.example",
        "mx.example; dmarc=fail header.from=acme.example; dkim=pass header.d=acme.example",
        "evil.example; dmarc=pass header.from=acme.example",
        "mx.example; dmarc=pass header.from=evil.example",
        'mx.example; spf=pass smtp.mailfrom="x; spf=pass smtp.mailfrom=acme.example"@evil.example',
        "mx.example; dkim=pass header.i=x header.d=acme.example.evil.example",
        "mx.example; dkim=pass header.d=evil.example (header.d=acme.example )",
        'mx.example; dkim=pass reason="header.d=acme.example " header.d=evil.example',
    ],
)
def test_forged_sender_is_not_vouched_for(results):
    assert not is_vouched_for([results], "mx.example", "vera@acme.example")
