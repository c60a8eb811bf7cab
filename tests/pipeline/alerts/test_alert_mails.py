"""What the mails say, in both forms, and that they arrive at a real mail server."""

import pytest
from django.urls import reverse

from pipeline.models import Deal
from pipeline.operations import set_alert_preference
from revops.frame.notices import address_of, sentence_of
from revops.outbox.bodies import render
from revops.outbox.links import derive_link
from revops.outbox.models import Delivery
from revops.outbox.operations import try_delivery
from tests.factories.people import by
from tests.factories.pipeline import make_deal
from tests.pipeline.alerts.telling import DAY, STALE_AT, START, digests, stale_deal, sweep, told

pytestmark = pytest.mark.django_db


def wants(person, cadence):
    set_alert_preference(
        person=person, cadence=cadence, weekly_digest=True, by=by(person), at=START - 3 * DAY
    )


def test_one_finding_is_said_in_the_subject_with_the_act_that_clears_it(rep):
    deal = stale_deal(rep)
    sweep()

    [notice] = told(rep)
    body = render(notice)

    assert body.subject == "Acme rollout: stale"
    assert "15 days in this stage; 14 is the most for it." in body.text
    assert "Move it on or close it:" in body.text
    assert reverse("pipeline:deal-advance", args=[deal.pk]) in body.text
    assert "/settings/alerts/" in body.text
    assert "Acme rollout" in body.html
    assert "/settings/alerts/" in body.html
    assert derive_link(notice).endswith(deal.get_absolute_url())
    assert address_of(notice) == deal.get_absolute_url()
    assert sentence_of(notice) == "Acme rollout: stale"


def test_several_are_listed_and_lead_to_the_list(rep):
    for number in range(27):
        stale_deal(rep, f"Deal {number:02}")
    sweep()

    [notice] = told(rep)
    body = render(notice)

    assert body.subject == "27 findings on 27 deals"
    assert body.text.count("Stale\n") == 25
    assert "And 2 more" in body.text
    assert "And 2 more" in body.html
    assert address_of(notice) == reverse("pipeline:alert-list")
    assert sentence_of(notice) == "27 findings on 27 deals"


def test_a_manager_reads_whose_deal_it_is_and_that_nobody_answered(rep, manager):
    stale_deal(rep)
    sweep()
    sweep(STALE_AT + 7 * DAY)

    [notice] = told(manager)
    body = render(notice)

    assert body.subject == "Unanswered for a week: Acme rollout: stale"
    assert "Unanswered for a week. Acme rollout (Rita Reyes): Stale" in body.text
    assert "unanswered for a week" in body.html


def test_a_hostile_name_stays_text(rep):
    stale_deal(rep, "<b>Acme</b> & Sons\r\nBcc: all@example.com")
    sweep()

    body = render(told(rep)[0])

    assert "\n" not in body.subject
    assert "<b>Acme" not in body.html
    assert "<b>Acme</b> & Sons" in body.text


def test_the_daily_mail_lists_what_is_new(rep):
    wants(rep, "daily")
    stale_deal(rep)
    sweep()

    digests(STALE_AT + DAY)

    [notice] = told(rep, "digest.daily")
    body = render(notice)
    assert body.subject == "Acme rollout: stale"
    assert "Good morning Rita" in body.text
    assert "Stale" in body.html
    assert sentence_of(notice) == "Today: Acme rollout: stale"


def test_the_monday_digest_has_every_figure_with_its_link(rep):
    stale_deal(rep)
    digests(START + 21 * DAY)

    [notice] = told(rep, "digest.weekly")
    body = render(notice)

    assert body.subject == "Your Monday: $10k open, 1 stale"
    assert "how your deals stand this Monday" in body.text
    assert "Open pipeline: 1 deal, $10,000.00" in body.text
    assert "Pushed last week: 0 deals, $0.00" in body.text
    for key in ("open", "new", "moved", "stale", "pushed", "closing"):
        address = reverse("pipeline:digest-section", args=[notice.about_id, key])
        assert address in body.text
        assert address in body.html
    assert sentence_of(notice) == "Your Monday digest: 1 open, 1 stale, 0 closing this week"
    assert address_of(notice) == reverse("pipeline:digest-detail", args=[notice.about_id])


def test_the_mail_arrives(rep, smtp_server):
    stale_deal(rep)
    digests(START + 21 * DAY)
    sweep(START + 21 * DAY)

    for delivery in Delivery.objects.order_by("pk"):
        try_delivery(delivery_id=delivery.pk, at=START + 21 * DAY)

    received = [each for each in smtp_server.messages if each["To"] == rep.email]
    subjects = [message["Subject"] for message in received]
    assert subjects == ["Your Monday: $10k open, 1 stale", "Acme rollout: stale"]
    for message in received:
        plain = message.get_body(("plain",)).get_content()
        assert "__PERSONAL_LINK__" not in plain


def test_two_deals_of_one_manager_come_together(rep, other_rep, manager):
    stale_deal(rep)
    stale_deal(other_rep, "Second")
    sweep()
    sweep(STALE_AT + 7 * DAY)

    [notice] = told(manager)

    assert {each["owner"] for each in notice.context["entries"]} == {rep.name, other_rep.name}
    assert "of your line" in render(notice).text


def test_a_deal_that_went_away_meanwhile_breaks_nothing(rep):
    wants(rep, "weekly")
    stale_deal(rep)
    make_deal(rep, "Stays", at=START)
    sweep()
    Deal.objects.filter(name="Acme rollout").update(
        status="lost", closed_on=STALE_AT, loss_reason="price"
    )

    digests(START + 21 * DAY)

    assert render(told(rep, "digest.weekly")[0]).text
