"""Fields that the company defines: what each kind keeps, what gates and searches make of them."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from pipeline.gates import gate_of
from pipeline.models import Deal, Move, PipelineVersion, RequiredItem
from pipeline.operations import change_deal, declare_none, fill_items
from pipeline.timeline import timeline_of
from revops.company.fields import validate_custom
from revops.company.models import FieldDefinition
from revops.company.operations import (
    archive_field,
    change_field,
    define_field,
    order_fields,
    restore_field,
)
from revops.company.registry import uses_of
from revops.people.actor import Actor
from revops.people.operations import deactivate_person
from revops.refusals import NotAllowed, Refused
from revops.work.models import Attachment
from revops.work.operations import attach_file, remove_attachment
from tests.factories.people import AT, SYSTEM
from tests.factories.pipeline import make_account, make_deal, new_business

pytestmark = pytest.mark.django_db

OPTIONS = [{"key": "emea", "label": "EMEA"}, {"key": "apac", "label": "Asia Pacific"}]
LATER = AT + timedelta(hours=2)


def define(key="region", kind="choice", *, entity="deal", **facts):
    facts.setdefault("options", OPTIONS if "choice" in kind else None)
    facts.setdefault("label", key.replace("_", " ").capitalize())
    return define_field(entity=entity, key=key, kind=kind, by=SYSTEM, at=AT, **facts)


def require(key, *, stage="qualified", none_allowed=False) -> None:
    """Publish rules in which a stage asks for one of the company's own fields."""
    old = new_business().versions.order_by("-number").first()
    version = PipelineVersion.objects.create(pipeline=old.pipeline, number=old.number + 1)
    for rule in old.rules.order_by("position"):
        rule.pk, rule.version = None, version
        rule.save()
        if rule.stage.key == stage:
            RequiredItem.objects.create(
                rule=rule, key=f"custom.{key}", label=key, none_allowed=none_allowed
            )
    PipelineVersion.objects.filter(pk=version.pk).update(published_at=LATER)


def change(deal, by=SYSTEM, **custom):
    changes = {f"custom.{key}": value for key, value in custom.items()}
    return change_deal(deal=deal, changes=changes, by=by, at=LATER)


def missing(deal):
    return {each.key for each in gate_of(deal, Move.ADVANCE, LATER)}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"amount": "1200.50", "currency": "eur"}, {"amount": "1200.50", "currency": "EUR"}),
        ("1200.50 EUR", {"amount": "1200.50", "currency": "EUR"}),
        ("1200", {"amount": "1200", "currency": "USD"}),
    ],
)
def test_money_is_an_amount_with_its_currency(given, kept):
    define("budget", "money")

    assert validate_custom("deal", {"budget": given}) == {"budget": kept}


@pytest.mark.parametrize("given", ["much", {"amount": "x", "currency": "EUR"}, "1 EURO", True])
def test_what_is_no_money_is_refused(given):
    define("budget", "money")

    with pytest.raises(Refused, match="Budget is"):
        validate_custom("deal", {"budget": given})


def test_person_is_an_active_colleague(rep, outsider):
    define("sponsor", "person")

    assert validate_custom("deal", {"sponsor": rep.email}) == {"sponsor": rep.pk}
    assert validate_custom("deal", {"sponsor": rep.pk}) == {"sponsor": rep.pk}
    deactivate_person(person=outsider, successor=rep, by=SYSTEM, at=AT)
    with pytest.raises(Refused, match="nobody active"):
        validate_custom("deal", {"sponsor": outsider.pk})


def test_upload_becomes_an_attachment_of_the_deal(rep):
    define("plan", "file")

    deal = change(make_deal(rep), plan=ContentFile(b"%PDF", name="plan.pdf"))

    file = Attachment.objects.about(deal).get()
    assert (deal.custom, file.kind) == ({"plan": file.pk}, "field:plan")


def test_a_file_of_another_record_is_no_value(rep):
    define("plan", "file")
    first, second = make_deal(rep), make_deal(rep, "Second")
    change(first, plan=ContentFile(b"%PDF", name="plan.pdf"))
    other = attach_file(file=ContentFile(b"x", name="x.txt"), about=second, by=SYSTEM, at=AT)

    for number in (first.pk, Attachment.objects.about(first).get().pk, other.pk):
        with pytest.raises(Refused, match="no file that was attached here"):
            change(second, plan=number)


def test_gate_asks_a_field_by_its_own_name(rep):
    define("region", "choice", label="Sales region")
    require("region")
    deal = make_deal(rep)

    found = next(each for each in gate_of(deal, Move.ADVANCE, LATER) if "custom" in each.key)
    assert (found.key, found.sentence) == ("custom.region", "Choose one.")

    fill_items(deal=deal, evidence={"custom.region": "emea"}, by=SYSTEM, at=LATER)
    deal.refresh_from_db()
    assert "custom.region" not in missing(deal)


def test_junk_does_not_fill_a_text_and_no_fills_a_yes_or_no(rep):
    define("why_now", "text")
    define("is_rfp", "boolean")
    require("why_now")
    require_both = make_deal(rep)
    deal = change(require_both, why_now="tbd", is_rfp="no")

    assert "custom.why_now" in missing(deal)
    deal = change(deal, why_now="Their contract ends in March")
    assert "custom.why_now" not in missing(deal)
    assert deal.custom["is_rfp"] is False


def test_removed_file_is_asked_again(rep):
    define("plan", "file")
    require("plan")
    deal = change(make_deal(rep), plan=ContentFile(b"%PDF", name="plan.pdf"))
    assert "custom.plan" not in missing(deal)

    remove_attachment(attachment=Attachment.objects.about(deal).get(), by=SYSTEM, at=LATER)

    assert "custom.plan" in missing(deal)


def test_there_is_none_of_a_field_where_the_rules_take_that(rep):
    define("region", "choice")
    require("region", none_allowed=True)
    deal = change(make_deal(rep), region="emea")

    deal = declare_none(deal=deal, item_key="custom.region", by=SYSTEM, at=LATER)

    assert deal.custom == {}
    assert "custom.region" not in missing(deal)


def test_a_required_field_is_archived_only_by_whoever_knows_where(rep):
    field = define("region")
    require("region")
    deal = change(make_deal(rep), region="emea")

    assert uses_of(field) == ["Qualified of New business"]
    with pytest.raises(Refused, match="required: Qualified of New business"):
        archive_field(definition=field, by=SYSTEM, at=LATER)
    field = archive_field(definition=field, although_required=True, by=SYSTEM, at=LATER)

    deal.refresh_from_db()
    assert deal.custom == {"region": "emea"}
    assert "custom.region" not in missing(make_deal(rep, "Second"))
    with pytest.raises(Refused, match="no field region"):
        change(deal, region="apac")
    restore_field(definition=field, by=SYSTEM, at=LATER)
    assert "custom.region" in missing(Deal.objects.get(name="Second"))


def test_searched_field_finds_the_deal_from_then_on(rep):
    field = define("why_now", "text")
    deal = change(make_deal(rep), why_now="Migration from Oldsoft")
    assert not Deal.objects.matching("oldsoft").exists()

    change_field(definition=field, changes={"is_searchable": True}, by=SYSTEM, at=LATER)
    assert Deal.objects.matching("acme oldsoft").get() == deal

    change(deal, why_now="Merger")
    assert not Deal.objects.matching("oldsoft").exists()
    assert Deal.objects.matching("merger").exists()
    field.refresh_from_db()
    change_field(definition=field, changes={"is_searchable": False}, by=SYSTEM, at=LATER)
    assert not Deal.objects.matching("merger").exists()


def test_an_option_is_retired_and_never_removed(rep):
    field = define("region")
    deal = change(make_deal(rep), region="apac")

    with pytest.raises(Refused, match="Retire apac"):
        change_field(definition=field, changes={"options": OPTIONS[:1]}, by=SYSTEM, at=LATER)
    retired = [OPTIONS[0], {**OPTIONS[1], "retired": True}]
    change_field(definition=field, changes={"options": retired}, by=SYSTEM, at=LATER)

    with pytest.raises(Refused, match="is one of emea"):
        change(make_deal(rep, "Second"), region="apac")
    assert change(deal, region="emea").custom == {"region": "emea"}


def test_fields_stand_in_their_order():
    for key in ("one", "two", "three"):
        define(key, "text")

    order_fields(entity="deal", keys=["three", "one"], by=SYSTEM, at=LATER)

    rows = FieldDefinition.objects.order_by("position")
    assert [row.key for row in rows] == ["three", "one", "two"]


def test_only_administrators_define_fields(rep):
    with pytest.raises(NotAllowed):
        define_field(entity="deal", key="x", kind="text", label="X", by=Actor.of(rep), at=AT)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"key": "two words"}, "letters, digits"),
        ({"label": "  "}, "a name"),
        ({"kind": "money", "is_searchable": True}, "not searched"),
        ({"kind": "file", "key": "k" * 35}, "at most 34"),
    ],
)
def test_a_field_that_cannot_be_is_refused(facts, said):
    with pytest.raises(Refused, match=said):
        define(**{"key": "x", "kind": "text", **facts})


def test_account_and_contact_have_fields_too(rep):
    define("tier", "choice", entity="account")

    assert make_account("Other", **{"custom.tier": "emea"}).custom == {"tier": "emea"}


def test_timeline_tells_a_change_of_a_field(rep):
    define("region", label="Sales region")
    deal = change(make_deal(rep), region="apac")

    told = timeline_of(deal, rep).entries[0]

    assert ("Sales region", "", "Asia Pacific") in [tuple(each) for each in told.changes]
