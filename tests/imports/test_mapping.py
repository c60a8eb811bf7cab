"""Mappings are read whole, or refused with everything that is wrong, by name."""

import pytest

from revops.imports.mapping import parse_mapping
from revops.imports.problems import BadMapping
from tests.imports.kinds import CRATE

SOUND = """
source = "yard"
[crate]
external_id = "{id}"
name = "{name}"
"""


def problems_of(text):
    with pytest.raises(BadMapping) as refusal:
        parse_mapping(text, CRATE)
    return refusal.value.problems


def test_sound_mapping_names_its_columns():
    mapping = parse_mapping(SOUND + 'mail = "{name|slug}.{city}@yard.example"', CRATE)

    assert mapping.columns() == {"id", "name", "city"}


def test_unknown_column_is_refused_by_name_with_the_likely_one():
    mapping = parse_mapping(SOUND, CRATE)

    with pytest.raises(BadMapping, match=r"“name” is not known\. Did you mean names"):
        mapping.check_columns(["id", "names"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("source = ", "It is not TOML"),
        ('source = "yard"', r"There is no \[crate\] table"),
        (SOUND.replace('source = "yard"', ""), "It must name its source"),
        ('kind = "deals"\n' + SOUND, "It maps deals, but the import is of crates"),
        (SOUND + "[crates]", "The key “crates” is not known. Did you mean crate?"),
        (SOUND + '[file]\nencodings = "x"', "“encodings” is not known. Did you mean encoding?"),
        (SOUND + "[file]\nencoding = 8", "“encoding” must be text"),
        (SOUND + '[file]\ndate_format = "dd.mm"', "date format “dd.mm” is none"),
        (SOUND + 'nam = "x"', "the field “nam” is not known. Did you mean name?"),
        (SOUND + 'note = { colum = "x" }', "the key “colum” is not known"),
        (SOUND + 'note = { column = "x", template = "y" }', "one of column, template and"),
        (SOUND + 'note = { default = "y" }', "one of column, template and constant"),
        (SOUND + 'note = "{name"', "a brace that is not closed"),
        (SOUND + 'note = "{name|slugg}"', "The filter “slugg” is not known. Did you mean slug?"),
        (SOUND + 'note = { column = "x", scale = 3 }', "note is no number; it has no scale"),
        (SOUND + 'worth = { column = "x", scale = "3" }', "scale must be a number"),
        (SOUND + 'worth = "much"', "worth: “much” is no number"),
        (SOUND + 'marks = ["red", "green"]', "marks: “green” is none of red, blue"),
        (SOUND + 'worth = { column = "x", default = "-1" }', "worth: “-1” is less than 0"),
        (SOUND + 'worth = { column = "x", values = { a = "b" } }', "worth: “b” is no number"),
        (SOUND + 'note = { column = "x", values = "a" }', "must be a table of texts"),
        (SOUND + 'inside = { column = "x", by = "colour" }', "by “colour” is not known"),
        (SOUND + 'note = { column = "x", source = "hr" }', "note refers to no record"),
        (SOUND + "repeats = 1", "“repeats” must be true or false"),
        (SOUND.replace('external_id = "{id}"', ""), "must say its external_id"),
        (SOUND.replace('name = "{name}"', ""), "must say its name"),
        (SOUND + '[stages.Sent]\nstatus = "won"', "stage_column and .* belong together"),
        ('stage_column = "s"\n' + SOUND + '[stages.Sent]\nstatus = "x"', "“x” is none of open"),
        ('stage_column = "s"\n' + SOUND + '[stages.Sent]\ndates = ["x"]', "the date “x” is not"),
        ('stage_column = "s"\n' + SOUND + "[stages.Sent]\nlabel = 1", "“label” must be true or"),
        ('stage_column = "s"\n' + SOUND + "[stages.Sent]\nlabels = true", "“labels” is not known"),
        (SOUND + "[translate.name]\nA = 1", r"\[translate.name\] must be a table of texts"),
    ],
)
def test_bad_mapping_is_refused_by_name(text, problem):
    with pytest.raises(BadMapping, match=problem):
        parse_mapping(text, CRATE)


def test_all_problems_are_listed_at_once():
    assert len(problems_of(SOUND + 'nam = "x"\npieces = "some"\n[file]\nx = "y"')) == 3


def test_kind_without_stages_refuses_them():
    from dataclasses import replace

    plain = replace(CRATE, stages=None)

    with pytest.raises(BadMapping, match="An import of crates has no stages"):
        parse_mapping('stage_column = "s"\n' + SOUND + "[stages.Sent]", plain)
