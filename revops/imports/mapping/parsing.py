"""Reading a mapping file, with every fault in it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from revops.imports.fieldtypes import Choices, FieldType, Formats, Reference
from revops.imports.kinds import Entity, Field, Kind
from revops.imports.mapping.rules import (
    EXTERNAL_ID,
    FieldRule,
    Mapping,
    RecordRule,
    StageRule,
    Template,
)
from revops.imports.problems import BadMapping, BadValue, unknown

FILE_KEYS = (
    "encoding",
    "fallback_encoding",
    "delimiter",
    "date_format",
    "decimal_separator",
    "thousands_separator",
)
TOP_KEYS = ("kind", "source", "file", "translate", "stage_column", "stages")
RULE_KEYS = (
    "column",
    "template",
    "constant",
    "fallback",
    "default",
    "values",
    "strict",
    "scale",
    "date_format",
    "by",
    "source",
)


def parse_mapping(text: str, kind: Kind) -> Mapping:
    """Read a mapping for `kind`. Raises BadMapping with everything that is wrong with it."""
    try:
        body = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as problem:
        raise BadMapping([f"It is not TOML: {problem}."]) from None
    except RecursionError:
        raise BadMapping(["It is nested too deeply."]) from None
    parser = _Parser(kind, body)
    mapping = parser.mapping()
    if parser.problems:
        raise BadMapping(parser.problems)
    return mapping


class _Parser:
    """Reads one mapping, collecting what is wrong with it."""

    def __init__(self, kind: Kind, body: dict[str, Any]) -> None:
        self.kind = kind
        self.body = body
        self.problems: list[str] = []
        self.source = str(body.get("source", ""))

    def mapping(self) -> Mapping:
        self.check_top()
        file = self.texts("file", self.table(self.body, "file"), FILE_KEYS)
        self.formats = Formats(
            dates=self.date_formats(self.table(self.body, "file").get("date_format")),
            decimal_separator=file.get("decimal_separator", "."),
            thousands_separator=file.get("thousands_separator", ""),
        )
        records = tuple(self.records())
        if not any(rule.entity.key == self.kind.main for rule in records):
            self.problems.append(f"There is no [{self.kind.main}] table.")
        stages = self.stages()
        self.check_required(records, stages)
        return Mapping(
            kind=self.kind,
            source=self.source,
            file=file,
            translate=self.translations(),
            records=records,
            stage_column=str(self.body.get("stage_column", "")),
            stages=stages,
        )

    def check_top(self) -> None:
        known = (*TOP_KEYS, *self.kind.tables)
        for key in self.body:
            if key not in known:
                self.problems.append(unknown("The key", key, known))
        if self.body.get("kind", self.kind.key) != self.kind.key:
            self.problems.append(
                f"It maps {self.body['kind']}, but the import is of {self.kind.key}."
            )
        if not self.source or len(self.source) > 50:
            self.problems.append('It must name its source, such as source = "salesforce".')
        if bool(self.body.get("stages")) != bool(self.body.get("stage_column")):
            self.problems.append("stage_column and [stages.…] belong together.")
        if self.body.get("stages") and self.kind.stages is None:
            self.problems.append(f"An import of {self.kind.key} has no stages.")

    def table(self, body: dict[str, Any], key: str) -> dict[str, Any]:
        value = body.get(key, {})
        if isinstance(value, dict):
            return value
        self.problems.append(f"“{key}” must be a table.")
        return {}

    def texts(self, where: str, body: dict[str, Any], known: Sequence[str]) -> dict[str, str]:
        for key, value in body.items():
            if key not in known:
                self.problems.append(unknown(f"In [{where}] the key", key, known))
            elif not isinstance(value, str) and key != "date_format":
                self.problems.append(f"In [{where}] “{key}” must be text.")
        return {key: value for key, value in body.items() if isinstance(value, str)}

    def date_formats(self, value: Any) -> tuple[str, ...]:
        formats = (value,) if isinstance(value, str) else tuple(value or ("%Y-%m-%d",))
        for form in formats:
            if not isinstance(form, str) or "%d" not in form:
                self.problems.append(f"The date format “{form}” is none, such as %d/%m/%Y.")
        return formats

    def translations(self) -> dict[str, dict[str, str]]:
        found = {}
        for column, values in self.table(self.body, "translate").items():
            found[column] = self.translation(f"translate.{column}", values)
        return found

    def translation(self, where: str, values: Any) -> dict[str, str]:
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            self.problems.append(f"[{where}] must be a table of texts.")
            return {}
        return values

    def records(self) -> Iterable[RecordRule]:
        for key, entity in self.kind.tables.items():
            bodies = self.body.get(key, [])
            for body in [bodies] if isinstance(bodies, dict) else bodies:
                if isinstance(body, dict):
                    yield self.record(entity, body)
                else:
                    self.problems.append(f"“{key}” must be a table.")

    def record(self, entity: Entity, body: dict[str, Any]) -> RecordRule:
        body = dict(body)
        flags = {name: body.pop(name, False) for name in ("repeats", "optional")}
        for name, flag in flags.items():
            if not isinstance(flag, bool):
                self.problems.append(f"In [{entity.key}] “{name}” must be true or false.")
        external_id = None
        if not entity.attached_to:
            external_id = self.rule(entity.key, EXTERNAL_ID, body.pop("external_id", None))
            if external_id is None:
                self.problems.append(f"[{entity.key}] must say its external_id.")
        return RecordRule(
            entity=entity,
            external_id=external_id,
            fields=self.rules(entity, body, entity.key),
            repeats=bool(flags["repeats"]),
            optional=bool(flags["optional"]),
        )

    def rules(self, entity: Entity, body: dict[str, Any], where: str) -> tuple[FieldRule, ...]:
        body = dict(body)
        custom = body.pop("custom", {})
        if isinstance(custom, dict):
            body |= {f"custom.{key}": value for key, value in custom.items()}
        found = []
        for key, value in body.items():
            target = entity.field(key)
            if target is None:
                known = [each.key for each in entity.fields]
                self.problems.append(unknown(f"In [{where}] the field", key, known))
            elif rule := self.rule(where, target, value):
                found.append(rule)
        return tuple(found)

    def rule(self, where: str, target: Field, value: Any) -> FieldRule | None:
        if value is None:
            return None
        if not isinstance(value, dict):
            value = {"template" if isinstance(value, str) else "constant": value}
        for key in value:
            if key not in RULE_KEYS:
                self.problems.append(unknown(f"In [{where}] {target.key}: the key", key, RULE_KEYS))
        rule = FieldRule(
            target=target,
            templates=tuple(self.templates(where, target, value)),
            formats=self.rule_formats(value),
            values=self.translation(f"{where}.{target.key}.values", value.get("values", {})),
            strict=bool(value.get("strict", False)),
            default=self.constant(value.get("default", "")),
            scale=self.scale(where, target, value.get("scale")),
            by=self.lookup(where, target, value),
            source=str(value.get("source", self.source)),
        )
        return self.constant_checked(where, rule)

    def templates(self, where: str, target: Field, value: dict[str, Any]) -> Iterable[Template]:
        ways = [key for key in ("column", "template", "constant") if key in value]
        if len(ways) != 1:
            self.problems.append(
                f"[{where}] {target.key} must say one of column, template and constant."
            )
            return
        texts = [self.constant(value[ways[0]])]
        if ways[0] == "column":
            texts = [f"{{{texts[0]}}}"]
        fallback = value.get("fallback", [])
        texts += [fallback] if isinstance(fallback, str) else [str(each) for each in fallback]
        for text in texts:
            template = Template(text)
            self.problems += template.problems()
            yield template

    def constant(self, value: Any) -> str:
        """A constant as the text of a cell, so that it is read like one."""
        if isinstance(value, list):
            return ",".join(str(each) for each in value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return str(value)

    def rule_formats(self, value: dict[str, Any]) -> Formats:
        if "date_format" not in value:
            return self.formats
        return replace(self.formats, dates=self.date_formats(value["date_format"]))

    def scale(self, where: str, target: Field, value: Any) -> Decimal | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.problems.append(f"[{where}] {target.key}: scale must be a number.")
            return None
        if not target.type.scales:
            self.problems.append(f"[{where}] {target.key} is no number; it has no scale.")
        return Decimal(value)

    def lookup(self, where: str, target: Field, value: dict[str, Any]) -> str:
        by = str(value.get("by", "external_id"))
        lookups = target.type.lookups if isinstance(target.type, Reference) else ("external_id",)
        if by not in lookups:
            self.problems.append(unknown(f"[{where}] {target.key}: by", by, lookups))
        if "source" in value and not isinstance(target.type, Reference):
            self.problems.append(f"[{where}] {target.key} refers to no record; it has no source.")
        return by

    def constant_checked(self, where: str, rule: FieldRule) -> FieldRule:
        """Refuse now a constant or default that its field would refuse on every row."""
        fixed = [each.text for each in rule.templates if each.text and not each.columns()]
        # A translation's result is read by the field as well.
        for text in filter(None, [*fixed, rule.default, *rule.values.values()]):
            try:
                rule.target.type.read(rule.values.get(text, text), rule.formats)
            except BadValue as problem:
                self.problems.append(f"[{where}] {rule.target.key}: {problem}.")
        return rule

    def stages(self) -> dict[str, StageRule]:
        if self.kind.stages is None:
            return {}
        found = {}
        for value, body in self.table(self.body, "stages").items():
            if isinstance(body, dict):
                found[value] = self.stage(value, body)
            else:
                self.problems.append(f"[stages.{value}] must be a table.")
        return found

    def stage(self, value: str, body: dict[str, Any]) -> StageRule:
        where = f"stages.{value}"
        schema = self.kind.stages
        assert schema is not None
        attached = [key for key, each in self.kind.tables.items() if each.attached_to]
        known = (*schema.sets, "dates", *attached, "fields")
        for key in body:
            if key not in known:
                self.problems.append(unknown(f"In [{where}] the key", key, known))
        main = self.kind.tables[schema.entity]
        sets = {key: str(body[key]) for key in schema.sets if key in body}
        for key, text in sets.items():
            self.constant_checked(where, self.fixed(main, key, text))
        dates = body.get("dates")
        for key in dates or ():
            if key not in schema.dates:
                self.problems.append(unknown(f"In [{where}] the date", str(key), schema.dates))
        for key in attached:
            if not isinstance(body.get(key, True), bool):
                self.problems.append(f"In [{where}] “{key}” must be true or false.")
        return StageRule(
            sets=sets,
            dates=None if dates is None else frozenset(map(str, dates)),
            without=frozenset(key for key in attached if body.get(key, True) is False),
            fields={main.key: self.rules(main, self.table(body, "fields"), f"{where}.fields")},
        )

    def fixed(self, entity: Entity, key: str, text: str) -> FieldRule:
        target = entity.field(key)
        assert target is not None
        return FieldRule(target, (Template(text),), self.formats)

    def check_required(self, records: Sequence[RecordRule], stages: dict[str, StageRule]) -> None:
        for record in records:
            given = {rule.target.key for rule in record.fields}
            if stages and self.kind.stages and record.entity.key == self.kind.stages.entity:
                given |= set.intersection(*(set(each.sets) for each in stages.values()))
            for each in record.entity.fields:
                if each.required and each.key not in given:
                    self.problems.append(f"[{record.entity.key}] must say its {each.key}.")


def has_several(kind: FieldType) -> bool:
    """Whether values of several records of one file unite instead of contradicting."""
    return isinstance(kind, Choices)
