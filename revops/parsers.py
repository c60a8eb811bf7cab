"""Reading the bodies of requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser, MultiPartParser

from revops.addresses import fault_of_texts


class CleanJSONParser(JSONParser):
    """JSON whose texts a database can keep: no NUL, no half of a surrogate pair."""

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            data = super().parse(stream, media_type, parser_context)
            if fault := fault_of_texts(texts_in(data)):
                raise ParseError(fault)
            for text in texts_in(data):
                text.encode()
        except (RecursionError, UnicodeEncodeError):
            raise ParseError("This JSON is too deep, or no text.") from None
        return data


class CleanMultiPartParser(MultiPartParser):
    """A form with files, whose texts a database can keep."""

    def parse(self, stream, media_type=None, parser_context=None):
        parsed = super().parse(stream, media_type, parser_context)
        texts = (text for name, given in parsed.data.lists() for text in (name, *given))
        if fault := fault_of_texts(texts):
            raise ParseError(fault)
        return parsed


def texts_in(data: Any) -> Iterator[str]:
    """Every text within parsed JSON, keys too."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from texts_in(value)
    elif isinstance(data, list):
        for value in data:
            yield from texts_in(value)
