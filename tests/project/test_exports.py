"""Tables as files: what a spreadsheet reads back, and what it does not run."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from openpyxl import load_workbook

from revops.exports import Sheet, file_response

# An answer that is sent looks after the connections of its request.
pytestmark = pytest.mark.django_db

ROWS = [["Acme", 3, Decimal("10.50"), Fraction(1, 4), date(2026, 11, 3), None]]
HEADER = ["Name", "Deals", "Amount", "Rate", "Day", "Nothing"]


def read_csv(*sheets):
    answer = file_response("csv", "Deals of Rita", sheets)
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def read_xlsx(*sheets):
    answer = file_response("xlsx", "Deals of Rita", sheets)
    content = b"".join(answer.streaming_content)
    answer.close()
    return load_workbook(io.BytesIO(content))


def test_csv_reads_back():
    assert read_csv(Sheet("Deals", HEADER, ROWS)) == [
        HEADER,
        ["Acme", "3", "10.50", "0.25", "2026-11-03", ""],
    ]


def test_several_tables_follow_each_other_in_a_csv():
    sheets = Sheet("One", ["a"], [[1]]), Sheet("Two", ["b"], [[2]])

    assert read_csv(*sheets) == [["One"], ["a"], ["1"], [], ["Two"], ["b"], ["2"]]


def test_xlsx_reads_back_with_numbers_as_numbers():
    page = read_xlsx(Sheet("Deals", HEADER, ROWS)).active

    assert [cell.value for cell in page[1]] == HEADER
    assert [cell.value for cell in page[2]][:4] == ["Acme", 3, 10.5, 0.25]
    assert page["E2"].value.date() == date(2026, 11, 3)


def test_a_spreadsheet_runs_no_text_as_a_formula():
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1+1"]
    sheet = Sheet("Deals", ["Name"], [[text] for text in texts])

    assert [row[0] for row in read_csv(sheet)[1:]] == [f"'{text}" for text in texts]
    page = read_xlsx(sheet).active
    assert [(page.cell(at, 1).value, page.cell(at, 1).data_type) for at in range(2, 8)] == [
        (text, "s") for text in texts
    ]


def test_a_negative_number_stays_a_number():
    sheet = Sheet("Deals", ["Change"], [[Decimal("-5.00")]])

    assert read_csv(sheet)[1] == ["-5.00"]
    assert read_xlsx(sheet).active["A2"].value == -5


def test_a_moment_is_told_as_the_company_has_it():
    sheet = Sheet("Deals", ["At"], [[datetime(2026, 11, 3, 9, 30, tzinfo=UTC)]])

    assert read_xlsx(sheet).active["A2"].data_type == "d"
    assert read_csv(sheet)[1][0].startswith("2026-11-03T")


def test_control_characters_and_odd_titles_break_no_workbook():
    book = read_xlsx(Sheet("a/b[c]" * 9, ["x"], [["a\x0bb"]]), Sheet("a/b[c]" * 9, ["x"], []))

    assert len(book.sheetnames) == 2
    assert book.worksheets[0]["A2"].value == "ab"


def test_rows_are_read_while_they_are_sent():
    read = []

    def rows():
        for at in range(3):
            read.append(at)
            yield [at]

    answer = file_response("csv", "Deals", [Sheet("Deals", ["n"], rows())])
    lines = iter(answer.streaming_content)
    next(lines)

    assert read == []
