"""Looking at files that people upload: encodings, separators, and what is no CSV file."""

import pytest

from revops.imports.problems import BadFile
from revops.imports.profile import check_is_text, detect_encoding, look_at

TEXT = "Name,City\nMüller,Köln\nDupont,Liège\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8"),
        (TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("utf-16"), "utf-16"),
        (b"Name\nplain\n", "utf-8"),
    ],
)
def test_the_encoding_is_found(data, encoding):
    check_is_text(data)

    profile = look_at(data)

    assert detect_encoding(data) == profile["encoding"] == encoding
    assert profile["columns"][0]["name"] == "Name"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found(mark):
    profile = look_at(TEXT.replace(",", mark).encode())

    assert profile["delimiter"] == mark
    assert [each["name"] for each in profile["columns"]] == ["Name", "City"]


def test_examples_and_few_values_are_told():
    rows = "".join(f"{number},{'open' if number % 2 else 'won'}\n" for number in range(100))

    number, state = look_at(f"id,state\n{rows}".encode())["columns"]

    assert number["examples"] == ["0", "1", "2"]
    assert number["values"] is None
    assert state["values"] == ["open", "won"]
    assert state["filled"] == 100


def test_a_long_file_is_looked_at_from_the_top():
    profile = look_at(("id\n" + "x\n" * 30_000).encode())

    assert profile["rows"] == 20_000
    assert not profile["is_whole"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"PK\x03\x04rest", "Save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0rest", "Save the sheet as CSV"),
        (b"%PDF-1.4", "PDF"),
        (b"\x89PNG\x00\x00\x01", "no text file"),
        (bytes(range(256)) * 40, "no text file"),
    ],
)
def test_what_is_no_csv_file_is_refused_by_name(data, says):
    with pytest.raises(BadFile, match=says):
        check_is_text(data)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a,a\n1,2\n", "twice"),
        (b"\x01a,b\n1,2\n", "control character"),
        (b'"a,b\n1,2\n', "header"),
        (",".join(f"c{n}" for n in range(400)).encode(), "300 columns"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(data, says):
    with pytest.raises(BadFile, match=says):
        look_at(data)


@pytest.mark.parametrize(
    ("examples", "form"),
    [
        ("31.12.2026", "%d.%m.%Y"),
        ("12/31/2026", "%m/%d/%Y"),
        ("31/12/2026", "%d/%m/%Y"),
        ("2026-12-31", "%Y-%m-%d"),
        ("2026-12-31T10:00:00Z", "%Y-%m-%dT%H:%M:%SZ"),
        ("nothing", "%Y-%m-%d"),
    ],
)
def test_the_form_of_dates_is_guessed(examples, form):
    assert look_at(f"day\n{examples}\n".encode())["date_format"] == form
