"""Rows and a mapping become drafts of records, still without a look at the database. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from revops.imports.fieldtypes import Ref, Reference, shown, spelled
from revops.imports.mapping import FieldRule, Mapping, RecordRule, StageRule, has_several
from revops.imports.problems import BadFile, BadRow, BadValue
from revops.imports.reading import Row, Sheet, read_sheet
from revops.refusals import Refused

Progress = Callable[[str, int, int], None]


@dataclass
class Record:
    """What a file says about one record: typed values by field, and the lines that say it."""

    entity: str
    external_id: str
    lines: list[int]
    values: dict[str, Any]
    repeats: bool = False

    def remembered(self) -> dict[str, Any]:
        """The values as they are kept, to see next time what the source changed."""
        return {key: spelled(value) for key, value in self.values.items()}


@dataclass
class Drafts:
    """Everything one file wants to say, and what is wrong with it."""

    mapping: Mapping
    rows: int = 0
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    bad: dict[int, BadRow] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        return self.mapping.source

    def reject(self, line: int, reason: str) -> None:
        """Leave out the row that starts on `line`; its first problem is the one reported."""
        self.bad.setdefault(line, BadRow(line, reason))

    def reject_record(self, record: Record, reason: str) -> None:
        for line in record.lines:
            self.reject(line, reason)

    def standing(self, entity: str) -> list[Record]:
        """The records of `entity` that at least one good row asks for."""
        found = self.records.get(entity, {}).values()
        if not self.bad:
            return list(found)
        return [each for each in found if any(line not in self.bad for line in each.lines)]

    def bad_rows(self) -> list[BadRow]:
        return [self.bad[line] for line in sorted(self.bad)]


@dataclass
class Outcome:
    """What an import did, or with a dry run would do."""

    kind: str
    source: str
    rows: int
    counts: dict[str, dict[str, int]]
    bad: list[BadRow]
    notes: list[str]
    main: str
    dry_run: bool = False
    written: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "source": self.source,
            "rows": self.rows,
            "dry_run": self.dry_run,
            "written": self.written,
            **self.counts.get(self.main, dict.fromkeys(("created", "changed", "unchanged"), 0)),
            "records": self.counts,
            "bad": [{"line": row.line, "reason": row.reason} for row in self.bad],
            "notes": self.notes,
        }


class BadRows(Refused):
    """Rows of the file cannot be imported, so nothing was written."""

    code = "bad_rows"

    def __init__(self, outcome: Outcome) -> None:
        count = len(outcome.bad)
        rows = "1 row" if count == 1 else f"{count} rows"
        super().__init__(f"{rows} cannot be imported, so nothing was written.")
        self.outcome = outcome


def draft_file(data: bytes, mapping: Mapping, progress: Progress | None = None) -> Drafts:
    """Read a file by its mapping.

    Raises BadFile or BadMapping when it cannot be read at all; bad rows are in the result.
    """
    sheet = read_sheet(
        data,
        encoding=mapping.file.get("encoding", "utf-8"),
        fallback=mapping.file.get("fallback_encoding", ""),
        delimiter=mapping.file.get("delimiter", ","),
    )
    mapping.check_columns(sheet.columns)
    if not sheet.rows and not sheet.bad:
        raise BadFile("The file has a header and no rows.")
    return draft_rows(sheet, mapping, progress)


def draft_rows(sheet: Sheet, mapping: Mapping, progress: Progress | None = None) -> Drafts:
    drafts = Drafts(mapping=mapping, rows=len(sheet.rows) + len(sheet.bad), notes=sheet.notes)
    for bad in sheet.bad:
        drafts.reject(bad.line, bad.reason)
    waiting: dict[int, list[Record]] = {}
    for number, row in enumerate(sheet.rows, start=1):
        try:
            waiting[row.line] = list(records_of(row, mapping))
        except BadValue as problem:
            drafts.reject(row.line, str(problem))
        if progress and (number % 500 == 0 or number == len(sheet.rows)):
            progress("reading", number, len(sheet.rows))
    for line, records in waiting.items():
        for record in records:
            _merge(drafts, record, line)
    return drafts


def records_of(row: Row, mapping: Mapping) -> Iterator[Record]:
    """The records that one row makes. Raises BadValue with the first problem."""
    cells = row.cells
    if mapping.translate:
        cells = cells | {
            column: values.get(cells[column], cells[column])
            for column, values in mapping.translate.items()
        }
    stage = _stage_of(cells, mapping)
    ids: dict[str, str] = {}
    for rule in mapping.records:
        if stage and rule.entity.key in stage.without:
            continue
        external_id = _external_id(rule, cells, ids)
        if external_id:
            ids[rule.entity.key] = external_id
            yield Record(
                entity=rule.entity.key,
                external_id=external_id,
                lines=[row.line],
                values=_values(rule, cells, mapping, stage),
                repeats=rule.repeats,
            )


def _stage_of(cells: dict[str, str], mapping: Mapping) -> StageRule | None:
    if not mapping.stage_column:
        return None
    value = cells[mapping.stage_column]
    if value not in mapping.stages:
        raise BadValue(f"{mapping.stage_column}: {shown(value)} is no stage of the mapping")
    return mapping.stages[value]


def _external_id(rule: RecordRule, cells: dict[str, str], ids: dict[str, str]) -> str:
    if rule.external_id is None:
        return ids.get(rule.entity.attached_to, "")
    external_id: str | None = read_field(rule.external_id, cells, source="")
    if external_id is None:
        if rule.optional:
            return ""
        raise BadValue(f"The external id of the {rule.entity.key} is blank")
    return external_id


def _values(
    rule: RecordRule, cells: dict[str, str], mapping: Mapping, stage: StageRule | None
) -> dict[str, Any]:
    rules = {each.target.key: each for each in rule.fields}
    schema = mapping.kind.stages
    values: dict[str, Any] = {}
    at_stage = stage if schema and rule.entity.key == schema.entity else None
    if at_stage:
        rules |= {each.target.key: each for each in at_stage.fields.get(rule.entity.key, ())}
    uncounted: frozenset[str] = frozenset()
    if at_stage and schema and at_stage.dates is not None:
        uncounted = frozenset(schema.dates) - at_stage.dates
    for key, each in rules.items():
        counts = key not in uncounted
        values[key] = read_field(each, cells, source=mapping.source) if counts else None
    if at_stage:
        values |= at_stage.sets
    return values


def read_field(rule: FieldRule, cells: dict[str, str], *, source: str) -> Any:
    """The typed value of one field on one row; None when it is blank."""
    text = next(filter(None, (each.fill(cells) for each in rule.templates)), "")
    if rule.values and text:
        if rule.strict and text not in rule.values:
            raise BadValue(f"{rule.target.key}: {shown(text)} is not among the values mapped")
        text = rule.values.get(text, text)
    text = text or rule.default
    if not text:
        if rule.target.required and rule.target.key != "external_id":
            raise BadValue(f"{rule.target.key} is blank")
        return None
    try:
        value = rule.target.type.read(text, rule.formats, rule.scale)
    except BadValue as problem:
        raise BadValue(f"{rule.target.key}: {problem}") from None
    if isinstance(rule.target.type, Reference):
        return Ref(rule.target.type.entity, rule.by, value, rule.source or source)
    return value


def _merge(drafts: Drafts, record: Record, line: int) -> None:
    """Add a record, or unite it with what earlier rows said about the same one."""
    known = drafts.records.setdefault(record.entity, {})
    first = known.get(record.external_id)
    if first is None:
        known[record.external_id] = record
        return
    if not (record.repeats or first.repeats):
        drafts.reject(
            line,
            f"The {record.entity} {shown(record.external_id)} is already on line {first.lines[0]}",
        )
        return
    entity = drafts.mapping.kind.tables[record.entity]
    for key, value in record.values.items():
        field_ = entity.field(key)
        if key not in first.values:
            first.values[key] = value
        elif field_ and has_several(field_.type):
            first.values[key] = tuple(sorted({*(first.values[key] or ()), *(value or ())}))
        elif first.values[key] != value:
            drafts.reject(
                line,
                f"{key} of the {record.entity} {shown(record.external_id)} is "
                f"{shown(str(spelled(value)))} here and "
                f"{shown(str(spelled(first.values[key])))} on line {first.lines[0]}",
            )
            return
    first.repeats = first.repeats or record.repeats
    if line not in first.lines:
        first.lines.append(line)


def by_reference(records: Iterable[Record], key: str) -> dict[tuple[str, str], dict[str, list]]:
    """The references of field `key`: (source, by) -> value -> records that hold it."""
    found: dict[tuple[str, str], dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        ref = record.values.get(key)
        if isinstance(ref, Ref):
            found[ref.source, ref.by][ref.value].append(record)
    return found
