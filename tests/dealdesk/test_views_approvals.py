from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dealdesk.coverage import inbox_count
from dealdesk.models import ApprovalLink, Decision
from dealdesk.operations import recall_request
from tests.factories.dealdesk import (
    HOUR,
    decide,
    make_quote,
    slot_of,
    small_account,
    submit,
    term,
)
from tests.factories.people import by, make_person, signed_in
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db

NOW = timezone.now


def url(name, record) -> str:
    return reverse(f"dealdesk:{name}", args=[record.pk])


def ask(rep, off=25, **facts):
    """A request of a moment ago."""
    quote = {key: facts.pop(key) for key in ("deal", "lines", "terms") if key in facts}
    return submit(make_quote(rep, off, **quote), at=facts.pop("at", NOW() - HOUR), **facts)


def press(client, slot, verdict, **typed):
    digest = typed.pop("digest", slot.step.request.snapshot.digest)
    return client.post(
        url("approval-decide", slot), {"verdict": verdict, "digest": digest, **typed}
    )


# The inbox


def test_inbox_is_empty_with_a_way_on(vp):
    page = signed_in(vp).get(reverse("dealdesk:approval-inbox"))

    assert "Nothing waits for you" in page.content.decode()


def test_inbox_goes_by_needed_by_then_due(rep, vp):
    deals = [make_deal(rep, f"Deal {n}", account=small_account()) for n in range(3)]
    ask(rep, deal=deals[0])
    ask(rep, deal=deals[1], needed_by=date(2030, 1, 2), needed_cause="Board")
    ask(rep, deal=deals[2], needed_by=date(2030, 1, 1), needed_cause="Board")

    page = signed_in(vp).get(reverse("dealdesk:approval-inbox")).content.decode()

    assert page.index("Deal 2") < page.index("Deal 1") < page.index("Deal 0")


def test_inbox_pages_through_everything_once(rep, vp, monkeypatch):
    monkeypatch.setattr("dealdesk.views.inbox.INBOX", 2)
    needed = [None, date(2030, 1, 2), None, date(2030, 1, 1), date(2030, 1, 1)]
    for number, day in enumerate(needed):
        deal = make_deal(rep, f"Deal {number}", account=small_account())
        ask(rep, deal=deal, needed_by=day, needed_cause="Board" if day else "")

    client, seen, address = signed_in(vp), [], "?"
    while address:
        context = client.get(reverse("dealdesk:approval-inbox") + address).context
        seen += [row.request.deal.name for row in context["rows"]]
        address = context["next"]

    assert seen == ["Deal 3", "Deal 4", "Deal 1", "Deal 0", "Deal 2"]


def test_inbox_shows_only_what_waits_for_me(rep, vp, desk):
    ask(rep)

    assert "Acme rollout" not in (
        signed_in(desk).get(reverse("dealdesk:approval-inbox")).content.decode()
    )


def test_decided_tab_lists_my_decisions(rep, vp):
    decide(ask(rep), vp, at=NOW())

    page = signed_in(vp).get(reverse("dealdesk:approval-inbox"), {"tab": "decided"})

    assert "Acme rollout" in page.content.decode()
    assert inbox_count(vp) == 0


def test_inbox_asks_the_same_however_much_waits(rep, vp):
    client, counts = signed_in(vp), []
    for number in range(6):
        ask(rep, deal=make_deal(rep, f"Deal {number}", account=small_account()))
        if number in (0, 5):
            client.get(reverse("dealdesk:approval-inbox"))
            with CaptureQueriesContext(connection) as asked:
                client.get(reverse("dealdesk:approval-inbox"))
            counts.append(len(asked))

    assert counts[0] == counts[1]


# The approver's minute


def test_page_says_everything_in_a_minute(rep, vp):
    asked = ask(rep, needed_by=date(2030, 1, 1), needed_cause="Their board meets")

    page = signed_in(vp).get(slot_of(asked, vp).get_absolute_url()).content.decode()

    for said in (
        "Rita asks for 25 % off",
        "$7,500.00",
        "the VP of sales from 20 %",
        "A reference",
        "The customer compares us with Orrin.",
        "Their board meets",
        asked.snapshot.digest,
    ):
        assert said in page, said


def test_terms_are_shown_beside_the_standard(rep, vp, desk):
    asked = ask(rep, terms=[term()])

    page = signed_in(desk).get(slot_of(asked, desk).get_absolute_url()).content.decode()

    assert "99.5 %" in page
    assert "99.9 %" in page


def test_second_attempt_is_held_against_the_last_approved_one(rep, vp):
    from dealdesk.operations import revise_quote, save_quote
    from tests.factories.dealdesk import line

    first = ask(rep, 22)
    decide(first, vp, at=NOW())
    draft = revise_quote(quote=first.quote, by=by(rep), at=NOW())
    save_quote(quote=draft, lines=[line(30)], by=by(rep), at=NOW())
    second = submit(draft, at=NOW())

    page = signed_in(vp).get(slot_of(second, vp).get_absolute_url()).content.decode()

    assert "Since the last approval" in page
    assert "worse for us" in page


def test_approval_goes_through_and_names_the_next(rep, vp):
    first = ask(rep)
    ask(rep, deal=make_deal(rep, "Second deal", account=small_account()))
    client, slot = signed_in(vp), slot_of(first, vp)

    answer = press(client, slot, "approved")

    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "You approved this" in page
    assert "Next: Second deal" in page
    assert Decision.objects.get().via == "web"


def test_rejection_needs_its_reason(rep, vp):
    slot = slot_of(ask(rep), vp)

    page = press(signed_in(vp), slot, "rejected")

    assert page.status_code == 422
    assert "Say why you reject this." in page.content.decode()
    assert not Decision.objects.exists()


def test_no_verdict_decides_nothing(rep, vp):
    page = press(signed_in(vp), slot_of(ask(rep), vp), "")

    assert page.status_code == 422
    assert not Decision.objects.exists()


def test_changed_terms_answer_409_and_keep_the_reason(rep, vp):
    slot = slot_of(ask(rep), vp)

    page = press(signed_in(vp), slot, "rejected", digest="0" * 64, reason="Too much")

    assert page.status_code == 409
    assert "The terms changed" in page.content.decode()
    assert "Too much" in page.content.decode()
    assert not Decision.objects.exists()


def test_decided_twice_answers_409(rep, vp):
    asked = ask(rep)
    decide(asked, vp, at=NOW())

    page = press(signed_in(vp), slot_of(asked, vp), "approved")

    assert page.status_code == 409
    assert "You approved this" in page.content.decode()


def test_recalled_meanwhile_answers_409(rep, vp):
    asked = ask(rep)
    slot = slot_of(asked, vp)
    recall_request(request=asked, by=by(rep), at=NOW())

    assert press(signed_in(vp), slot, "approved").status_code == 409


@pytest.mark.parametrize(
    ("who", "reads", "decides"),
    [
        ("vp", 200, 302),
        ("rep", 200, 403),
        ("auditor", 200, 403),
        ("revops", 200, 403),
        ("outsider", 404, 404),
    ],
)
def test_who_reads_and_who_decides(request, rep, vp, who, reads, decides):
    person = request.getfixturevalue(who)
    slot = slot_of(ask(rep), vp)
    client = signed_in(person)

    page = client.get(slot.get_absolute_url())

    assert page.status_code == reads
    assert (b'name="verdict"' in page.content) == (who == "vp")
    assert press(client, slot, "approved").status_code == decides


# A request


def test_request_page_has_every_attempt_and_who_waits(rep, vp):
    asked = ask(rep)

    page = signed_in(rep).get(asked.get_absolute_url()).content.decode()

    assert "Waiting for Vera" in page
    assert "Recall" in page
    assert "rules apply" in page


def test_submitter_recalls(rep, vp):
    asked = ask(rep)
    client = signed_in(rep)

    answer = client.post(url("request-recall", asked), {"reason": "Another price"})

    assert answer.status_code == 302
    assert "Another price" in client.get(asked.get_absolute_url()).content.decode()
    assert client.post(url("request-recall", asked)).status_code == 409


def test_only_submitter_owner_and_revops_recall(rep, vp, auditor, outsider):
    asked = ask(rep)

    assert signed_in(auditor).post(url("request-recall", asked)).status_code == 403
    assert signed_in(outsider).post(url("request-recall", asked)).status_code == 404
    assert signed_in(outsider).get(asked.get_absolute_url()).status_code == 404


def test_author_takes_an_approval_back_with_a_reason(rep, vp, auditor):
    asked = ask(rep)
    decision = decide(asked, vp, at=NOW())
    client = signed_in(vp)

    assert "Take my approval back" in client.get(asked.get_absolute_url()).content.decode()
    assert client.post(url("decision-revoke", decision)).status_code == 422
    assert (
        signed_in(auditor).post(url("decision-revoke", decision), {"reason": "x"}).status_code
        == 403
    )
    client.post(url("decision-revoke", decision), {"reason": "I misread the term"})

    asked.refresh_from_db()
    assert asked.status == "revoked"
    assert "I misread the term" in client.get(asked.get_absolute_url()).content.decode()


def test_request_page_asks_the_same_however_many_attempts(rep, vp, desk, finance, legal):
    client, counts = signed_in(rep), []
    deal = make_deal(rep, account=small_account())
    quote = make_quote(rep, 25, deal=deal)
    for number in range(3):
        asked = submit(quote, at=NOW() - timedelta(hours=9 - number))
        client.get(asked.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            client.get(asked.get_absolute_url())
        counts.append(len(queries))
        recall_request(request=asked, by=by(rep), at=NOW() - timedelta(hours=8 - number))

    assert counts[1] == counts[2]


# Links, as far as no browser is needed


def open_path(slot) -> str:
    from dealdesk.links import derive_token, link_path

    return link_path(derive_token(ApprovalLink.objects.get(slot=slot)))


def test_token_leaves_the_address(rep, vp):
    slot = slot_of(ask(rep), vp)
    client = Client()

    answer = client.get(open_path(slot))

    assert answer["Location"] == f"/a/slot/{slot.pk}/"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]
    page = client.get(answer["Location"])
    assert "For <b>Vera Vance</b>" in page.content.decode()
    assert page["Cache-Control"] == "no-store"


def test_head_is_answered_like_get(rep, vp):
    slot = slot_of(ask(rep), vp)

    answer = Client().head(open_path(slot))

    assert answer.status_code == 302
    assert not Decision.objects.exists()


def test_link_decides_with_csrf_alone(rep, vp):
    asked = ask(rep)
    slot = slot_of(asked, vp)
    client = Client(enforce_csrf_checks=True)
    client.get(open_path(slot))
    page = client.get(f"/a/slot/{slot.pk}/")
    typed = {"verdict": "approved", "digest": asked.snapshot.digest}

    assert client.post(f"/a/slot/{slot.pk}/", typed).status_code == 403
    token = page.context["csrf_token"]
    answer = client.post(f"/a/slot/{slot.pk}/", {**typed, "csrfmiddlewaretoken": str(token)})

    assert answer.status_code == 302
    assert Decision.objects.get().via == "mail_link"


def test_link_of_one_slot_opens_no_other(rep, vp, desk):
    asked = ask(rep, terms=[term()])
    client = Client()
    client.get(open_path(slot_of(asked, vp)))

    page = client.get(f"/a/slot/{slot_of(asked, desk).pk}/")

    assert page.status_code == 404
    assert "Acme" not in page.content.decode()


def test_mail_links_need_no_sign_in_and_nothing_else_opens_without(rep, vp):
    asked = ask(rep)

    assert Client().get(asked.get_absolute_url()).status_code == 302
    assert Client().get(slot_of(asked, vp).get_absolute_url()).status_code == 302
    assert Client().get(reverse("dealdesk:approval-inbox")).status_code == 302


def test_group_colleague_who_was_quicker_is_named(rep, desk):
    other = make_person("Dana Osei", roles=["deal_desk"])
    asked = ask(rep, 45)
    path = open_path(slot_of(asked, other))
    decide(asked, desk, at=NOW())
    client = Client()

    page = client.get(path, follow=True)

    assert page.status_code == 410
    assert "Dora Diaz approved this" in page.content.decode()
    assert "Acme" not in page.content.decode()


def test_stepping_out_is_for_development_alone(rep, vp, settings):
    slot = slot_of(ask(rep), vp)
    client = signed_in(rep)
    client.get(open_path(slot))

    settings.DEV_TOOLS = False
    assert client.post(f"/a/slot/{slot.pk}/step-out/").status_code == 404
    settings.DEV_TOOLS = True
    client.post(f"/a/slot/{slot.pk}/step-out/")

    assert "For <b>Vera Vance</b>" in client.get(f"/a/slot/{slot.pk}/").content.decode()
