"""Findings by the API: of one deal, of many, and counted."""

from pipeline.models import Deal
from tests.factories.people import AT
from tests.factories.pipeline import make_deal


def test_findings_are_listed_counted_and_told_of_one_deal(api, rep, manager, outsider):
    deal = make_deal(rep, "Unplanned")
    fine = make_deal(rep, "Fine", next_step="Call")
    Deal.objects.filter(pk__in=[deal.pk, fine.pk]).update(buyer_acted_at=AT)

    listed = api(manager).get("findings/").json()["results"]
    assert [(row["name"], row["findings"][0]["kind"]) for row in listed] == [
        ("Unplanned", "no_next_step")
    ]
    assert api(manager).get("findings/?kind=stale").json()["results"] == []
    counts = api(manager).get("findings/counts/").json()
    assert (counts["open"], counts["problems"]) == (2, 1)
    assert {row["kind"]: row["count"] for row in counts["kinds"]}["no_next_step"] == 1
    of_one = api(rep).get(f"deals/{deal.pk}/findings/").json()
    assert of_one[0]["sentence"] == "Nobody has said what happens next."
    assert api(outsider).get("findings/").status_code == 403
    assert api(outsider).get(f"deals/{deal.pk}/findings/").status_code == 404
