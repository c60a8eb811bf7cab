from datetime import date
from decimal import Decimal

import pytest

from pipeline import registry
from pipeline.models import Deal, StageRollup
from pipeline.operations import (
    add_member,
    change_deal,
    create_deal,
    link_contact,
    log_activity,
    lose_deal,
    plan_next_step,
    reassign_deal,
    remove_member,
    unlink_contact,
)
from revops.company.models import Company, FieldDefinition
from revops.ledger.models import Entry
from revops.outbox.models import Notification
from revops.people.actor import Via
from revops.people.operations import deactivate_person
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.people import AT, by, make_person
from tests.factories.pipeline import (
    make_account,
    make_contact,
    make_deal,
    new_business,
    stage,
)


def create(owner, who=None, **facts):
    facts = {"name": "Acme", "account": make_account(), "close_date": date(2026, 12, 1)} | facts
    return create_deal(owner=owner, pipeline=new_business(), by=by(who or owner), at=AT, **facts)


def change(deal, who, **changes):
    return change_deal(deal=deal, changes=changes, by=by(who), at=AT)


def rollups():
    return sorted(
        StageRollup.objects.filter(count__gt=0).values_list(
            "stage__key", "owner__name", "currency", "count", "amount"
        )
    )


# Create


def test_a_new_deal_begins_in_the_first_stage_with_visit_rollup_and_entry(rep):
    deal = create(rep, amount="1200.50", currency="EUR")

    assert deal.stage.key == "qualified"
    assert deal.visits.get().entered_by == rep
    assert rollups() == [("qualified", "Rita Reyes", "EUR", 1, Decimal("1200.50"))]
    assert Entry.objects.about(deal).get().verb == "deal.created"


def test_a_deal_takes_the_company_currency_when_none_is_said(rep):
    assert create(rep).currency == Company.get().currency


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        ({"name": " "}, "name"),
        ({"account": None}, "account"),
        ({"close_date": None}, "close_date"),
        ({"close_date": date(2026, 11, 2)}, "close_date"),
        ({"currency": "euro"}, "currency"),
        ({"amount": "much"}, "amount"),
        ({"status": "won"}, "status"),
        ({"deal_source": "moon"}, "deal_source"),
    ],
)
def test_a_new_deal_is_refused_by_the_name_of_what_is_wrong(rep, facts, key):
    with pytest.raises(Refused) as refusal:
        create(rep, **facts)

    assert key in [each.key for each in refusal.value.missing]
    assert not Deal.objects.exists()


def test_deals_do_not_begin_behind_a_gate(rep):
    with pytest.raises(Refused, match="do not begin in Negotiation"):
        create(rep, stage=stage("negotiation"))


def test_the_company_can_let_deals_start_without_a_close_date(rep):
    Company.objects.update(close_date_from_start=False)

    assert create(rep, close_date=None).close_date_waived


def test_nobody_enters_a_deal_for_a_colleague_beside_them(rep, other_rep, auditor):
    with pytest.raises(NotAllowed):
        create(other_rep, who=rep)
    with pytest.raises(NotAllowed):
        create(auditor)


def test_a_manager_enters_a_deal_for_somebody_below(rep, manager, vp):
    assert create(rep, who=manager).owner == rep
    assert create(rep, who=vp).owner == rep


def test_the_api_may_enter_a_deal_before_its_account_is_known(rep):
    deal = create_deal(
        name="Acme",
        account=None,
        owner=rep,
        pipeline=new_business(),
        close_date=date(2026, 12, 1),
        by=by(rep, Via.API),
        at=AT,
    )

    assert (deal.account, deal.origin) == (None, "api")


# Change


def test_a_change_is_recorded_with_before_and_after(rep):
    deal = make_deal(rep, fit_score=50)

    change(deal, rep, fit_score="75")

    entry = Entry.objects.about(deal)[0]
    assert (entry.before, entry.after) == ({"fit_score": 50}, {"fit_score": 75})


def test_nothing_changed_is_nothing_recorded(rep):
    deal = make_deal(rep, fit_score=50)

    again = change(deal, rep, fit_score=50)

    assert again.version == deal.version
    assert Entry.objects.about(deal).count() == 1


@pytest.mark.parametrize("field", ["stage", "status", "owner", "close_date", "push_count"])
def test_what_has_a_verb_of_its_own_is_not_changed_by_the_way(rep, field):
    with pytest.raises(Refused, match="not changed in this way"):
        change(make_deal(rep), rep, **{field: 1})


def test_the_amount_moves_the_rollup(rep):
    deal = change(make_deal(rep, amount=100), rep, amount=250)
    assert rollups() == [("qualified", "Rita Reyes", "USD", 1, Decimal(250))]

    change(deal, rep, currency="EUR")
    assert rollups() == [("qualified", "Rita Reyes", "EUR", 1, Decimal(250))]


def test_a_field_that_another_app_keeps_is_not_typed(rep):
    registry.register_field_lock("amount", lambda deal: "The quote says the amount.")

    with pytest.raises(Refused, match="The quote says"):
        change(make_deal(rep, amount=100), rep, amount=250)


def test_the_amount_of_a_closed_deal_stands(rep):
    deal = lose_deal(
        deal=make_deal(rep), loss_reason="price", competitor_none=True, by=by(rep), at=AT
    )

    with pytest.raises(Refused, match="closed deal stand"):
        change(deal, rep, amount=1)


def test_other_apps_hear_which_facts_changed(rep):
    heard = []
    registry.register_changed(lambda deal, fields, *, by, at: heard.append(fields))

    change(make_deal(rep), rep, account=make_account("Globex"), fit_score=3)

    assert heard == [frozenset({"account", "fit_score"})]


def test_fields_of_the_company_are_read_by_their_definitions(rep):
    FieldDefinition.objects.create(entity="deal", key="seats", kind="integer", label="Seats")

    deal = change(make_deal(rep), rep, **{"custom.seats": "12"})

    assert deal.custom == {"seats": 12}


def test_two_pages_open_at_once_do_not_overwrite_each_other(rep, manager):
    deal = make_deal(rep)
    change(deal, manager, timeline="Before June")

    with pytest.raises(Conflict):
        change_deal(
            deal=deal, changes={"timeline": "Soon"}, version=deal.version, by=by(rep), at=AT
        )


# Who may change


def test_who_may_change_a_deal(rep, manager, vp, revops):
    deal = make_deal(rep)

    for number, person in enumerate((rep, manager, vp, revops)):
        assert change(deal, person, fit_score=number).fit_score == number


@pytest.mark.parametrize("who", ["other_rep", "desk", "finance", "legal", "auditor", "outsider"])
def test_who_may_not_change_a_deal(rep, who, request):
    person = request.getfixturevalue(who)

    with pytest.raises(NotAllowed):
        change(make_deal(rep), person, fit_score=1)


def test_the_flag_of_a_superuser_means_nothing(rep, outsider):
    outsider.is_superuser = True

    with pytest.raises(NotAllowed):
        change(make_deal(rep), outsider, fit_score=1)


@pytest.mark.parametrize(("access", "may"), [("edit", True), ("read", False)])
def test_a_member_of_the_team_may_what_they_were_given(rep, outsider, access, may):
    deal = make_deal(rep)
    add_member(deal=deal, person=outsider, access=access, by=by(rep), at=AT)

    if may:
        assert change(deal, outsider, fit_score=1).fit_score == 1
    else:
        with pytest.raises(NotAllowed):
            change(deal, outsider, fit_score=1)
    assert Deal.objects.visible_to(outsider).contains(deal)


def test_a_membership_ends_on_its_day_and_when_it_is_taken_away(rep, outsider):
    deal = make_deal(rep)
    member = add_member(
        deal=deal, person=outsider, access="edit", until=date(2020, 1, 1), by=by(rep), at=AT
    )
    assert not Deal.objects.visible_to(outsider).exists()

    remove_member(member=member, by=by(rep), at=AT)

    assert not deal.members.exists()


def test_an_editing_member_lets_nobody_else_in(rep, outsider, other_rep):
    deal = make_deal(rep)
    add_member(deal=deal, person=outsider, access="edit", by=by(rep), at=AT)

    with pytest.raises(NotAllowed):
        add_member(deal=deal, person=other_rep, by=by(outsider), at=AT)


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("rep", True),
        ("manager", True),
        ("vp", True),
        ("desk", True),
        ("finance", True),
        ("legal", True),
        ("revops", True),
        ("auditor", True),
        ("other_rep", False),
        ("outsider", False),
        ("customer_success", False),
    ],
)
def test_who_sees_a_deal(rep, who, sees, request):
    deal = make_deal(rep)

    person = request.getfixturevalue(who)

    assert Deal.objects.visible_to(person).contains(deal) is sees


# Hand over


def test_a_deal_given_over_takes_its_share_along_and_both_are_told(rep, other_rep, manager):
    deal = make_deal(rep, amount=100)

    deal = reassign_deal(deal=deal, owner=other_rep, reason="Leave", by=by(manager), at=AT)

    assert rollups() == [("qualified", "Ron Rossi", "USD", 1, Decimal(100))]
    told = Notification.objects.filter(event="deal.reassigned")
    assert {each.person for each in told} == {rep, other_rep}


def test_nobody_takes_a_deal_from_a_colleague(rep, other_rep):
    with pytest.raises(NotAllowed):
        reassign_deal(deal=make_deal(rep), owner=other_rep, by=by(other_rep), at=AT)


def test_a_person_who_leaves_names_and_hands_over_their_open_deals(rep, other_rep, revops):
    make_deal(rep, "Acme rollout", amount=100)
    with pytest.raises(Refused) as refusal:
        deactivate_person(person=rep, by=by(revops), at=AT)
    assert "1 open deal worth 100.00 USD: Acme rollout." in str(
        [each.sentence for each in refusal.value.missing]
    )

    deactivate_person(person=rep, successor=other_rep, by=by(revops), at=AT)

    assert Deal.objects.get().owner == other_rep
    assert rollups() == [("qualified", "Ron Rossi", "USD", 1, Decimal(100))]


# Contacts, activities, next step


def test_a_contact_is_linked_and_unlinked(rep):
    deal = make_deal(rep)
    contact = make_contact(deal.account)
    linked = link_contact(deal=deal, contact=contact, role="champion", by=by(rep), at=AT)

    unlink_contact(deal_contact=linked, by=by(rep), at=AT)

    assert not deal.deal_contacts.exists()
    verbs = [entry.verb for entry in Entry.objects.about(contact)[:2]]
    assert verbs == ["deal.contact_unlinked", "deal.contact_linked"]


def test_a_contact_of_an_unknown_account_is_not_linked_by_its_number(rep, other_rep):
    stranger = make_contact(make_account("Globex", owner=other_rep))

    with pytest.raises(NotAllowed):
        link_contact(deal=make_deal(rep), contact=stranger, role="other", by=by(rep), at=AT)


def test_the_buyers_clock_hears_the_buyer_alone(rep):
    deal = make_deal(rep)
    log_activity(deal=deal, kind="call", side="us", body="Called", by=by(rep), at=AT)
    assert Deal.objects.get().buyer_acted_at is None

    log_activity(deal=deal, kind="mail", side="buyer", body="Yes", by=by(rep), at=AT)

    assert Deal.objects.get().buyer_acted_at == AT


def test_an_activity_does_not_lie_in_the_future(rep):
    with pytest.raises(Refused, match="future"):
        log_activity(
            deal=make_deal(rep),
            kind="meeting",
            side="us",
            happened_at=AT.replace(year=2027),
            by=by(rep),
            at=AT,
        )


def test_the_next_step_is_kept_with_its_day(rep):
    deal = plan_next_step(
        deal=make_deal(rep), next_step="Call Bea", next_step_date="2026-11-05", by=by(rep), at=AT
    )

    assert (deal.next_step, deal.next_step_date) == ("Call Bea", date(2026, 11, 5))


def test_a_deal_of_somebody_who_left_cannot_be_entered(manager):
    gone = make_person("Gus Gray", roles=["rep"], manager=manager)
    gone.is_active, gone.deactivated_at = False, AT
    gone.save()

    with pytest.raises(Refused, match="no longer active"):
        create(gone, who=manager)
