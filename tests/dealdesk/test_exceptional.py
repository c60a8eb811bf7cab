from datetime import timedelta

import pytest

from dealdesk.coverage import cover_of
from dealdesk.models import ApprovalLink, ExceptionRecord
from dealdesk.operations import bypass_request, reassign_approval
from revops.ledger.models import Entry
from revops.outbox.models import Notification
from revops.people.operations import grant_role
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit, term
from tests.factories.people import SYSTEM, by, make_person

pytestmark = pytest.mark.django_db

LATER = AT + HOUR


@pytest.fixture
def asked(rep, vp, desk):
    """The VP for the discount and the deal desk for the SLA, both asked."""
    return submit(make_quote(rep, 25, terms=[term()]))


def hand_on(request, holder, to, *, actor=None, reason="On leave from noon"):
    slot = slot_of(request, holder)
    return reassign_approval(slot=slot, to=to, reason=reason, by=by(actor or holder), at=LATER)


def let_pass(request, person, reason="Board decided in person"):
    return bypass_request(request=request, reason=reason, by=by(person), at=LATER)


# Handing on


def test_a_colleague_of_the_discipline_is_asked_instead(asked, vp):
    other = make_person("Vic Varga", roles=["vp_sales"])

    new = hand_on(asked, vp, other)

    assert (new.person, new.state) == (other, "requested")
    assert "On leave from noon" in new.substitution
    assert slot_of(asked, vp).state == "reassigned"
    assert Notification.objects.filter(person=other, event="approval.requested").exists()


def test_the_link_of_who_handed_on_ends(asked, vp):
    hand_on(asked, vp, make_person("Vic Varga", roles=["vp_sales"]))

    assert ApprovalLink.objects.get(slot=slot_of(asked, vp)).killed_why == "reassigned"


def test_the_colleague_decides(asked, vp, desk):
    other = make_person("Vic Varga", roles=["vp_sales"])
    hand_on(asked, vp, other)

    decide(asked, other, at=LATER + HOUR)
    decide(asked, desk, at=LATER + HOUR)

    asked.refresh_from_db()
    assert asked.status == "approved"


def test_nobody_of_another_discipline_is_asked(asked, desk):
    with pytest.raises(NotAllowed, match="does not hold"):
        hand_on(asked, desk, make_person("Vic Varga", roles=["vp_sales"]))


def test_the_owner_is_not_asked_about_their_own_deal(rep, manager, vp):
    own = submit(make_quote(rep, 15), at=AT)
    grant_role(person=rep, role="sales_manager", by=SYSTEM, at=AT)

    with pytest.raises(NotAllowed, match="may not decide"):
        hand_on(own, manager, rep)


def test_who_is_asked_in_the_step_already_is_not_asked_twice(rep, finance, legal):
    both = submit(make_quote(rep, term_months=24))

    with pytest.raises(Refused, match="asked already"):
        hand_on(both, finance, finance)


def test_only_who_is_asked_and_revops_hand_on(asked, vp, desk, revops):
    other = make_person("Vic Varga", roles=["vp_sales"])
    with pytest.raises(NotAllowed, match="Only Vera"):
        hand_on(asked, vp, other, actor=desk)

    hand_on(asked, vp, other, actor=revops)


def test_handing_on_says_why(asked, vp):
    with pytest.raises(Refused, match="why you hand"):
        hand_on(asked, vp, make_person("Vic Varga", roles=["vp_sales"]), reason=" ")


# Letting it pass


def test_a_bypass_covers_the_deal_and_is_no_approval(asked, revops, vp):
    let_pass(asked, revops)

    asked.refresh_from_db()
    assert (asked.status, asked.bypassed_by) == ("approved", revops)
    assert slot_of(asked, vp).state == "bypassed"
    assert {step.state for step in asked.steps.all()} == {"bypassed"}
    assert set(ExceptionRecord.objects.values_list("outcome", flat=True)) == {"bypassed"}
    assert cover_of(asked.deal, LATER).ok


def test_a_bypass_lasts_as_long_as_an_approval(asked, revops):
    let_pass(asked, revops)

    assert not cover_of(asked.deal, LATER + timedelta(days=30)).ok


def test_a_bypass_has_a_verb_of_its_own_in_the_ledger(asked, revops):
    let_pass(asked, revops)

    entry = Entry.objects.get(verb="approval.bypassed")
    assert entry.why == "Board decided in person"
    assert not Entry.objects.filter(verb="approval.approved").exists()


def test_everybody_concerned_is_told(asked, revops, rep, vp, desk):
    let_pass(asked, revops)

    assert Notification.objects.filter(person=rep, event="approval.settled").exists()
    for person in (vp, desk):
        assert Notification.objects.filter(person=person, event="approval.closed").exists()


def test_only_revops_lets_pass(asked, vp):
    with pytest.raises(NotAllowed, match="Only RevOps"):
        let_pass(asked, vp)


def test_nobody_lets_their_own_terms_pass(revops, vp, desk):
    grant_role(person=revops, role="rep", by=SYSTEM, at=AT)
    own = submit(make_quote(revops, 25, terms=[term()]))

    with pytest.raises(NotAllowed, match="You may not"):
        let_pass(own, revops)


def test_a_bypass_says_why(asked, revops):
    with pytest.raises(Refused, match="why this passes"):
        let_pass(asked, revops, reason="")


def test_what_ended_is_not_let_pass(asked, vp, revops):
    decide(asked, vp, "rejected")

    with pytest.raises(Conflict):
        let_pass(asked, revops)


# Pages


def test_revops_lets_pass_on_the_page(asked, revops, client):
    client.force_login(revops)

    page = client.post(f"{asked.get_absolute_url()}bypass/", {"reason": "Board"}, follow=True)

    assert "Passed without its approvers by" in page.content.decode()


def test_an_approver_hands_on_at_the_page(asked, vp, client):
    other = make_person("Vic Varga", roles=["vp_sales"])
    client.force_login(vp)
    slot = slot_of(asked, vp)
    assert "Vic Varga" in client.get(slot.get_absolute_url()).content.decode()

    typed = {"to": other.pk, "reason": "Leave"}
    page = client.post(f"{slot.get_absolute_url()}hand-on/", typed, follow=True)

    assert "Vic Varga is asked now." in page.content.decode()


def test_handing_on_to_nobody_says_what_to_do(asked, vp, client):
    make_person("Vic Varga", roles=["vp_sales"])
    client.force_login(vp)

    page = client.post(f"{slot_of(asked, vp).get_absolute_url()}hand-on/", {})

    assert page.status_code == 422
    assert "Choose a colleague" in page.content.decode()


# The report


REPORT = "/reports/let-pass/"


def test_the_report_names_who_let_what_pass_and_why(asked, revops, manager, client):
    let_pass(asked, revops)

    client.force_login(manager)
    page = client.get(REPORT).content.decode()
    assert "Board decided in person" in page

    lines = b"".join(client.get(f"{REPORT}export/csv/").streaming_content).decode()
    assert "Board decided in person" in lines


def test_another_line_reads_nothing_of_it(asked, revops, client):
    let_pass(asked, revops)

    client.force_login(make_person("Otto Other", roles=["sales_manager"]))

    assert "Board decided" not in client.get(REPORT).content.decode()


def test_a_rep_has_no_report(rep, client):
    client.force_login(rep)

    assert client.get(REPORT).status_code == 403
