"""A policy tried on another system's export: the figures of one page, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from dealdesk.inputs import RateBook
from dealdesk.policy import Policy
from dealdesk.replaycandidates import Candidate, Effect, best, candidates, effect_of
from dealdesk.replaycells import Cells
from dealdesk.replaycompare import money, side
from dealdesk.replayfile import FileReader, Words, file_kind
from dealdesk.replayjudge import Judge
from revops.company.models import Company
from revops.imports.mapping import parse_mapping
from revops.imports.problems import BadFile

BAD_SHOWN = 200
ROUTES_SHOWN = 12
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
        tried = self._tried(candidates(self.policy, {}, company.currency))
        cells = Cells([present, *(judge for _, judge in tried)])
        total = self.data.count(b"\n")
        for number, deal in enumerate(reader, start=1):
            cells.add(deal)
            if number % TOLD_EVERY == 0:
                tell("reading", number, max(total, number))
        if not reader.rows:
            raise BadFile("The file has a header and no rows.")
        asked_for = {term.key: term.name for term in words.seen.values()}
        # A term that is adopted tells no more deals apart, so the cells serve for it as well.
        tried = self._tried(candidates(self.policy, asked_for, company.currency))
        return self._told(cells, present, tried, reader, company.currency, tell)

    def _tried(self, found: list[Candidate]) -> list[tuple[Candidate, Judge]]:
        return [(each, Judge(each.apply(self.policy))) for each in found]

    def _told(
        self,
        cells: Cells,
        present: Judge,
        tried: list[tuple[Candidate, Judge]],
        reader: FileReader,
        currency: str,
        tell: Progress,
    ) -> dict[str, Any]:
        good = sum(cell.count for cell in cells.found.values())
        tell("judging", good, good)
        judged = cells.judged(present)
        now = [outcome for _, outcome in judged]
        may_try = cells.is_quick or len(cells.found) <= MOST_CELLS_IN_FULL
        chosen = best(cells, present, tried) if may_try else []
        effects = [
            effect_of(each.sentence, cells, now, Judge(each.apply(self.policy))) for each in chosen
        ]
        return {
            "rows": reader.rows,
            "deals": good,
            "bad_count": len(reader.bad),
            "bad": [{"line": bad.line, "reason": bad.reason} for bad in reader.bad[:BAD_SHOWN]],
            "currency": currency,
            "net": money(sum(cell.net for cell in cells.found.values())),
            **side((outcome, cell.count, cell.net) for cell, outcome in judged),
            "routes": routes_of((outcome.key, cell.count, cell.net) for cell, outcome in judged),
            "changes": [effect_json(effect) for effect in effects],
            "together": effect_json(self._together(chosen, cells, now)) if len(chosen) > 1 else {},
            "tried": len(tried) if may_try else 0,
        }

    def _together(self, chosen: list[Candidate], cells: Cells, now: list[Any]) -> Effect:
        """The chosen changes in one policy: what they do together is not their sum."""
        policy = self.policy
        for each in chosen:
            policy = each.apply(policy)
        return effect_of("All of them together", cells, now, Judge(policy))


def routes_of(rows: Any) -> list[dict[str, Any]]:
    """Deals and amount of each route, the most frequent first."""
    found: dict[str, list[int]] = {}
    for key, count, net in rows:
        tally = found.setdefault(key, [0, 0])
        tally[0] += count
        tally[1] += net
    ranked = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    return [
        {"route": key, "count": count, "net": money(net)}
        for key, (count, net) in ranked[:ROUTES_SHOWN]
    ]


def effect_json(effect: Effect) -> dict[str, Any]:
    return {
        "sentence": effect.sentence,
        "removed": effect.removed,
        "freed": effect.freed,
        "deals": effect.deals,
        "exposed": money(effect.exposed),
    }
