"""A CSV file as rows of named cells, each with the line it starts on. Pure."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from revops.imports.problems import BadFile, BadRow

DELIMITERS = (",", ";", "\t", "|")
SNIFF = "sniff"


@dataclass(frozen=True)
class Row:
    line: int
    cells: dict[str, str]


@dataclass
class Sheet:
    """What a file holds: its columns, its rows, and the rows that cannot be read."""

    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def decode(data: bytes, encoding: str, fallback: str) -> tuple[str, list[str]]:
    """Return the text of a file and what is worth saying about how it was read."""
    for candidate in filter(None, (encoding, fallback)):
        try:
            codecs.lookup(candidate)
        except LookupError:
            raise BadFile(f"The encoding “{candidate}” is not known.") from None
    try:
        # A byte-order mark is no part of the first column's name.
        text = data.decode("utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding)
        return text, []
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        if not fallback:
            raise BadFile(
                f"Line {line} is not {encoding}. Save the file as UTF-8, or name its encoding in "
                'the mapping: [file] fallback_encoding = "cp1252".'
            ) from None
    try:
        return data.decode(fallback), [f"Line {line} is not {encoding}; read as {fallback}."]
    except UnicodeDecodeError:
        raise BadFile(f"The file is neither {encoding} nor {fallback}.") from None


def sniff_delimiter(text: str) -> str:
    """The separator that cuts the first line into most columns."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    return max(DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))


def read_sheet(
    data: bytes, *, encoding: str = "utf-8", fallback: str = "", delimiter: str = ","
) -> Sheet:
    """Read the whole file; rows that cannot be read are listed, never guessed at.

    Raises BadFile when there is no header to go by.
    """
    text, notes = decode(data, encoding, fallback)
    if delimiter == SNIFF:
        delimiter = sniff_delimiter(text)
    bad: list[BadRow] = []
    records = cut(text, delimiter, bad)
    line, header = next(records, (1, []))
    sheet = Sheet(columns=checked_header(header), bad=bad, notes=notes)
    if bad:
        raise BadFile(f"The header cannot be read: {bad[0].reason}.")
    for line, cells in records:
        problem = row_problem(cells, len(sheet.columns))
        if problem:
            bad.append(BadRow(line, problem))
        elif any(cells):
            sheet.rows.append(Row(line, dict(zip(sheet.columns, cells, strict=False))))
    return sheet


def cut(text: str, delimiter: str, bad: list[BadRow]) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the physical line it starts on; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            if "field limit" in str(problem):
                bad.append(BadRow(line, "A cell is too long; nothing after this line was read"))
                return
            bad.append(BadRow(line, f"The row cannot be read: {problem}"))
            continue
        if cells:
            yield line, [unicodedata.normalize("NFC", cell).strip() for cell in cells]


def checked_header(header: list[str]) -> tuple[str, ...]:
    while header and not header[-1]:
        header = header[:-1]
    if not header:
        raise BadFile("The file has no header row.")
    named = [name for name in header if name]
    for name in named:
        if problem := character_problem(name):
            raise BadFile(f"The header cannot be used: {problem}.")
        if named.count(name) > 1:
            raise BadFile(f"The column “{name}” appears twice in the header.")
    return tuple(header)


def row_problem(cells: list[str], width: int) -> str:
    if not any(cells):
        return ""
    if len(cells) < width:
        return f"The row has {len(cells)} cells, the header {width}"
    if any(cells[width:]):
        return f"The row has {len(cells)} cells, the header {width}"
    for cell in cells:
        if problem := character_problem(cell):
            return problem
    return ""


def character_problem(cell: str) -> str:
    if cell.isprintable():
        return ""
    for character in cell:
        if unicodedata.category(character) == "Cc" and character not in "\n\r\t":
            return f"A cell holds the control character U+{ord(character):04X}"
    return ""
