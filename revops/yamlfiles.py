"""Files of YAML that people read and keep: written one way, read with every fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import yaml


class BadFile(Exception):
    """The file cannot be read; `faults` say where and what, each in a sentence."""

    def __init__(self, faults: Sequence[str]) -> None:
        # Halves of characters, quoted from the file, could not be shown on any page.
        self.faults = [each.encode(errors="backslashreplace").decode() for each in faults]
        super().__init__("\n".join(self.faults))


class Dumper(yaml.SafeDumper):
    """Lists are set in, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


class Loader(yaml.SafeLoader):
    """Plain values alone: what refers back to another place could swell without end."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, "references (*name) are not read", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """A key that stands twice is a fault: the first of them would be lost unseen."""
        keys = [each.value for each, _ in getattr(node, "value", [])]
        for key, times in Counter(key for key in keys if isinstance(key, str)).items():
            if times > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key “{key}” stands there twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def written_in_yaml(said: Any, dumper: type[Dumper] = Dumper) -> str:
    """The file as text, in one form: the same facts always read the same."""
    text: str = yaml.dump(said, Dumper=dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def read_yaml(written: str, what: str, loader: type[Loader] = Loader) -> Any:
    """What stands in a file of `what` ("a policy"). Raises BadFile where it is no YAML."""
    try:
        return yaml.load(written, Loader=loader)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as fault:
        # A tag on a value that it does not fit ends in whatever the reader trips over.
        raise BadFile([f"This is not YAML: {' '.join(str(fault).split())}"]) from None
    except RecursionError:
        raise BadFile([f"This is nested too deeply to be {what}."]) from None
