"""Settings for fields and junk, the fields on the deal's pages, and two people editing one deal."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from pipeline.models import Deal, JunkWord
from pipeline.operations import change_deal
from revops.company.models import FieldDefinition
from revops.work.models import Attachment
from tests.factories.people import by
from tests.factories.pipeline import make_account, make_deal
from tests.pipeline.test_fields import LATER, change, define, require
from tests.pipeline.visiting import NOW, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]

FIELDS, JUNK = "/settings/fields/", "/settings/junk/"


def edit(deal):
    return f"/deals/{deal.pk}/edit/"


def form_data(client, path, **typed):
    """What a browser sends: every field as it is shown, with what it carries along, and this."""
    form = client.get(path).context["form"]
    data = {}
    for bound in form:
        for name, value in (
            (bound.html_name, bound.value()),
            (bound.html_initial_name if bound.field.show_hidden_initial else "", bound.initial),
        ):
            if name and not isinstance(value, list | dict) and value is not None:
                data[name] = bound.field.prepare_value(value)
    data |= {"version": client.get(path).context["deal"].version, "opened": NOW.isoformat()}
    return data | typed


def test_administrator_defines_a_list_with_options(visit, revops):
    client = visit(revops)
    told = {"label": "Sales region", "entity": "deal", "kind": "choice"}

    assert client.post(f"{FIELDS}new/", told).status_code == 422
    response = client.post(f"{FIELDS}new/", told | {"new_options": "EMEA\nAsia Pacific\nEMEA"})

    assert response.status_code == 302
    field = FieldDefinition.objects.get()
    assert (field.key, field.label) == ("sales_region", "Sales region")
    assert [each["key"] for each in field.options] == ["emea", "asia_pacific"]
    assert "Sales region" in text_of(client.get(f"{FIELDS}?of=deal"))


def test_options_are_renamed_retired_and_added(visit, revops):
    field = define("region")
    told = {
        "label": "Region",
        "version": field.version,
        "option-0": "Europe",
        "option-1": "Asia",
        "retired-1": "on",
        "new_options": "Americas",
    }

    assert visit(revops).post(f"{FIELDS}{field.pk}/", told).status_code == 302
    field.refresh_from_db()
    assert field.options == [
        {"key": "emea", "label": "Europe"},
        {"key": "apac", "label": "Asia", "retired": True},
        {"key": "americas", "label": "Americas"},
    ]


def test_a_stale_change_of_a_field_is_refused(visit, revops):
    field = define("region", "text")

    told = {"label": "Other", "version": field.version + 1}
    assert visit(revops).post(f"{FIELDS}{field.pk}/", told).status_code == 409


def test_archiving_says_where_the_field_is_required(visit, revops):
    field = define("region")
    require("region")
    client = visit(revops)
    path = f"{FIELDS}{field.pk}/archive/"

    assert "Qualified of New business" in text_of(client.get(path))
    assert client.post(path).status_code == 422
    assert client.post(path, {"although_required": "1"}).status_code == 302
    field.refresh_from_db()
    assert field.archived_at
    assert client.post(f"{FIELDS}{field.pk}/restore/").status_code == 302
    field.refresh_from_db()
    assert field.archived_at is None


def test_fields_change_places(visit, revops):
    first, second = define("one", "text"), define("two", "text")

    visit(revops).post(f"{FIELDS}{second.pk}/move/", {"to": "up"})

    rows = FieldDefinition.objects.order_by("position")
    assert list(rows) == [second, first]


@pytest.mark.parametrize("role", ["rep", "manager", "desk", "auditor"])
def test_settings_are_for_administrators(role, visit, request):
    client = visit(request.getfixturevalue(role))
    field, word = define("region"), JunkWord.objects.first()

    for path in (FIELDS, f"{FIELDS}new/", f"{FIELDS}{field.pk}/", JUNK):
        assert client.get(path).status_code == 403
    for path in ("archive/", "restore/", "move/"):
        assert client.post(f"{FIELDS}{field.pk}/{path}").status_code == 403
    assert client.post(f"{JUNK}{word.pk}/retire/").status_code == 403


def test_junk_is_tried_added_and_retired(visit, revops, rep):
    client = visit(revops)
    deal = make_deal(rep)
    change_deal(deal=deal, changes={"pain_points": "wip"}, by=by(rep), at=LATER)

    tried = client.post(JUNK, {"text": "WIP", "try": "1"})
    page = " ".join(text_of(tried).split())
    assert "open deal says" in page, page[page.index("<form class") :][:900]
    assert not JunkWord.objects.filter(text="wip").exists()
    assert client.post(JUNK, {"text": "WIP"}).status_code == 302
    word = JunkWord.objects.get(text="wip")
    assert client.post(JUNK, {"text": "wip"}).status_code == 422
    assert client.post(f"{JUNK}{word.pk}/retire/").status_code == 302
    word.refresh_from_db()
    assert word.retired_at


def test_every_kind_is_typed_into_the_deal(visit, rep):
    for key, kind in (("budget", "money"), ("sponsor", "person"), ("plan", "file")):
        define(key, kind)
    define("modules", "multi_choice")
    deal, client = make_deal(rep), visit(rep)
    data = form_data(client, edit(deal)) | {
        "custom.budget_amount": "1,200.50",
        "custom.budget_currency": "eur",
        "custom.sponsor": rep.pk,
        "custom.modules": ["emea", "apac"],
        "custom.plan": SimpleUploadedFile("plan.pdf", b"%PDF"),
    }

    response = client.post(edit(deal), data)

    assert response.status_code == 302, response.context["form"].errors
    deal.refresh_from_db()
    assert deal.custom == {
        "budget": {"amount": "1200.50", "currency": "EUR"},
        "sponsor": rep.pk,
        "plan": Attachment.objects.about(deal).get().pk,
        "modules": ["emea", "apac"],
    }
    page = text_of(client.get(f"/deals/{deal.pk}/"))
    for words in ("1,200.50 EUR", rep.name, "plan.pdf", "EMEA, Asia Pacific"):
        assert words in page


def test_money_without_its_currency_is_refused_beside_the_field(visit, rep):
    define("budget", "money")
    deal, client = make_deal(rep), visit(rep)

    typed = {"custom.budget_amount": "12", "custom.budget_currency": ""}
    response = client.post(edit(deal), form_data(client, edit(deal), **typed))

    assert response.status_code == 422
    assert response.context["form"].errors["custom.budget"] == ["Say in which currency."]


def test_a_colleague_who_left_stays_where_nobody_chose_another(visit, rep, outsider):
    define("sponsor", "person")
    deal, client = change(make_deal(rep), sponsor=outsider.pk), visit(rep)
    type(outsider).objects.filter(pk=outsider.pk).update(
        is_active=False, deactivated_at=LATER, deactivated_by=rep
    )

    data = form_data(client, edit(deal), fit_score="50", **{"custom.sponsor": outsider.pk})
    data["initial-custom.sponsor"] = outsider.pk

    assert client.post(edit(deal), data).status_code == 302
    deal.refresh_from_db()
    assert (deal.custom, deal.fit_score) == ({"sponsor": outsider.pk}, 50)


def test_second_editor_sees_each_field_that_changed_and_by_whom(visit, rep, manager):
    define("seats", "integer")
    deal, client = make_deal(rep), visit(rep)
    data = form_data(client, edit(deal), pain_points="Mine", fit_score="90")
    theirs = {"pain_points": "Theirs", "custom.seats": "55"}
    change_deal(deal=deal, changes=theirs, by=by(manager), at=LATER.replace(year=2027))

    response = client.post(edit(deal), data)

    assert response.status_code == 409
    form = response.context["form"]
    clashes = {each.name: each for each in form.clashes}
    assert clashes.keys() == {"pain_points", "custom.seats"}
    assert (clashes["pain_points"].was, clashes["pain_points"].now) == ("empty", "Theirs")
    assert clashes["pain_points"].is_yours
    assert not clashes["custom.seats"].is_yours
    assert {each.by for each in clashes.values()} == {manager.name}
    assert (form["pain_points"].value(), form["fit_score"].value()) == ("Mine", "90")


def test_saving_over_theirs_keeps_what_only_they_changed(visit, rep, manager):
    define("seats", "integer")
    deal, client = make_deal(rep), visit(rep)
    data = form_data(client, edit(deal), pain_points="Mine")
    theirs = {"pain_points": "Theirs", "custom.seats": "55", "timeline": "Theirs too"}
    change_deal(deal=deal, changes=theirs, by=by(manager), at=LATER)
    client.post(edit(deal), data)

    again = form_data(client, edit(deal), pain_points="Mine")

    assert client.post(edit(deal), again).status_code == 302
    deal = Deal.objects.get()
    assert (deal.pain_points, deal.timeline, deal.custom) == ("Mine", "Theirs too", {"seats": 55})


def test_conflict_carries_what_is_there_now_beside_what_was_typed(visit, rep, manager):
    deal, client = make_deal(rep), visit(rep)
    data = form_data(client, edit(deal), pain_points="Mine")
    change_deal(deal=deal, changes={"pain_points": "Theirs"}, by=by(manager), at=LATER)

    page = text_of(client.post(edit(deal), data))

    assert ">\nMine</textarea>" in page
    assert 'name="initial-pain_points" value="Theirs"' in page.replace("  ", " ")


def test_product_and_forecast_are_typed(visit, rep):
    deal, client = make_deal(rep), visit(rep)
    data = form_data(client, edit(deal), product="Plan", forecast_category="commit")

    assert client.post(edit(deal), data).status_code == 302
    deal.refresh_from_db()
    assert (deal.product, deal.forecast_category) == ("Plan", "commit")


def test_list_is_exported_as_filtered_and_as_one_may_see(visit, rep, other_rep):
    define("budget", "money")
    change(make_deal(rep, "=cmd|x"), budget="12.50 EUR")
    make_deal(rep, "Lost sight", account=make_account("Zed"))
    make_deal(other_rep, "Not yours")

    response = visit(rep).get("/deals/export/csv/", {"q": "cmd"})
    text = b"".join(response.streaming_content).decode()

    head, row, *rest = text.splitlines()
    assert head.startswith("Number,Deal,Account")
    assert head.endswith('Budget,"Budget, currency"')
    assert ",'=cmd|x,Acme," in row
    assert row.endswith("12.50,EUR")
    assert rest == []
    whole = b"".join(visit(rep).get("/deals/export/csv/").streaming_content).decode()
    assert "Not yours" not in whole
    assert visit(rep).get("/deals/export/pdf/").status_code == 404


def test_list_is_exported_as_a_workbook(visit, rep):
    make_deal(rep)

    body = b"".join(visit(rep).get("/deals/export/xlsx/").streaming_content)

    assert body.startswith(b"PK")
