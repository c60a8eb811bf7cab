"""Tables as files: CSV that streams and XLSX that is written row by row."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from slugify import slugify

CSV, XLSX = "csv", "xlsx"
FORMATS = (CSV, XLSX)
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
KEPT_IN_MEMORY = 2_000_000


@dataclass(frozen=True)
class Sheet:
    """One table: what its columns are called, and its rows, which may be read as they are sent."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]


def file_response(kind: str, name: str, sheets: Sequence[Sheet]) -> HttpResponseBase:
    """The tables as one file; a CSV holds several below one another, with a line between."""
    return xlsx_response(name, sheets) if kind == XLSX else csv_response(name, sheets)


def csv_response(name: str, sheets: Sequence[Sheet]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(csv_lines(sheets), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slugify(name)}.csv"'
    return response


def csv_lines(sheets: Sequence[Sheet]) -> Iterator[str]:
    """The lines of a CSV, one by one."""
    writer = csv.writer(Echo())
    for at, sheet in enumerate(sheets):
        if at:
            yield writer.writerow([])
        if len(sheets) > 1:
            yield writer.writerow([plain(sheet.title)])
        yield writer.writerow([plain(title) for title in sheet.header])
        for row in sheet.rows:
            yield writer.writerow([plain(value) for value in row])


class Echo:
    """What a CSV writer writes to in order to get its line back."""

    def write(self, line: str) -> str:
        return line


def plain(value: Any) -> str:
    """A value as a CSV cell; a text that a spreadsheet would run as a formula is quoted."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Fraction):
        return repr(float(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    text = ILLEGAL_CHARACTERS_RE.sub("", str(value))
    return f"'{text}" if would_run(text) else text


def would_run(text: str) -> bool:
    """Whether a spreadsheet may take a text for a formula, blanks before it or not."""
    return text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS)


def xlsx_response(name: str, sheets: Sequence[Sheet]) -> FileResponse:
    """A workbook with a page for each table; it is kept on disk where it is large."""
    book = Workbook(write_only=True)
    for at, sheet in enumerate(sheets):
        page = book.create_sheet(page_title(sheet.title, at))
        page.freeze_panes = "A2"
        page.append([heading(page, title) for title in sheet.header])
        for row in sheet.rows:
            page.append([cell(page, value) for value in row])
    file = tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 (sent, then closed)
    book.save(file)
    file.seek(0)
    return FileResponse(
        file, as_attachment=True, filename=f"{slugify(name)}.xlsx", content_type=XLSX_TYPE
    )


def page_title(title: str, at: int) -> str:
    """A spreadsheet allows 31 characters, some of them not, and each title once."""
    allowed = "".join(" " if char in "[]:*?/\\'" else char for char in title).strip()
    return f"{at + 1} {allowed}"[:31] if at else allowed[:31] or "Data"


def heading(page: Any, title: str) -> Any:
    made = WriteOnlyCell(page, str(title))
    made.font = Font(bold=True)
    return made


def cell(page: Any, value: Any) -> Any:
    """A cell; texts stay texts, whatever they begin with."""
    if isinstance(value, Fraction):
        value = float(value)
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value).replace(tzinfo=None)
    if value is None or isinstance(value, int | float | Decimal | date):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", str(value))
    made = WriteOnlyCell(page, text)
    if would_run(text):
        made.data_type = "s"
        made.quotePrefix = True
    return made
