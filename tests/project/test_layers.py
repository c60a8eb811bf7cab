"""The page of rules and their layers names what is there, and nothing else."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from revops import integrity, triggers
from tests.project.constraints.rules import constrained

PAGE = Path(settings.BASE_DIR) / "docs/decisions/2026-11-21-rules-and-their-layers.md"
KINDS = {
    "constraints": lambda: set(constrained()),
    "triggers": lambda: {f"{triggers.PREFIX}{rule.table}" for rule in triggers.declared()},
    "integrity checks": lambda: set(integrity.names()),
}


def listed() -> list[str]:
    """The names in the last column of the tables below the first heading."""
    rows = [line for line in PAGE.read_text().split("\n## ", 1)[1].splitlines() if "|" in line]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[3])]


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_is_in_the_table(kind):
    assert KINDS[kind]() - set(listed()) == set()


def test_the_table_names_nothing_else():
    there = set().union(*(names() for names in KINDS.values()))

    assert set(listed()) - there == set()


def test_no_rule_stands_twice():
    names = listed()

    assert len(names) == len(set(names))
