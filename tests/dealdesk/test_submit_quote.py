from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from dealdesk.models import ApprovalRequest, ApprovalSlot, ExceptionRecord
from dealdesk.operations import (
    create_quote,
    preview_quote,
    publish_preset,
    recall_request,
    revise_quote,
    save_quote,
    set_price,
    submit_quote,
)
from revops.ledger.models import Entry
from revops.outbox.models import Notification
from revops.people.models import Role
from revops.people.operations import grant_role
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import (
    AT,
    HOUR,
    billing,
    decide,
    line,
    make_quote,
    payment,
    product_of,
    slot_of,
    small_account,
    submit,
    term,
)
from tests.factories.people import by, make_person
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db


def test_standard_terms_are_approved_at_once_and_on_record(rep):
    request = submit(make_quote(rep))

    assert request.status == "approved"
    assert request.is_automatic
    assert request.route_key == "automatic"
    assert request.valid_until == AT + timedelta(days=30)
    assert Entry.objects.filter(verb="approval.approved").exists()


@pytest.mark.parametrize(
    ("off", "role"),
    [
        ("9.99", "automatic"),
        ("10.00", "sales_manager"),
        ("19.99", "sales_manager"),
        ("20.00", "vp_sales"),
        ("39.99", "vp_sales"),
        ("40.00", "deal_desk"),
    ],
)
def test_threshold_exactly_10_20_and_40(rep, desk, off, role):
    assert submit(make_quote(rep, off)).route_key == role


def test_the_vp_is_mailed_a_personal_link(rep, vp):
    request = submit(make_quote(rep, 25))

    slot = slot_of(request, vp)
    assert slot.state == "requested"
    notification = Notification.objects.get(person=vp, event="approval.requested")
    assert notification.link == f"approval:{slot.links.get().pk}"
    assert notification.context["discount"] == "25 %"


def test_the_clock_of_a_slot_is_in_business_hours(rep, vp):
    request = submit(make_quote(rep, 25))

    # Eight hours of a nine-to-five day, from Tuesday half past nine.
    assert slot_of(request, vp).due_at.date() == date(2026, 11, 4)


def test_snapshot_digests_and_policy_are_frozen(rep, vp, revops):
    request = submit(make_quote(rep, 25))
    publish_preset(preset="recommended", by=by(revops), at=AT)

    request.refresh_from_db()
    assert request.policy.number == 1
    assert len(request.snapshot.digest) == 64
    decide(request, vp)
    request.refresh_from_db()
    assert request.status == "approved"


def test_what_is_needed_is_asked_all_at_once(rep, vp):
    quote = make_quote(rep, 25)

    with pytest.raises(Refused) as refused:
        submit_quote(quote=quote, needed_by=date(2026, 11, 10), by=by(rep), at=AT)

    assert {item.key for item in refused.value.missing} == {"why", "in_return", "needed_cause"}


def test_a_second_submission_is_a_conflict(rep, vp):
    quote = make_quote(rep, 25)
    submit(quote)

    with pytest.raises(Conflict) as conflict:
        submit(quote)

    assert conflict.value.code == "already_pending"


def test_one_pending_request_a_quote_is_a_constraint(rep, vp):
    request = submit(make_quote(rep, 25))

    request.pk, request.attempt = None, 9
    with pytest.raises(IntegrityError), transaction.atomic():
        request.save(force_insert=True)


def test_only_who_may_change_the_deal_submits(rep, other_rep, vp):
    quote = make_quote(rep, 25)

    with pytest.raises(NotAllowed):
        submit(quote, by(other_rep))


def test_save_low_then_raise_makes_a_new_revision(rep, vp):
    """Save below the limit, submit, then raise: the submitted revision never changes."""
    quote = make_quote(rep, 5)
    submit(quote)

    with pytest.raises(Refused) as refused:
        save_quote(quote=quote, lines=[line(25)], by=by(rep), at=AT)

    assert refused.value.code == "submitted"


def test_submitted_lines_are_kept_by_the_database(rep):
    quote = make_quote(rep, 5)
    submit(quote)

    for change in (
        lambda: quote.lines.update(typed_value=Decimal(50)),
        lambda: quote.lines.all().delete(),
        lambda: type(quote).objects.filter(pk=quote.pk).update(net_amount=1),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_list_price_zero_is_never_automatic(rep):
    quote = make_quote(rep, lines=[line(product=product_of("gift", price="0"))])

    with pytest.raises(Refused) as refused:
        submit(quote)

    assert "zero_list_not_included" in {item.key for item in refused.value.missing}


def test_a_currency_without_rate_is_refused_by_name(rep):
    product = product_of()
    set_price(
        product=product,
        currency="EUR",
        amount=Decimal(100),
        period="year",
        valid_from=date(2020, 1, 1),
        by=by(make_person("Rosa Ricci", roles=["revops_admin"])),
        at=AT,
    )
    quote = make_quote(rep, 5, currency="EUR")

    with pytest.raises(Refused) as refused:
        submit(quote)

    assert refused.value.code == "rate_missing"


def test_nobody_for_a_role_refuses_by_name(rep):
    with pytest.raises(Refused) as refused:
        submit(make_quote(rep, 45))

    assert refused.value.code == "approver_missing"
    assert "deal desk" in refused.value.message


def test_quorum_made_unreachable_by_exclusions(team, vp):
    """The only manager has submitted: the VP above stands in, and it says so."""
    boss = make_person("Max Moreno", roles=["sales_manager"], manager=vp, team=team)
    rep = make_person("Rita Reyes", roles=["rep"], manager=boss, team=team)
    request = submit(make_quote(rep, 15), by(boss))

    slot = ApprovalSlot.objects.get(step__request=request)
    assert slot.person == vp
    assert slot.held_as == "vp_sales"
    assert "Max Moreno" in slot.substitution


def test_the_submitter_is_never_asked(rep, manager, vp):
    """A manager who submits for a rep is passed over."""
    request = submit(make_quote(rep, 15), by(manager))

    assert ApprovalSlot.objects.get(step__request=request).person == vp


def test_the_owner_is_never_asked(manager, vp):
    request = submit(make_quote(manager, 15))

    assert ApprovalSlot.objects.get(step__request=request).person == vp


def test_who_worsened_the_terms_is_never_asked(rep, manager, vp):
    quote = make_quote(rep, 12)
    save_quote(
        quote=quote, lines=[line(15, key=quote.lines.get().key)], by=by(manager), at=AT + HOUR
    )

    request = submit(quote, at=AT + 2 * HOUR)

    assert ApprovalSlot.objects.get(step__request=request).person == vp


def test_a_better_counter_offer_makes_nobody_an_editor(rep, manager):
    quote = make_quote(rep, 18)
    save_quote(
        quote=quote, lines=[line(15, key=quote.lines.get().key)], by=by(manager), at=AT + HOUR
    )

    request = submit(quote, at=AT + 2 * HOUR)

    assert ApprovalSlot.objects.get(step__request=request).person == manager


def test_one_same_person_for_finance_and_legal_is_refused(rep, revops):
    both = make_person("Bo Both", roles=["finance", "legal"])
    quote = make_quote(rep, term_months=24)

    with pytest.raises(Refused) as refused:
        submit(quote)

    assert refused.value.code == "one_person_for_two_groups"
    assert both.name in refused.value.message


def test_finance_and_legal_are_asked_in_one_step(rep, finance, legal):
    request = submit(make_quote(rep, term_months=24))

    step = request.steps.get()
    assert step.groups == {"finance": 1, "legal": 1}
    assert {slot.role for slot in step.slots.all()} == {"finance", "legal"}


def test_every_active_holder_is_asked(rep, desk):
    other = make_person("Dan Dore", roles=["deal_desk"])
    request = submit(make_quote(rep, terms=[term()]))

    assert {s.person for s in ApprovalSlot.objects.filter(step__request=request)} == {desk, other}


def test_imported_people_who_are_not_admitted_are_not_asked(rep, desk):
    make_person("Ina Import", roles=["deal_desk"], admitted=False)
    request = submit(make_quote(rep, terms=[term()]))

    assert ApprovalSlot.objects.get(step__request=request).person == desk


def test_an_administrator_is_asked_nothing(rep, revops, desk):
    grant_role(person=revops, role=Role.REP, by=by(revops), at=AT)
    request = submit(make_quote(rep, 45))

    assert not ApprovalSlot.objects.filter(step__request=request, person=revops).exists()


def test_a_revision_supersedes_the_pending_one(rep, vp):
    quote = make_quote(rep, 25)
    first = submit(quote)
    second = submit(revise_quote(quote=quote, by=by(rep), at=AT), at=AT + HOUR)

    first.refresh_from_db()
    assert first.status == "superseded"
    assert second.attempt == 2
    assert not ApprovalSlot.objects.filter(step__request=first, state="requested").exists()


def test_better_topics_are_carried_forward_with_their_date(rep, vp, desk):
    quote = make_quote(rep, 25, terms=[term()])
    first = submit(quote)
    decide(first, vp)
    recall_request(request=first, by=by(rep), at=AT + 2 * HOUR)
    draft = revise_quote(quote=quote, by=by(rep), at=AT + 2 * HOUR)
    key = draft.lines.get().key
    save_quote(
        quote=draft,
        lines=[line(24, key=key)],
        terms=[term(value="99.99 %")],
        by=by(rep),
        at=AT + 2 * HOUR,
    )

    second = submit(draft, at=AT + 3 * HOUR)

    carried = slot_of(second, vp)
    assert carried.state == "carried_forward"
    assert carried.carried_from.decided_at == AT + HOUR
    assert slot_of(second, desk).state == "requested"


def test_worse_topics_are_asked_again(rep, vp, desk):
    quote = make_quote(rep, 25, terms=[term()])
    first = submit(quote)
    decide(first, vp)
    decide(first, desk, "rejected")
    draft = revise_quote(quote=quote, by=by(rep), at=AT + 2 * HOUR)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(26, key=key)], terms=[], by=by(rep), at=AT + 2 * HOUR)

    second = submit(draft, at=AT + 3 * HOUR)

    assert slot_of(second, vp).state == "requested"


def test_a_decision_older_than_its_validity_is_not_carried(rep, vp):
    quote = make_quote(rep, 25)
    decide(submit(quote), vp)

    again = submit(quote, at=AT + timedelta(days=40))

    assert slot_of(again, vp).state == "requested"


def test_an_approved_revision_is_not_submitted_twice(rep, vp):
    quote = make_quote(rep, 25)
    decide(submit(quote), vp)

    with pytest.raises(Conflict) as conflict:
        submit(quote, at=AT + 2 * HOUR)

    assert conflict.value.code == "already_approved"


def test_the_register_holds_every_exception(rep, vp, desk):
    submit(make_quote(rep, 25, terms=[term()], payment_terms=payment("net-60")))

    found = {(row.kind, row.label) for row in ExceptionRecord.objects.all()}
    assert found == {
        ("discount", "Discount 20 to 40 %"),
        ("catalogue", "Custom SLA"),
        ("payment", "Payment Net 60"),
    }
    assert ExceptionRecord.objects.get(kind="discount").stake_amount == Decimal("2500.00")


def test_quarterly_billing_asks_the_desk(rep, desk):
    assert submit(make_quote(rep, billing=billing("quarterly"))).route_key == "deal_desk"


def test_prices_corrected_after_saving_ask_to_save_again(rep, revops):
    quote = make_quote(rep, 5)
    set_price(
        product=product_of(),
        currency="USD",
        amount=Decimal(120),
        period="year",
        valid_from=date(2020, 1, 1),
        by=by(revops),
        at=AT,
    )

    with pytest.raises(Refused) as refused:
        submit(quote)

    assert refused.value.code == "prices_changed"


def test_a_closed_deal_takes_no_quote(rep, manager):
    from pipeline.models import Deal
    from pipeline.operations import lose_deal

    deal = make_deal(rep, account=small_account())
    quote = make_quote(rep, 5, deal=deal)
    lose_deal(deal=deal, loss_reason="price", competitor_none=True, by=by(rep), at=AT + HOUR)
    quote.deal = Deal.objects.get(pk=deal.pk)

    with pytest.raises(Refused):
        submit(quote)
    with pytest.raises(Refused):
        create_quote(deal=deal, by=by(rep), at=AT)


def test_preview_writes_nothing_and_says_what_would_avoid_it(rep, vp):
    quote = make_quote(rep, 25)
    before = Entry.objects.count()

    preview = preview_quote(quote=quote, by=by(rep), at=AT)

    assert preview.route.key == "vp_sales"
    assert [person for step in preview.steps for g in step.groups for person in g.people] == [vp]
    assert preview.working_days == "1 working day"
    assert any("8,000.01" in step.sentence for way in preview.avoid for step in way.steps)
    assert Entry.objects.count() == before
    assert not ApprovalRequest.objects.exists()


def test_preview_says_that_an_unknown_segment_is_judged_as_enterprise(rep, finance, legal):
    deal = make_deal(rep, account=small_account("Unknown", employees=None))

    preview = preview_quote(quote=make_quote(rep, deal=deal), by=by(rep), at=AT)

    assert preview.route.key == "finance+legal"
    assert any("enterprise" in warning for warning in preview.warnings)


def test_deals_of_one_account_within_90_days_are_a_warning_only(rep):
    make_quote(rep)

    preview = preview_quote(quote=make_quote(rep), by=by(rep), at=AT)

    assert preview.automatic
    assert "20,000.00 USD" in preview.warnings[0]
