"""History that the database itself keeps from being rewritten, and marks that it leaves.

Apps declare their tables when they start; the triggers are put in place after every migrate
(SQLite drops them when it remakes a table) and a system check compares them with the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core import checks
from django.db import DEFAULT_DB_ALIAS, connections

from revops import marking

PREFIX = "keep_"


@dataclass(frozen=True)
class Rule:
    """What may not be done to the rows of one table.

    Without further say rows may only be added. `once` names columns that may be filled once
    (from NULL); `free` names columns that may always change; `frozen_when`, a condition on
    `{row}`, limits the rule to the rows that meet it, and then `added` refuses new ones too.
    """

    table: str
    once: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    frozen_when: str = ""
    added: bool = False
    why: str = ""
    from_empty: tuple[str, ...] = ()
    """JSON lists that may be filled once, from []."""


@dataclass
class Declared:
    rules: dict[str, Rule] = field(default_factory=dict)


_declared = Declared()


def declare(
    table: str,
    *,
    once: tuple[str, ...] = (),
    free: tuple[str, ...] = (),
    frozen_when: str = "",
    added: bool = False,
    why: str = "",
    from_empty: tuple[str, ...] = (),
) -> None:
    """Keep the rows of `table` as they were written; see Rule for what may be exempted.

    Called from an app's `ready()`. `frozen_when` is SQL that both databases understand, such as
    "{row}.state <> 'draft'"; it may hold a subquery, for rows that belong to a frozen parent.
    """
    _declared.rules[table] = Rule(table, once, free, frozen_when, added, why, from_empty)


def declared() -> list[Rule]:
    return sorted(_declared.rules.values(), key=lambda rule: rule.table)


# What each database is told. A statement is kept as the database gives it back, so that
# comparing is comparing text.


def sqlite_triggers(rule: Rule, columns: list[str]) -> dict[str, str]:
    """Trigger name → its CREATE statement for SQLite."""
    name = f"{PREFIX}{rule.table}"
    message = f"{rule.table}: {rule.why or 'history is never rewritten'}"

    def statement(event: str, condition: str) -> str:
        where = f" WHERE {condition}" if condition else ""
        return (
            f'CREATE TRIGGER "{name}_{event.lower()}" BEFORE {event} ON "{rule.table}" '
            f"BEGIN SELECT RAISE(ABORT, '{message}'){where}; END"
        )

    frozen_old = rule.frozen_when.format(row="OLD") if rule.frozen_when else ""
    changed = changed_condition(rule, columns, differs="NEW.{c} IS NOT OLD.{c}")
    update = " AND ".join(f"({part})" for part in (frozen_old, changed) if part)
    triggers = {
        f"{name}_update": statement("UPDATE", update),
        f"{name}_delete": statement("DELETE", frozen_old),
    }
    if rule.added:
        triggers[f"{name}_insert"] = statement("INSERT", rule.frozen_when.format(row="NEW"))
    return triggers


def changed_condition(rule: Rule, columns: list[str], *, differs: str) -> str:
    """SQL that is true when an update touches a column it may not; empty when any is."""
    if not (rule.once or rule.free or rule.from_empty):
        return ""
    parts = []
    for column in columns:
        if column in rule.free:
            continue
        part = differs.format(c=f'"{column}"')
        if column in rule.once:
            part = f'(OLD."{column}" IS NOT NULL AND {part})'
        if column in rule.from_empty:
            part = f"(CAST(OLD.\"{column}\" AS TEXT) <> '[]' AND {part})"
        parts.append(part)
    return " OR ".join(parts)


def postgres_function(rule: Rule, columns: list[str]) -> str:
    """The body of the trigger function for PostgreSQL."""
    message = f"{rule.table}: {rule.why or 'history is never rewritten'}"
    refuse = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
    old = rule.frozen_when.format(row="OLD") if rule.frozen_when else "true"
    changed = changed_condition(rule, columns, differs="NEW.{c} IS DISTINCT FROM OLD.{c}") or "true"
    lines = [
        "BEGIN",
        f"IF TG_OP = 'TRUNCATE' THEN {refuse} END IF;",
        f"IF TG_OP = 'DELETE' THEN IF ({old}) THEN {refuse} END IF; RETURN OLD; END IF;",
        "IF TG_OP = 'UPDATE' THEN",
        f"IF ({old}) AND ({changed}) THEN {refuse} END IF; RETURN NEW; END IF;",
    ]
    if rule.added:
        new = rule.frozen_when.format(row="NEW")
        lines.append(f"IF TG_OP = 'INSERT' AND ({new}) THEN {refuse} END IF;")
    return "\n".join([*lines, "RETURN NEW;", "END"])


def postgres_triggers(rule: Rule) -> dict[str, str]:
    """Trigger name → its CREATE statement for PostgreSQL."""
    name = f"{PREFIX}{rule.table}"
    events = "INSERT OR UPDATE OR DELETE" if rule.added else "UPDATE OR DELETE"
    return {
        f"{name}_rows": (
            f'CREATE TRIGGER "{name}_rows" BEFORE {events} ON "{rule.table}" '
            f'FOR EACH ROW EXECUTE FUNCTION "{name}"()'
        ),
        f"{name}_truncate": (
            f'CREATE TRIGGER "{name}_truncate" BEFORE TRUNCATE ON "{rule.table}" '
            f'FOR EACH STATEMENT EXECUTE FUNCTION "{name}"()'
        ),
    }


def columns_of(connection: Any, table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [row.name for row in connection.introspection.get_table_description(cursor, table)]


def present_rules(connection: Any) -> list[Rule]:
    """The declared rules whose table exists."""
    tables = set(connection.introspection.table_names())
    return [rule for rule in declared() if rule.table in tables]


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Put every declared trigger in place, replacing what is there."""
    connection = connections[using]
    lift(using)
    with connection.cursor() as cursor:
        for rule in present_rules(connection):
            columns = columns_of(connection, rule.table)
            if connection.vendor == "postgresql":
                body = postgres_function(rule, columns)
                cursor.execute(
                    f'CREATE OR REPLACE FUNCTION "{PREFIX}{rule.table}"() RETURNS trigger '
                    f"LANGUAGE plpgsql AS $keep${body}$keep$"
                )
                statements = postgres_triggers(rule)
            else:
                statements = sqlite_triggers(rule, columns)
            for statement in statements.values():
                cursor.execute(statement)
    marking.install(connection)


def lift(using: str = DEFAULT_DB_ALIAS) -> None:
    """Take all our triggers away. Only migrations and the teardown of tests may."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and connection.in_atomic_block:
            # Foreign keys still to be checked would hold the tables in use.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        for name, table in installed_names(cursor, connection.vendor):
            on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
            cursor.execute(f'DROP TRIGGER "{name}"{on}')


@contextmanager
def lifted(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Without triggers inside, with them again afterwards."""
    lift(using)
    try:
        yield
    finally:
        install(using)


def installed_names(cursor: Any, vendor: str) -> list[tuple[str, str]]:
    if vendor == "postgresql":
        cursor.execute(
            "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND starts_with(tgname, %s) AND pg_table_is_visible(tgrelid)",
            [PREFIX],
        )
    else:
        cursor.execute(
            "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s",
            [f"{PREFIX}%"],
        )
    return cursor.fetchall()


def problems(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """What differs between the declared triggers and those in the database, in sentences."""
    connection = connections[using]
    found = marking.problems(connection)
    with connection.cursor() as cursor:
        for rule in present_rules(connection):
            columns = columns_of(connection, rule.table)
            if connection.vendor == "postgresql":
                found += postgres_problems(cursor, rule, columns)
            else:
                found += sqlite_problems(cursor, rule, columns)
    return found


def sqlite_problems(cursor: Any, rule: Rule, columns: list[str]) -> list[str]:
    cursor.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
        [rule.table],
    )
    present = dict(cursor.fetchall())
    return [
        f"The trigger {name} on {rule.table} {'differs' if name in present else 'is missing'}."
        for name, statement in sqlite_triggers(rule, columns).items()
        if present.get(name) != statement
    ]


def postgres_problems(cursor: Any, rule: Rule, columns: list[str]) -> list[str]:
    cursor.execute(
        "SELECT tgname, tgenabled, prosrc, pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger "
        "JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgrelid = %s::regclass AND NOT tgisinternal",
        [f'"{rule.table}"'],
    )
    present = {name: rest for name, *rest in cursor.fetchall()}
    body = postgres_function(rule, columns)
    found = []
    for name in postgres_triggers(rule):
        if name not in present:
            found.append(f"The trigger {name} on {rule.table} is missing.")
            continue
        enabled, source, definition = present[name]
        inserts = "INSERT" in definition.split(" ON ")[0]
        if enabled != "O" or source != body or (name.endswith("_rows") and inserts != rule.added):
            found.append(f"The trigger {name} on {rule.table} differs or is switched off.")
    return found


@checks.register(checks.Tags.database)
def check_triggers(
    app_configs: Any = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Warn of tables whose history could be rewritten.

    A warning rather than an error, since `migrate` asks before it puts them in place.
    """
    return [
        checks.Warning(
            problem, hint="Run `manage.py migrate`, which puts it back.", id="revops.W001"
        )
        for using in databases or []
        for problem in problems(using)
    ]
