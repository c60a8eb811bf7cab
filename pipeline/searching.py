"""The form in which names are searched: lower case, without accents, single spaces."""

from __future__ import annotations

import unicodedata

LONGEST = 500


def search_form(*texts: str) -> str:
    """Return `texts` as one line in which a search for its plain letters succeeds."""
    folded = unicodedata.normalize("NFKD", " ".join(texts)).casefold()
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return " ".join(plain.split())[:LONGEST]
