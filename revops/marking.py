"""Marks that the database itself leaves, whoever writes: which rows were changed, and whose.

An app declares the columns from which it keeps something counted; every write that alters one of
them leaves a mark, in the transaction of the write. Marks are only added: nobody waits for
anybody. `revops.triggers` puts the triggers in place and compares them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PREFIX = "keep_marks_"
EVENTS = ("insert", "update", "delete")
IN_FORCE = {
    "postgresql": "SELECT tgname, prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
    "WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled = 'O'",
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
}


@dataclass(frozen=True)
class MarkRule:
    """Which changes of the rows of `table` leave a mark in `into`.

    A mark carries the `whose` column of the row, before and after the change. Only rows that meet
    `condition` count, SQL on `{row}` that both databases understand. `afresh` is done wherever
    the triggers were away for a while: anything may have changed meanwhile.
    """

    table: str
    into: str
    whose: str
    columns: tuple[str, ...]
    condition: str
    afresh: str

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.table}"


@dataclass
class Declared:
    rules: dict[str, MarkRule] = field(default_factory=dict)


_declared = Declared()


def declare_marks(rule: MarkRule) -> None:
    """Called from an app's `ready()`."""
    _declared.rules[rule.table] = rule


def present_rules(connection: Any) -> list[MarkRule]:
    """The declared rules whose tables exist."""
    tables = set(connection.introspection.table_names())
    rules = sorted(_declared.rules.values(), key=lambda rule: rule.table)
    return [rule for rule in rules if {rule.table, rule.into} <= tables]


def statements(rule: MarkRule, vendor: str) -> list[str]:
    """What puts the marks of one table in place."""
    if vendor == "postgresql":
        return [*postgres_functions(rule).values(), *postgres_triggers(rule).values()]
    return list(sqlite_triggers(rule).values())


def sqlite_triggers(rule: MarkRule) -> dict[str, str]:
    """Trigger name → its CREATE statement for SQLite, where one transaction writes at a time."""
    counts = (f"({rule.condition.format(row=row)})" for row in ("NEW", "OLD"))
    parts = [f"NEW.{name} IS NOT OLD.{name}" for name in (rule.whose, *rule.columns)]
    differs = " OR ".join([" IS NOT ".join(counts), *parts])
    when = {"insert": "1", "update": f"({differs})", "delete": "1"}
    rows = {"insert": ["NEW"], "update": ["OLD", "NEW"], "delete": ["OLD"]}

    def mark(row: str) -> str:
        there = f"SELECT 1 FROM {rule.into} WHERE {rule.whose} = {row}.{rule.whose}"
        return (
            f"INSERT INTO {rule.into} ({rule.whose}) SELECT {row}.{rule.whose} "
            f"WHERE {rule.condition.format(row=row)} AND NOT EXISTS ({there});"
        )

    return {
        f"{rule.name}_{event}": f"CREATE TRIGGER {rule.name}_{event} AFTER {event.upper()} "
        f"ON {rule.table} WHEN {when[event]} BEGIN {' '.join(map(mark, rows[event]))} END"
        for event in EVENTS
    }


def postgres_bodies(rule: MarkRule) -> dict[str, str]:
    """Function name → what it does for PostgreSQL: once a statement, each mark once.

    A row that an update leaves as it was is twice among those before and after. Grouping costs
    the same for each row, however many there are; a join might be planned for one.
    """
    columns = ", ".join(("id", rule.whose, *rule.columns))
    gone, added = (f"{t} WHERE {rule.condition.format(row=t)}" for t in ("gone", "added"))
    changed = (
        f"SELECT {rule.whose} FROM (SELECT {columns} FROM {gone} UNION ALL "
        f"SELECT {columns} FROM {added}) AS both_of_them GROUP BY {columns} HAVING count(*) = 1"
    )
    marked = {
        "insert": f"SELECT {rule.whose} FROM {added}",
        "update": changed,
        "delete": f"SELECT {rule.whose} FROM {gone}",
    }
    return {
        f"{rule.name}_{event}": f"BEGIN INSERT INTO {rule.into} ({rule.whose}) "
        f"SELECT DISTINCT {rule.whose} FROM ({marked[event]}) AS changed; RETURN NULL; END"
        for event in EVENTS
    }


def postgres_functions(rule: MarkRule) -> dict[str, str]:
    return {
        name: f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        f"AS $keep${body}$keep$"
        for name, body in postgres_bodies(rule).items()
    }


def postgres_triggers(rule: MarkRule) -> dict[str, str]:
    tables = {
        "insert": "NEW TABLE AS added",
        "update": "OLD TABLE AS gone NEW TABLE AS added",
        "delete": "OLD TABLE AS gone",
    }
    return {
        f"{rule.name}_{event}": f"CREATE TRIGGER {rule.name}_{event} AFTER {event.upper()} "
        f"ON {rule.table} REFERENCING {tables[event]} FOR EACH STATEMENT "
        f"EXECUTE FUNCTION {rule.name}_{event}()"
        for event in EVENTS
    }


def install(connection: Any) -> None:
    """Put the declared marks in place, and count what they are for afresh."""
    with connection.cursor() as cursor:
        for rule in present_rules(connection):
            for statement in [*statements(rule, connection.vendor), rule.afresh]:
                cursor.execute(statement)


def problems(connection: Any) -> list[str]:
    """What differs between the declared marks and those in the database, in sentences."""
    with connection.cursor() as cursor:
        return [
            f"The trigger {name} on {rule.table} {'differs' if name in present else 'is missing'}."
            for rule in present_rules(connection)
            for present in [installed(cursor, rule, connection.vendor)]
            for name, wanted in expected(rule, connection.vendor).items()
            if present.get(name) != wanted
        ]


def expected(rule: MarkRule, vendor: str) -> dict[str, str]:
    return postgres_bodies(rule) if vendor == "postgresql" else sqlite_triggers(rule)


def installed(cursor: Any, rule: MarkRule, vendor: str) -> dict[str, str]:
    """The names of the triggers that are in force, each with what it does."""
    cursor.execute(IN_FORCE[vendor], [rule.table])
    return dict(cursor.fetchall())
