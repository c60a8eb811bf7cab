"""The form in which names are searched: lower case, without accents, single spaces."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.db import connections
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

LONGEST = 500
INDEX_SUFFIX = "_fulltext"
SHORTEST_INDEXED = 3


def search_form(*texts: str) -> str:
    """Return `texts` as one line in which a search for its plain letters succeeds."""
    folded = unicodedata.normalize("NFKD", " ".join(texts)).casefold()
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return " ".join(plain.split())[:LONGEST]


def holding_words(rows: QuerySet[Any], text: str) -> Q:
    """Return the condition that `search_text` holds every word of `text`, anywhere in it.

    PostgreSQL answers it by its trigram index; SQLite by the full-text table, except for words
    too short to have a trigram.
    """
    words = search_form(text).split()
    condition = Q()
    if connections[rows.db].vendor == "sqlite":
        indexed = [word for word in words if len(word) >= SHORTEST_INDEXED]
        words = [word for word in words if len(word) < SHORTEST_INDEXED]
        if indexed:
            condition &= Q(pk__in=full_text_match(rows.model._meta.db_table, indexed))
    for word in words:
        condition &= Q(search_text__contains=word)
    return condition


def full_text_match(table: str, words: list[str]) -> RawSQL:
    index = f"{table}{INDEX_SUFFIX}"
    phrases = " AND ".join('"' + word.replace('"', '""') + '"' for word in words)
    return RawSQL(f'SELECT rowid FROM "{index}" WHERE "{index}" MATCH %s', [phrases])
