"""The draft of a policy: begun, changed by one person at a time, confirmed by a second."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from dealdesk.models import PolicyCase, PolicyDraft, PolicyVersion
from dealdesk.operations import publish_preset
from dealdesk.operations.policydrafting import (
    acknowledge_finding,
    change_policy_draft,
    discard_policy_draft,
    import_policy,
    start_policy_draft,
)
from dealdesk.operations.policypublishing import (
    confirm_policy,
    propose_policy,
    publish_policy_draft,
)
from dealdesk.policy import (
    Floor,
    JudgedBasis,
    PriceBand,
    PriceTable,
    Role,
    SizeMode,
    policy_digest,
    policy_from_json,
)
from dealdesk.policydrafts import draft_policy
from dealdesk.policyfiles import PolicyFile
from dealdesk.presets import AS_IN_THE_SOURCES, PRESETS
from revops.frame.notices import address_of
from revops.ledger.models import Entry
from revops.outbox.bodies import render
from revops.outbox.links import derive_link
from revops.outbox.models import Notification
from revops.refusals import Conflict, NotAllowed, Refused
from tests.dealdesk.test_policy import FULL
from tests.factories.dealdesk import AT
from tests.factories.people import SYSTEM, by, make_person

pytestmark = pytest.mark.django_db

SOURCES = AS_IN_THE_SOURCES
SHORTER = {"validity_days": 20}


@pytest.fixture(autouse=True)
def everybody(rep, manager, vp, desk, finance, legal, revops):
    """A company in which every role is held, so that the linter finds only what a test does."""


@pytest.fixture
def second():
    return make_person("Sam Second", roles=["revops_admin"])


def start(person, **how):
    return start_policy_draft(by=by(person), at=AT, **how)


def change(person, draft=None, **changes):
    version = draft.version if draft else None
    return change_policy_draft(changes=changes, version=version, by=by(person), at=AT)


def propose(person):
    return propose_policy(by=by(person), at=AT)


def publish(person):
    return publish_policy_draft(by=by(person), at=AT)


@pytest.mark.parametrize("policy", [*PRESETS.values(), FULL], ids=lambda each: each.name)
def test_rows_say_exactly_what_the_policy_says(revops, policy):
    draft = start(revops)

    changes = {name: getattr(policy, name) for name in policy.__dataclass_fields__}
    del changes["version"]
    change(revops, **changes)

    read = draft_policy(PolicyDraft.objects.get(pk=draft.pk))
    assert policy_digest(replace(read, version=policy.version)) == policy_digest(policy)


def test_a_draft_begins_with_the_policy_in_force(revops):
    draft = start(revops)

    assert draft_policy(draft) == SOURCES
    assert draft.based_on == PolicyVersion.objects.get()


def test_there_is_one_draft(revops, second):
    start(revops)

    with pytest.raises(Conflict, match="already"):
        start(second)


def test_a_draft_begins_with_an_older_version_or_a_preset(revops):
    older = PolicyVersion.objects.get()
    publish_preset(preset="recommended", by=by(revops), at=AT)

    assert draft_policy(start(revops, origin=older)) == SOURCES
    discard_policy_draft(by=by(revops), at=AT)
    assert start(revops, preset="recommended").name == "Recommended"


def test_a_change_says_what_differs_in_the_ledger(revops):
    start(revops)

    change(revops, **SHORTER)

    entry = Entry.objects.get(verb="policy.draft_changed")
    assert "now: An approval is good for issuing: 20 days" in entry.facts_json


def test_what_does_not_change_anything_is_not_recorded(revops):
    draft = start(revops)

    changed = change(revops, size=SOURCES.size)

    assert changed.version == draft.version
    assert not Entry.objects.filter(verb="policy.draft_changed").exists()


def test_who_edits_what_another_has_changed_is_told(revops, second):
    draft = start(revops)
    change(second, draft, **SHORTER)

    with pytest.raises(Conflict, match="Somebody else changed"):
        change(revops, draft, ladder=True)


def test_what_no_row_can_hold_is_refused(revops):
    start(revops)

    with pytest.raises(Refused, match="tolerance"):
        change(revops, tolerance_percent=Decimal(-1))


def test_only_revops_drafts(rep, desk, revops):
    with pytest.raises(NotAllowed):
        start(desk)
    start(revops)
    for operation in (change, propose, publish):
        with pytest.raises(NotAllowed):
            operation(rep)


# Publishing


def test_one_proposes_and_a_second_confirms(revops, second):
    start(revops)
    change(revops, **SHORTER)
    propose(revops)

    version = publish(second)

    assert (version.proposed_by, version.confirmed_by) == (revops, second)
    assert (version.number, version.in_force, version.awaits_a_second) == (2, True, False)
    assert policy_from_json(version.body).validity_days == 20
    assert version.digest == policy_digest(policy_from_json(version.body))
    assert not PolicyDraft.objects.exists()
    assert version.digest in Entry.objects.get(verb="policy.published").facts_json


def test_nobody_confirms_what_they_proposed(revops, second):
    start(revops)
    change(revops, **SHORTER)
    propose(revops)

    with pytest.raises(NotAllowed, match="second person: Sam Second"):
        publish(revops)


def test_nobody_publishes_what_is_not_proposed(revops, second):
    start(revops)
    change(revops, **SHORTER)

    with pytest.raises(Refused, match="Propose it first"):
        publish(second)


def test_who_wrote_in_it_does_not_confirm_it_where_somebody_else_can(revops, second):
    third = make_person("Tess Third", roles=["revops_admin"])
    start(revops)
    change(revops, **SHORTER)
    propose(second)

    with pytest.raises(NotAllowed, match="somebody who did not: Tess Third"):
        publish(revops)
    assert publish(third).confirmed_by == third


def test_two_who_both_wrote_confirm_each_other(revops, second):
    start(revops)
    change(revops, **SHORTER)
    change(second, pending_days=20)
    propose(revops)

    assert publish(second).confirmed_by == second


def test_a_change_takes_the_proposal_back(revops, second):
    start(revops)
    change(revops, **SHORTER)
    propose(revops)
    change(second, ladder=True)

    with pytest.raises(Refused, match="Propose it first"):
        publish(revops)


def test_the_only_administrator_publishes_alone_and_it_is_marked(revops):
    start(revops)
    change(revops, **SHORTER)

    version = publish(revops)

    assert version.awaits_a_second
    with pytest.raises(NotAllowed, match="You published it"):
        confirm_policy(policy=version, by=by(revops), at=AT)


def test_a_second_confirms_what_was_published_alone(revops):
    start(revops)
    change(revops, **SHORTER)
    version = publish(revops)
    second = make_person("Sam Second", roles=["revops_admin"])

    confirmed = confirm_policy(policy=version, by=by(second), at=AT)

    assert (confirmed.confirmed_by, confirmed.awaits_a_second) == (second, False)
    with pytest.raises(Conflict):
        confirm_policy(policy=version, by=by(second), at=AT)


def test_who_left_is_no_second_person(revops, second):
    second.is_active, second.deactivated_at = False, AT
    second.save()
    start(revops)
    change(revops, **SHORTER)

    assert publish(revops).was_alone


def test_the_machine_publishes_nothing(revops):
    start(revops)
    change(revops, **SHORTER)

    with pytest.raises(NotAllowed, match="by people"):
        publish_policy_draft(by=SYSTEM, at=AT)


def test_a_draft_that_differs_in_nothing_is_not_published(revops):
    start(revops)

    with pytest.raises(Refused, match="Nothing differs"):
        publish(revops)


def test_an_older_version_comes_again_as_new_with_its_fingerprint(revops):
    older = PolicyVersion.objects.get()
    publish_preset(preset="recommended", by=by(revops), at=AT)
    start(revops, origin=older)

    version = publish(revops)

    assert (version.number, version.digest) == (3, older.digest)
    assert version.based_on == older
    assert version.preset == "as_in_the_sources"


def test_administrators_and_deciders_are_told(revops, second, desk):
    start(revops)
    change(revops, **SHORTER)
    propose(revops)
    publish(second)

    told = Notification.objects.order_by("pk").values_list("event", "person")
    assert ("policy.proposed", second.pk) in told
    assert {("policy.published", revops.pk), ("policy.published", desk.pk)} <= {*told}


def test_the_mails_say_who_and_lead_to_the_page(revops, second):
    start(revops)
    change_policy_draft(changes=SHORTER, note="Shorter", by=by(revops), at=AT)
    propose(revops)
    publish(second)

    proposed, published = (
        Notification.objects.filter(event=event).order_by("pk").first()
        for event in ("policy.proposed", "policy.published")
    )
    asked, told = render(proposed), render(published)

    assert asked.subject == "Rosa Ricci proposes the policy “As in the sources”"
    assert "Why: Shorter" in asked.text
    assert "Sam Second put version 2" in told.text
    assert "Rosa Ricci proposed it" in told.html
    assert address_of(proposed) == "/policy/draft/"
    assert derive_link(published).endswith("/policy/versions/2/")


# What the linter finds


INVERTED = PriceTable(
    (JudgedBasis.BLENDED,),
    (
        PriceBand(Decimal(0)),
        PriceBand(Decimal(10), (Role.VP_SALES,)),
        PriceBand(Decimal(30), (Role.DEAL_DESK,)),
    ),
)
KEY = "prices.inversion.1.30"


def test_the_inversion_of_the_sources_ships_acknowledged(revops):
    start(revops)
    change(revops, **SHORTER)

    version = publish(revops)

    (kept,) = version.acknowledged
    assert kept["key"] == "prices.inversion.1.40"
    assert "VP" in kept["sentence"]
    assert "As in the sources" in kept["note"]


def test_an_error_stops_publishing_until_it_is_acknowledged(revops):
    PolicyCase.objects.update(retired_at=AT)
    start(revops)
    change(revops, prices=(INVERTED,))

    with pytest.raises(Refused, match="passes the VP of sales over"):
        publish(revops)
    with pytest.raises(Refused, match="Say why"):
        acknowledge_finding(key=KEY, note=" ", by=by(revops), at=AT)
    acknowledge_finding(key=KEY, note="The desk is senior", by=by(revops), at=AT)

    (kept,) = publish(revops).acknowledged
    assert (kept["key"], kept["note"], kept["by"]) == (KEY, "The desk is senior", revops.pk)


def test_what_means_nothing_cannot_be_acknowledged(revops):
    start(revops)
    change(revops, prices=(replace(INVERTED, bands=INVERTED.bands[1:]),))

    with pytest.raises(Refused, match="must be corrected"):
        acknowledge_finding(key="prices.gap.start.1", note="Yes", by=by(revops), at=AT)
    with pytest.raises(Refused, match="not find this any more"):
        acknowledge_finding(key="prices.nonsense", note="Yes", by=by(revops), at=AT)


def test_a_red_case_stops_publishing(revops):
    start(revops)
    floor = Floor(JudgedBasis.BLENDED, Decimal(1))
    change(revops, floors=(floor,), size=replace(SOURCES.size, mode=SizeMode.OFF))

    with pytest.raises(Refused) as refused:
        publish(revops)

    assert any(each.key.startswith("case.") for each in refused.value.missing)


def test_what_was_meant_goes_on_with_the_next_draft(revops):
    start(revops)
    change(revops, **SHORTER)
    publish(revops)

    again = start(revops)

    (kept,) = again.acknowledgements.all()
    assert kept.key == "prices.inversion.1.40"
    assert kept.sentence


# Files


def test_a_file_becomes_the_draft(revops):
    file = PolicyFile(replace(SOURCES, ladder=True), "From a file", {KEY: "Meant"})

    found = import_policy(file=file, by=SYSTEM, at=AT)

    draft = PolicyDraft.objects.get()
    assert draft_policy(draft).ladder
    assert (draft.note, draft.acknowledgements.filter(key=KEY).count()) == ("From a file", 1)
    assert [each.area for each in found] == ["Who is asked, and for how long"]


def test_a_dry_run_writes_nothing(revops):
    start(revops)

    found = import_policy(file=PolicyFile(FULL), dry_run=True, by=SYSTEM, at=AT)

    assert len(found) > 5
    assert draft_policy(PolicyDraft.objects.get()) == SOURCES


def test_a_file_replaces_a_draft_only_when_it_is_told_to(revops):
    start(revops)

    with pytest.raises(Conflict):
        import_policy(file=PolicyFile(FULL), by=SYSTEM, at=AT)
    import_policy(file=PolicyFile(FULL), replace_draft=True, by=SYSTEM, at=AT)

    assert draft_policy(PolicyDraft.objects.get()).floors == FULL.floors
