"""Rows become typed values, or a line number and a reason."""

from datetime import date
from decimal import Decimal

import pytest

from revops.imports.drafts import draft_file
from revops.imports.mapping import parse_mapping
from revops.imports.problems import BadFile, BadMapping
from tests.imports.kinds import CRATE

HEAD = """
source = "yard"
{file}
{translate}
[crate]
external_id = "{{id}}"
name = "{{name}}"
"""


def draft(fields, data, *, file="", translate="", kind=CRATE):
    mapping = HEAD.format(file=file, translate=translate) + fields
    return draft_file(data.encode(), parse_mapping(mapping, kind))


def only(drafts, entity="crate"):
    assert drafts.bad_rows() == []
    (record,) = drafts.standing(entity)
    return record


def reasons(drafts):
    return [(bad.line, bad.reason) for bad in drafts.bad_rows()]


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("worth = '{x}'", "12.5", Decimal("12.50")),
        ("worth = { column = 'x', scale = 1000 }", "4.54", Decimal("4540.00")),
        ("worth = '{x}'", "", None),
        ("pieces = { column = 'x', default = 7 }", "", 7),
        ("packed_on = '{x}'", "2017-03-01", date(2017, 3, 1)),
        ("packed_on = { column = 'x', date_format = '%d.%m.%y' }", "1.3.17", date(2017, 3, 1)),
        (
            "packed_on = { column = 'x', date_format = ['%Y-%m-%d', '%d/%m/%Y'] }",
            "01/03/2017",
            date(2017, 3, 1),
        ),
        ("status = '{x}'", "WON", "won"),
        ("status = { column = 'x', values = { geschafft = 'won' } }", "geschafft", "won"),
        ("marks = '{x}'", "Red; blue", ("blue", "red")),
        ("marks = ['red']", "", ("red",)),
        ("mail = '{x|slug}@yard.example'", "Mei-Mei Johns", "mei-mei-johns@yard.example"),
        ("note = { template = '{x} of {id}', fallback = 'crate {id}' }", "", "crate 1"),
        ("note = { template = '{x} of {id}', fallback = 'crate {id}' }", "a", "a of 1"),
        ("note = '{x|upper|lower}'", "Ab", "ab"),
        ("note = 'a constant'", "", "a constant"),
        ("note = '{x}'", "=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("note = '{x}'", "{name}", "{name}"),
    ],
)
def test_cell_becomes_value(field, cell, value):
    drafts = draft(field, f"id,name,x\n1,A,{cell}\n")

    assert only(drafts).values[field.split(" ")[0]] == value


@pytest.mark.parametrize(
    ("field", "cell", "reason"),
    [
        ("worth", "=1+1", "worth: “=1+1” is no number"),
        ("worth", "NaN", "worth: “NaN” is no number"),
        ("worth", "1e9", "worth: “1e9” is no number"),
        ("worth", "١٢", "worth: “١٢” is no number"),
        ("worth", "1_000", "worth: “1_000” is no number"),
        ("worth", "1.005", "worth: “1.005” has more than 2 decimals"),
        ("worth", "-1", "worth: “-1” is less than 0"),
        ("worth", "123456789", "worth: “123456789” is too large"),
        ("pieces", "1.5", "pieces: “1.5” is no whole number"),
        ("pieces", "0", "pieces: “0” is not between 1 and 2147483647"),
        ("packed_on", "2017-02-30", "packed_on: “2017-02-30” is no date of the form %Y-%m-%d"),
        ("packed_on", "0017-02-03", "packed_on: “0017-02-03” is not between 1900 and 2199"),
        ("status", "lost", "status: “lost” is none of open, won"),
        ("mail", "a@", "mail: “a@” is no e-mail address"),
        ("name", "x" * 21, "name: has 21 characters, at most 20 are kept"),
        ("name", "", "name is blank"),
    ],
)
def test_cell_that_does_not_fit_makes_the_row_bad(field, cell, reason):
    given = f"{field} = '{{x}}'" if field != "name" else ""
    data = f"id,name,x\n1,{cell},\n2,B,\n" if field == "name" else f"id,name,x\n1,A,{cell}\n2,B,\n"
    drafts = draft(given, data)

    assert reasons(drafts) == [(2, reason)]
    assert [record.external_id for record in drafts.standing("crate")] == ["2"]


def test_numbers_are_read_as_the_file_writes_them():
    file = "[file]\ndecimal_separator = ','\nthousands_separator = '.'\ndelimiter = ';'"

    assert only(draft("worth = '{x}'", "id;name;x\n1;A;1.234,5\n", file=file)).values[
        "worth"
    ] == Decimal("1234.50")


def test_column_is_translated_before_any_use():
    drafts = draft("note = '{name}!'", "id,name\n1,GTXPro\n", translate="translate.name.GTXPro='P'")

    assert only(drafts).values == {"name": "P", "note": "P!"}


def test_strict_values_refuse_what_is_not_listed():
    drafts = draft(
        "note = { column = 'x', strict = true, values = { a = 'b' } }", "id,name,x\n1,A,c\n"
    )

    assert reasons(drafts) == [(2, "note: “c” is not among the values mapped")]


def test_second_row_with_the_same_external_id_is_bad():
    drafts = draft("", "id,name\n1,A\n2,B\n1,A\n")

    assert reasons(drafts) == [(4, "The crate “1” is already on line 2")]


def test_blank_external_id_is_bad():
    assert reasons(draft("", "id,name\n,A\n")) == [(2, "The external id of the crate is blank")]


SHELF = "[[shelf]]\nrepeats = true\noptional = true\nexternal_id = '{shelf|slug}'\nname = '{x}'"


def test_one_row_makes_several_records_and_repeated_ones_unite():
    drafts = draft(SHELF, "id,name,shelf,x\n1,A,Top,S\n2,B,Top,S\n3,C,,\n")

    assert [each.external_id for each in drafts.standing("crate")] == ["1", "2", "3"]
    assert only(drafts, "shelf").lines == [2, 3]


def test_repeated_record_that_contradicts_itself_is_bad():
    drafts = draft(SHELF, "id,name,shelf,x\n1,A,Top,S\n2,B,Top,T\n")

    assert reasons(drafts) == [(3, "name of the shelf “top” is “T” here and “S” on line 2")]


def test_lists_of_a_repeated_record_unite():
    both = "repeats = true\nmarks = '{x}'"

    assert only(draft(both, "id,name,x\n1,A,red\n1,A,blue\n")).values["marks"] == ("blue", "red")


def test_record_of_bad_rows_alone_does_not_stand():
    drafts = draft(SHELF, "id,name,shelf,x\n1,A,Top,S\n")
    drafts.reject(2, "whatever")

    assert drafts.standing("shelf") == []


STAGES = """
worth = "{worth}"
packed_on = "{packed}"
sent_on = "{sent}"
[label]
text = "to {name}"
[stages.Packed]
stage = "yard"
status = "open"
dates = ["packed_on"]
label = false
[stages.Gone]
stage = "road"
status = "won"
[stages.Gone.fields]
worth = "5"
"""


def test_row_acts_by_its_stage():
    drafts = draft(
        STAGES,
        "id,name,s,worth,packed,sent\n"
        "1,A,Packed,3,2017-01-01,2017-01-02\n2,B,Gone,3,2017-01-01,2017-01-02\n",
        file='stage_column = "s"',
    )

    packed, gone = drafts.standing("crate")
    assert (packed.values["stage"], packed.values["status"]) == ("yard", "open")
    assert (packed.values["packed_on"], packed.values["sent_on"]) == (date(2017, 1, 1), None)
    assert packed.values["worth"] == 3
    assert gone.values["sent_on"] == date(2017, 1, 2)
    assert gone.values["worth"] == 5
    assert [label.external_id for label in drafts.standing("label")] == ["2"]


def test_stage_that_is_not_mapped_is_bad():
    drafts = draft(STAGES, "id,name,s,worth,packed,sent\n1,A,Lost,,,\n", file='stage_column = "s"')

    assert reasons(drafts) == [(2, "s: “Lost” is no stage of the mapping")]


def test_file_without_rows_and_mapping_of_absent_columns_are_refused():
    with pytest.raises(BadFile, match="no rows"):
        draft("", "id,name\n")
    with pytest.raises(BadMapping, match="The column “name”"):
        draft("", "id,nom\n1,A\n")


def test_values_are_remembered_in_one_spelling():
    record = only(
        draft(
            "worth = '{x}'\npacked_on = '{d}'\ninside = '{y}'",
            "id,name,x,d,y\n1,A,1054,2017-01-01,K\n",
        )
    )

    assert record.remembered() == {
        "name": "A",
        "worth": "1054.00",
        "packed_on": "2017-01-01",
        "inside": "K",
    }
