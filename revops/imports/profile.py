"""What an uploaded file looks like: encoding, separator, columns and examples. Pure."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from revops.imports.problems import BadFile, BadRow
from revops.imports.reading import (
    checked_header,
    cut,
    decode,
    row_problem,
    sniff_delimiter,
)

MOST_BYTES = 50 * 1024 * 1024
ROWS_LOOKED_AT = 20_000
MOST_VALUES = 40
EXAMPLES = 3
EXAMPLE_LENGTH = 60
MOST_COLUMNS = 300
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Western European (Windows)",
    "iso-8859-15": "Western European (ISO)",
    "utf-16": "UTF-16",
}
DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar"}
DATE_FORMATS = {
    "%Y-%m-%d": "2026-12-31",
    "%d.%m.%Y": "31.12.2026",
    "%d/%m/%Y": "31/12/2026",
    "%m/%d/%Y": "12/31/2026",
    "%d-%m-%Y": "31-12-2026",
    "%Y/%m/%d": "2026/12/31",
    "%Y-%m-%d %H:%M:%S": "2026-12-31 23:59:59",
    "%Y-%m-%dT%H:%M:%SZ": "2026-12-31T23:59:59Z",
}
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NOT_TEXT = {
    b"PK\x03\x04": "This is a workbook or an archive. Save the sheet as CSV and upload that.",
    b"\xd0\xcf\x11\xe0": "This is an old workbook. Save the sheet as CSV and upload that.",
    b"%PDF": "This is a PDF. Export the table as CSV and upload that.",
}

Profile = dict[str, Any]


def check_is_text(data: bytes) -> None:
    """Raise BadFile for what cannot be a CSV file, saying what it is."""
    if not data.strip():
        raise BadFile("The file is empty.")
    for magic, sentence in NOT_TEXT.items():
        if data.startswith(magic):
            raise BadFile(sentence)
    if detect_encoding(data) != "utf-16" and b"\x00" in data[:65536]:
        raise BadFile("This is no text file. Export the table as CSV and upload that.")


def detect_encoding(data: bytes) -> str:
    """By its byte-order mark; else UTF-8 when it is that throughout, else what Windows writes."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def look_at(data: bytes, *, encoding: str = "", delimiter: str = "") -> Profile:
    """Return columns with examples and, where they are few, all values, from the first rows.

    Raises BadFile when the header cannot be read.
    """
    encoding = encoding or detect_encoding(data)
    text, _ = decode(data, encoding, "")
    delimiter = delimiter or sniff_delimiter(text)
    bad: list[BadRow] = []
    records = cut(text, delimiter, bad)
    columns = checked_header(next(records, (1, []))[1])
    if bad:
        raise BadFile(f"The header cannot be read: {bad[0].reason}.")
    if len(columns) > MOST_COLUMNS:
        raise BadFile(f"The file has more than {MOST_COLUMNS} columns.")
    looked_at = islice(records, ROWS_LOOKED_AT)
    rows = [cells for _, cells in looked_at if not row_problem(cells, len(columns))]
    described = [describe(name, number, rows) for number, name in enumerate(columns) if name]
    return {
        "encoding": encoding,
        "delimiter": delimiter,
        "rows": len(rows),
        "is_whole": len(rows) < ROWS_LOOKED_AT,
        "columns": described,
        "date_format": guess_date_format(each["examples"] for each in described),
        "decimal_separator": guess_decimal(each["examples"] for each in described),
    }


def describe(name: str, number: int, rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """One column: its first different examples, how often it is filled, its values if few."""
    values: dict[str, int] = {}
    filled = 0
    for cells in rows:
        if number < len(cells) and (text := cells[number]):
            filled += 1
            if len(values) <= MOST_VALUES or text in values:
                values[text] = values.get(text, 0) + 1
    is_few = len(values) <= MOST_VALUES and all(len(each) <= 100 for each in values)
    return {
        "name": name,
        "filled": filled,
        "examples": [each[:EXAMPLE_LENGTH] for each in islice(values, EXAMPLES)],
        "values": sorted(values) if is_few else None,
    }


def guess_date_format(examples: Iterable[Sequence[str]]) -> str:
    """The form that reads most of what looks like dates; the ISO form where nothing does."""
    texts = [text for each in examples for text in each if is_like_a_date(text)]
    counts = {form: sum(reads(text, form) for text in texts) for form in DATE_FORMATS}
    return max(counts, key=lambda form: counts[form])


def is_like_a_date(text: str) -> bool:
    return 8 <= len(text) <= 20 and sum(letter.isdigit() for letter in text) >= 6


def reads(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return False
    return True


def guess_decimal(examples: Iterable[Sequence[str]]) -> str:
    """A comma where numbers end in one and two figures, and none ends so in a point."""
    texts = [text for each in examples for text in each]
    commas = sum(text[-3:-2] == "," and text[-2:].isdigit() for text in texts)
    points = sum(text[-3:-2] == "." and text[-2:].isdigit() for text in texts)
    return "," if commas > points else "."


def column_of(profile: Profile, name: str) -> dict[str, Any] | None:
    return next((each for each in profile.get("columns", []) if each["name"] == name), None)
