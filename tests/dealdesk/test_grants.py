"""Authority lent within a scope and a budget, drawn down, given back and taken back."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from dealdesk.coverage import cover_of
from dealdesk.models import ApprovalSlot, GrantUse, StandingGrant
from dealdesk.operations import (
    end_ungranted,
    give_grant,
    lapse_approvals,
    preview_quote,
    recall_request,
    revoke_grant,
)
from pipeline.operations import reassign_deal
from revops import integrity
from revops.outbox.bodies import render
from revops.outbox.models import Notification
from revops.people.operations import revoke_role
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import (
    AT,
    HOUR,
    line,
    make_quote,
    product_of,
    slot_of,
    small_account,
    submit,
    term,
)
from tests.factories.people import by
from tests.factories.pipeline import make_account, make_deal

pytestmark = pytest.mark.django_db

LAST = date(2026, 12, 31)


def give(giver, person=None, **facts):
    facts = {
        "role": "vp_sales",
        "max_discount_percent": Decimal(25),
        "max_uses": 2,
        "max_amount": Decimal(6000),
        "ends_on": LAST,
        **facts,
    }
    return give_grant(person=person, by=by(giver), at=AT, **facts)


@pytest.fixture
def grant(vp, rep):
    """Vera lets Rita go up to 25 %, twice, for 6,000 of discount in all."""
    return give(vp, rep)


def ask(rep, off=25, name="Acme rollout", **facts):
    deal = make_deal(rep, name, account=facts.pop("account", None) or small_account())
    return submit(make_quote(rep, off, deal=deal, **facts))


def left(grant):
    grant.refresh_from_db()
    return grant.uses_left, grant.amount_left


def test_a_request_within_a_grant_is_approved_at_once(grant, rep, vp):
    request = ask(rep)

    assert request.status == "approved"
    slot = slot_of(request, vp)
    assert (slot.state, slot.substitution) == ("granted", f"Under grant {grant} of Vera Vance")
    assert left(grant) == (1, Decimal(3500))
    assert cover_of(request.deal, AT + HOUR).ok
    assert integrity.findings() == []


def test_the_preview_says_under_which_grant(grant, rep):
    quote = make_quote(rep, 25)

    preview = preview_quote(quote=quote, by=by(rep), at=AT)

    assert preview.stands == (f"Under grant {grant} of Vera Vance: 1 more after this.",)
    assert not GrantUse.objects.exists()


def test_it_answers_for_lower_roles_too(grant, rep):
    assert ask(rep, 15).status == "approved"


def test_others_are_asked_as_the_route_says(grant, rep, vp, desk):
    request = ask(rep, terms=[term()])

    assert request.status == "pending"
    assert slot_of(request, desk).state == "requested"
    assert slot_of(request, vp).state == "granted"


def test_beyond_the_discount_it_asks(grant, rep, vp):
    assert slot_of(ask(rep, 26), vp).state == "requested"


def test_beyond_the_number_it_asks(grant, rep, vp):
    for name in ("One", "Two"):
        assert ask(rep, 21, name).status == "approved"

    assert slot_of(ask(rep, 21, "Three"), vp).state == "requested"


def test_beyond_the_amount_it_asks(grant, rep, vp):
    request = ask(rep, 25, lines=[line(25, quantity=300)])

    assert slot_of(request, vp).state == "requested"


def test_after_its_last_day_it_asks(vp, rep):
    give(vp, rep, ends_on=AT.date())
    quote = make_quote(rep, 25)

    assert slot_of(submit(quote, at=AT + timedelta(days=1)), vp).state == "requested"


def test_its_scope_is_kept(vp, rep):
    other = make_account("Other", employees=100)
    give(vp, rep, segments=["smb"])
    give(vp, rep, families=["Storage"])
    give(vp, rep, accounts=[other])

    assert ask(rep).status == "pending"
    assert ask(rep, name="At the other", account=other).status == "approved"


def test_a_family_of_products_is_in_its_scope(vp, rep):
    give(vp, rep, families=["Storage"])
    product = product_of("disk", family="Storage")

    assert ask(rep, lines=[line(25, product=product)]).status == "approved"


def test_a_term_that_is_named_is_covered(desk, rep):
    give(desk, rep, role="deal_desk", terms=["custom-sla"])

    assert ask(rep, None, terms=[term()]).status == "approved"
    assert ask(rep, None, "Second", terms=[term("liability-cap", "2x")]).status == "pending"


def test_a_grant_to_a_team_is_used_by_its_people(vp, rep, other_rep, team):
    give(vp, team=team, max_uses=9)

    assert ask(rep).status == "approved"
    assert ask(other_rep, name="Ron's").status == "approved"


def test_nobodys_own_authority_comes_back_to_them(grant, rep, vp, revops):
    """Vera owns the deal now: her grant does not count for it."""
    quote = make_quote(rep, 25)
    reassign_deal(deal=quote.deal, owner=vp, reason="Hers", by=by(revops), at=AT)
    quote.deal.refresh_from_db()

    with pytest.raises(Refused, match="Nobody can decide"):
        submit(quote, by(revops))
    assert not GrantUse.objects.exists()


def test_who_lost_the_role_lends_nothing_any_more(grant, rep, vp, revops):
    revoke_role(person=vp, role="vp_sales", by=by(revops), at=AT)

    with pytest.raises(Refused, match="Nobody can decide"):
        ask(rep)


def test_only_ones_own_authority_is_lent(manager, rep):
    with pytest.raises(NotAllowed, match="one's own"):
        give(manager, rep)


@pytest.mark.parametrize(
    ("facts", "match"),
    [
        ({"max_discount_percent": Decimal(40)}, "below 40 %"),
        ({"max_discount_percent": Decimal(0)}, "below 40 %"),
        ({"terms": ["custom-sla"]}, "not VP sales's to decide"),
        ({"terms": ["nothing-such"]}, "no term"),
        ({"ends_on": date(2020, 1, 1)}, "lies ahead"),
        ({"max_uses": 0}, "At least one"),
        ({"max_amount": Decimal(0)}, "above zero"),
    ],
)
def test_a_grant_that_cannot_be_is_refused_by_name(vp, rep, facts, match):
    with pytest.raises(Refused, match=match):
        give(vp, rep, **facts)

    assert not StandingGrant.objects.exists()


def test_nobody_lends_to_themselves(vp):
    with pytest.raises(Refused, match="themselves"):
        give(vp, vp)


def test_what_is_not_used_is_given_back(grant, rep, desk):
    request = ask(rep, terms=[term()])
    assert left(grant) == (1, Decimal(3500))

    recall_request(request=request, by=by(rep), at=AT + HOUR)

    assert left(grant) == (2, Decimal(6000))
    assert GrantUse.objects.get().returned_why == "Recalled by Rita Reyes."


def test_a_lapsed_approval_gives_back(grant, rep):
    request = ask(rep)

    assert lapse_approvals(at=AT + timedelta(days=30)) == [request.pk]

    assert left(grant) == (2, Decimal(6000))


def test_taken_back_it_covers_nothing_from_that_moment(grant, rep, vp):
    request = ask(rep)
    revoke_grant(grant=grant, reason="Margins", by=by(vp), at=AT + HOUR)

    assert not cover_of(request.deal, AT + HOUR).ok
    assert end_ungranted(at=AT + HOUR) == [request.pk]
    request.refresh_from_db()
    assert request.status == "invalidated"
    assert "was taken back by Vera Vance: Margins" in request.ended_reason
    assert integrity.findings() == []


def test_taken_back_it_ends_what_still_waits(grant, rep, vp, desk):
    request = ask(rep, terms=[term()])
    revoke_grant(grant=grant, reason="Margins", by=by(vp), at=AT + HOUR)
    end_ungranted(at=AT + HOUR)

    request.refresh_from_db()
    assert request.status == "superseded"
    assert not ApprovalSlot.objects.open().exists()


def test_only_its_giver_and_revops_take_it_back(grant, rep, desk, revops):
    for person in (rep, desk):
        with pytest.raises(NotAllowed):
            revoke_grant(grant=grant, reason="No", by=by(person), at=AT)
    revoke_grant(grant=grant, reason="Misused", by=by(revops), at=AT)
    with pytest.raises(Conflict, match="already"):
        revoke_grant(grant=grant, reason="Again", by=by(revops), at=AT)


def test_every_mail_of_a_grant_reads_well(grant, rep, vp):
    ask(rep)
    revoke_grant(grant=grant, reason="Margins", by=by(vp), at=AT + HOUR)

    for event, person in (("given", rep), ("used", vp), ("revoked", rep)):
        body = render(Notification.objects.get(event=f"grant.{event}", person=person))
        assert str(grant) in body.subject
        assert "None" not in body.text + body.html
