"""A policy as a YAML file that people read and keep: written one way, read with every fault.

What a file may hold is read off the policy's own dataclasses, so a field that a policy gains is
in the file at once. A key that is not known is a fault with its place, like a value of the wrong
kind. The version is not in the file: publishing gives it.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import yaml

from dealdesk.canonical import decimal_text
from dealdesk.policy import Policy
from revops import yamlfiles
from revops.yamlfiles import BadFile, read_yaml, written_in_yaml

HEAD = "# A policy of the deal desk. Read it back with: manage.py import_policy FILE --dry-run\n"
LETTERS_MOST = 5000
DIGITS_MOST = 30
FILE_MOST = 1_000_000
"""Characters of a file; a policy has some thousand."""


@dataclass(frozen=True)
class PolicyFile:
    """What one file says: a policy, why it changes, and which findings are meant (key, note)."""

    policy: Policy
    note: str = ""
    acknowledged: Mapping[str, str] = field(default_factory=dict)


# Writing


class Dumper(yamlfiles.Dumper):
    """Figures as they are, and nothing that refers back to another place."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_figure(self, value: Decimal) -> yaml.Node:
        text = decimal_text(value)
        tag = "tag:yaml.org,2002:float" if "." in text else "tag:yaml.org,2002:int"
        return self.represent_scalar(tag, text)


Dumper.add_representer(Decimal, Dumper.represent_figure)


def write_policy_file(file: PolicyFile) -> str:
    """The file as text, in one form: the same policy always reads the same."""
    said = spelled(file.policy)
    del said["version"]
    head: dict[str, Any] = {"name": said.pop("name")}
    if file.note:
        head["note"] = file.note
    if file.acknowledged:
        head["acknowledged"] = dict(sorted(file.acknowledged.items()))
    return HEAD + written_in_yaml(head | said, Dumper)


def spelled(value: Any) -> Any:
    """A frozen value in what YAML knows."""
    if dataclasses.is_dataclass(value):
        return {each.name: spelled(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [spelled(each) for each in value]
    return value


# Reading


class Loader(yamlfiles.Loader):
    """Figures exact: no rounded decimals."""

    def construct_figure(self, node: Any) -> Decimal:
        try:
            figure = Decimal(self.construct_scalar(node).replace("_", ""))
        except InvalidOperation:
            figure = Decimal("nan")
        if not figure.is_finite() or abs(figure.adjusted()) > DIGITS_MOST:
            raise yaml.constructor.ConstructorError(None, None, "no figure", node.start_mark)
        return figure


Loader.add_constructor("tag:yaml.org,2002:float", Loader.construct_figure)


def read_policy_file(written: str) -> PolicyFile:
    """What the file says. Raises BadFile naming every fault with its place."""
    if len(written) > FILE_MOST:
        raise BadFile(["This is too long to be a policy."])
    said = read_yaml(written, "a policy", Loader)
    if not isinstance(said, dict):
        raise BadFile(["The file: this is a list of keys with values."])
    faults: list[str] = []
    note = read_note(said.pop("note", ""), faults)
    acknowledged = read_acknowledged(said.pop("acknowledged", {}), faults)
    if "version" in said:
        faults.append("version: unknown key.")
    policy = reader(Policy)({**said, "version": "file"}, "", faults)
    if faults:
        raise BadFile(faults)
    return PolicyFile(policy, note, acknowledged)


def read_note(said: Any, faults: list[str]) -> str:
    if not isinstance(said, str) or len(said) > LETTERS_MOST or not is_plain(said):
        faults.append(f"note: this is a text of at most {LETTERS_MOST:,} letters.")
        return ""
    return said.strip()


def read_acknowledged(said: Any, faults: list[str]) -> dict[str, str]:
    if not isinstance(said, dict):
        faults.append("acknowledged: this is a list of findings, each with why it is meant.")
        return {}
    for key, note in said.items():
        if not isinstance(key, str) or len(key) > 200 or not is_plain(key):
            faults.append(f"acknowledged: {str(key)[:40]} is no finding.")
        elif not is_reason(note):
            faults.append(f"acknowledged.{key}: say why it is meant.")
    return {str(key): note for key, note in said.items() if isinstance(note, str)}


def is_reason(said: Any) -> bool:
    is_text = isinstance(said, str) and bool(said.strip())
    return is_text and len(said) <= LETTERS_MOST and is_plain(said)


Read = Callable[[Any, str, list[str]], Any]


@cache
def reader(kind: Any) -> Read:
    """The function that reads values of one type hint and says what is wrong with them."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        (inner,) = (each for each in get_args(kind) if each is not type(None))
        return optional(reader(inner))
    if origin is tuple:
        return listed(reader(get_args(kind)[0]))
    if dataclasses.is_dataclass(kind):
        return part(kind)
    if issubclass(kind, Enum):
        return one_of(kind)
    return SCALARS[kind]


def optional(inner: Read) -> Read:
    return lambda said, place, faults: None if said is None else inner(said, place, faults)


def listed(inner: Read) -> Read:
    def read(said: Any, place: str, faults: list[str]) -> tuple[Any, ...]:
        if not isinstance(said, list):
            faults.append(f"{place}: this is a list.")
            return ()
        return tuple(inner(each, f"{place}[{number}]", faults) for number, each in enumerate(said))

    return read


def one_of(kind: type[Enum]) -> Read:
    known = [each.value for each in kind]

    def read(said: Any, place: str, faults: list[str]) -> Any:
        if isinstance(said, str) and said in known:
            return kind(said)
        faults.append(f"{place}: this is one of {', '.join(known)}, not {short(said)}.")
        return next(iter(kind))

    return read


def part(kind: Any) -> Read:
    """A reader of one dataclass, by the names and defaults of its fields."""
    hints = get_type_hints(kind)
    names = {each.name: each for each in dataclasses.fields(kind)}

    def read(said: Any, place: str, faults: list[str]) -> Any:
        at = f"{place}." if place else ""
        if not isinstance(said, dict):
            faults.append(f"{place or 'The file'}: this is a list of keys with values.")
            return None
        faults += [f"{at}{key}: unknown key." for key in said if key not in names]
        found = {
            name: reader(hints[name])(said[name], f"{at}{name}", faults)
            for name in names
            if name in said
        }
        missing = [
            name
            for name, each in names.items()
            if name not in said and each.default is dataclasses.MISSING
        ]
        faults += [f"{at}{name}: this is missing." for name in missing]
        return None if missing else kind(**found)

    return read


def figure(said: Any, place: str, faults: list[str]) -> Decimal:
    if isinstance(said, Decimal):
        return said
    if isinstance(said, int) and not isinstance(said, bool):
        return Decimal(said)
    faults.append(f"{place}: this is a figure, not {short(said)}.")
    return Decimal(0)


def whole(said: Any, place: str, faults: list[str]) -> int:
    if isinstance(said, int) and not isinstance(said, bool):
        return said
    faults.append(f"{place}: this is a whole number, not {short(said)}.")
    return 0


def text(said: Any, place: str, faults: list[str]) -> str:
    if isinstance(said, str) and is_plain(said):
        return said
    faults.append(f"{place}: this is a text, not {short(said)}.")
    return ""


def is_plain(said: str) -> bool:
    """Whether a database keeps this text: no NUL, no half of a character."""
    return "\x00" not in said and not any("\ud800" <= letter <= "\udfff" for letter in said)


def yes_or_no(said: Any, place: str, faults: list[str]) -> bool:
    if not isinstance(said, bool):
        faults.append(f"{place}: this is true or false, not {short(said)}.")
    return bool(said)


SCALARS: Mapping[type, Read] = {Decimal: figure, int: whole, str: text, bool: yes_or_no}


def short(said: Any) -> str:
    words = repr(said)
    return words if len(words) <= 60 else f"{words[:60]}…"
