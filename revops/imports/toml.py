"""Writing the little TOML that mappings need. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


def text_of(value: str) -> str:
    """A basic string, with everything escaped that TOML does not take as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def key_of(name: str) -> str:
    return name if BARE.match(name) else text_of(name)


def value_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{key_of(key)} = {value_of(each)}" for key, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(value_of(each) for each in value)}]"
    return text_of(str(value))


def lines_of(body: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """The lines of a table: plain values first, then its tables, the way people write it."""
    tables = {key: each for key, each in body.items() if is_table(each)}
    for key, each in body.items():
        if key not in tables:
            yield f"{key_of(key)} = {value_of(each)}"
    for key, each in tables.items():
        inner = (*path, key)
        name = ".".join(key_of(part) for part in inner)
        for one in [each] if isinstance(each, Mapping) else each:
            yield ""
            yield f"[{name}]" if isinstance(each, Mapping) else f"[[{name}]]"
            yield from lines_of(one, inner) if len(inner) < 2 else plain_lines(one)


def plain_lines(body: Mapping[str, Any]) -> Iterator[str]:
    """The lines of an inner table, whose own tables stay on one line."""
    return (f"{key_of(key)} = {value_of(each)}" for key, each in body.items())


def is_table(value: Any) -> bool:
    """Whether a value gets a heading of its own: tables at the top, and lists of them."""
    if isinstance(value, Mapping):
        return not ({"column", "template", "constant"} & set(value))
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def dump(body: Mapping[str, Any]) -> str:
    """A document that reads back as `body`."""
    return "\n".join(lines_of(body)).strip() + "\n"
