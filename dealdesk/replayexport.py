"""A policy tried on another system's export: the figures of one page, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from dealdesk.inputs import RateBook
from dealdesk.policy import Policy
from dealdesk.replaycandidates import (
    Candidate,
    Effect,
    best,
    candidates,
    effect_of,
    outcomes,
    together,
)
from dealdesk.replaycells import Cells
from dealdesk.replaycompare import money, side
from dealdesk.replayfile import FileReader, Words, file_kind
from dealdesk.replayjudge import Judge
from revops.company.models import Company
from revops.imports.mapping import parse_mapping
from revops.imports.problems import BadFile

BAD_SHOWN = 50
ROUTES_SHOWN = 8
MOST_CELLS_IN_FULL = 2000
"""With a policy that facts do not do for, changes are tried on no more different deals."""
TOLD_EVERY = 2000

Progress = Callable[[str, int, int], None]


@dataclass
class ExportReplay:
    """One file, read once and judged; the rows are gone when it is done."""

    policy: Policy
    data: bytes
    mapping_text: str
    today: date

    def run(self, tell: Progress) -> dict[str, Any]:
        """The figures. Raises BadFile or BadMapping for what cannot be read at all."""
        company = Company.get()
        words = Words(self.policy, RateBook(company), self.today)
        mapping = parse_mapping(self.mapping_text, file_kind(self.policy))
        reader = FileReader(self.data, mapping, words)
        present = Judge(self.policy)
        steps = candidates(self.policy, {}, company.currency)
        cells = Cells([present, *(Judge(each.apply(self.policy)) for each in steps)])
        total = self.data.count(b"\n")
        for number, deal in enumerate(reader, start=1):
            cells.add(deal)
            if number % TOLD_EVERY == 0:
                tell("reading", number, max(total, number))
        if not reader.rows:
            raise BadFile("The file has a header and no rows.")
        asked_for = {term.key: term.name for term in words.seen.values()}
        # A term that is adopted tells no more deals apart, so the cells serve for it as well.
        steps = candidates(self.policy, asked_for, company.currency)
        good = sum(cell.count for cell in cells.found.values())
        tell("judging", good, good)
        return {
            "rows": reader.rows,
            "bad_count": len(reader.bad),
            "bad": [{"line": bad.line, "reason": bad.reason} for bad in reader.bad[:BAD_SHOWN]],
            "currency": company.currency,
            **told(cells, present),
            **self._changes(cells, steps),
        }

    def _changes(self, cells: Cells, steps: list[Candidate]) -> dict[str, Any]:
        """The changes that remove most, each judged alone, and what all of them do."""
        if not cells.is_quick and len(cells.found) > MOST_CELLS_IN_FULL:
            return {"changes": [], "together": {}, "tried": 0}
        chosen, now = best(cells, self.policy, steps), outcomes(cells, Judge(self.policy))
        alone = [effect_of(each, cells, now, self.policy) for each in chosen]
        whole = effect_of(together(chosen), cells, now, self.policy)
        return {
            "changes": [effect_json(effect) for effect in alone],
            "together": effect_json(whole) if len(chosen) > 1 else {},
            "tried": len(steps),
        }


def told(cells: Cells, present: Judge) -> dict[str, Any]:
    """What the policy makes of all deals."""
    judged = [(outcome, cell.count, cell.net) for cell, outcome in cells.judged(present)]
    return {
        "deals": sum(count for _, count, _ in judged),
        "net": money(sum(net for _, _, net in judged)),
        **side(judged),
        "routes": routes_of((outcome.key, count, net) for outcome, count, net in judged),
    }


def routes_of(rows: Any) -> list[dict[str, Any]]:
    """Deals and amount of each route, the most frequent first."""
    found: dict[str, list[int]] = {}
    for key, count, net in rows:
        tally = found.setdefault(key, [0, 0])
        tally[0] += count
        tally[1] += net
    ranked = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    shown, others = ranked[:ROUTES_SHOWN], [tally for _, tally in ranked[ROUTES_SHOWN:]]
    if others:
        shown.append(("", [sum(tally[0] for tally in others), sum(tally[1] for tally in others)]))
    return [{"route": key, "count": count, "net": money(net)} for key, (count, net) in shown]


def effect_json(effect: Effect) -> dict[str, Any]:
    return {
        "sentence": effect.sentence,
        "removed": effect.removed,
        "freed": effect.freed,
        "deals": effect.deals,
        "exposed": money(effect.exposed),
    }
