"""A file as it lies on somebody's disk."""

import pytest

from revops.imports.problems import BadFile
from revops.imports.reading import read_sheet


def lines(sheet):
    return [row.line for row in sheet.rows]


def test_each_row_knows_the_line_it_starts_on():
    sheet = read_sheet(b'name,note\nA,"two\nlines"\n\nB,one\n')

    assert lines(sheet) == [2, 5]
    assert sheet.rows[0].cells == {"name": "A", "note": "two\nlines"}


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_ending_counts_as_one_line(end):
    sheet = read_sheet(end.join([b"name", b"A", b'"B', b'b"', b"C"]))

    assert lines(sheet) == [2, 3, 5]


def test_byte_order_mark_is_no_part_of_the_first_column():
    sheet = read_sheet("\ufeffname\nÅsa\n".encode())

    assert sheet.columns == ("name",)
    assert sheet.rows[0].cells["name"] == "Åsa"


def test_other_encoding_is_refused_with_the_line_and_the_way_out():
    with pytest.raises(BadFile, match=r"Line 2 is not utf-8.*fallback_encoding"):
        read_sheet("name\nÅsa\n".encode("cp1252"))


def test_named_fallback_encoding_is_used_and_said():
    sheet = read_sheet("name\nÅsa\n".encode("cp1252"), fallback="cp1252")

    assert sheet.rows[0].cells["name"] == "Åsa"
    assert sheet.notes == ["Line 2 is not utf-8; read as cp1252."]


def test_unknown_encoding_is_refused_by_name():
    with pytest.raises(BadFile, match="“utf-9”"):
        read_sheet(b"name\nA\n", encoding="utf-9")


def test_delimiter_is_sniffed_from_the_header():
    sheet = read_sheet(b"name;city\nA,B;C\n", delimiter="sniff")

    assert sheet.rows[0].cells == {"name": "A,B", "city": "C"}


def test_row_of_another_width_is_bad():
    sheet = read_sheet(b"a,b\n1\n1,2\n1,2,3\n1,2,\n")

    assert lines(sheet) == [3, 5]
    assert [(bad.line, bad.reason) for bad in sheet.bad] == [
        (2, "The row has 1 cells, the header 2"),
        (4, "The row has 3 cells, the header 2"),
    ]


def test_nul_and_other_control_characters_make_a_row_bad():
    sheet = read_sheet(b"a\nx\x00y\nok\n\x1b[31m\n")

    assert lines(sheet) == [3]
    assert [bad.reason for bad in sheet.bad] == [
        "A cell holds the control character U+0000",
        "A cell holds the control character U+001B",
    ]


def test_quote_that_is_never_closed_is_bad_from_its_own_line():
    sheet = read_sheet(b'a,b\n1,2\n3,"4\n5,6\n')

    assert lines(sheet) == [2]
    assert [bad.line for bad in sheet.bad] == [3]


def test_stray_text_after_a_quote_is_bad_and_the_next_row_is_read():
    sheet = read_sheet(b'a,b\n"1"x,2\n3,4\n')

    assert lines(sheet) == [3]
    assert [bad.line for bad in sheet.bad] == [2]


def test_cell_beyond_all_measure_stops_the_reading():
    sheet = read_sheet(b"a\nok\n" + b"x" * 200_000 + b"\nok\n")

    assert lines(sheet) == [2]
    assert [bad.line for bad in sheet.bad] == [3]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no header"),
        (b"\n\n", "no header"),
        (b"a,a\n1,2\n", "“a” appears twice"),
        (b"a\x00\n1\n", "U\\+0000"),
    ],
)
def test_unusable_header_refuses_the_file(data, reason):
    with pytest.raises(BadFile, match=reason):
        read_sheet(data)


def test_blank_rows_are_passed_over_and_composed_letters_united():
    sheet = read_sheet("a,b\n ,\nE\u0301va ,x\n".encode())

    assert [row.cells["a"] for row in sheet.rows] == ["Éva"]
