"""What the pipeline keeps of invented deals: stages, people, activities, pushes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from dealdesk.demo import words
from dealdesk.demo.drafting import OPEN, DealDraft, Scribe, Visit
from dealdesk.demo.world import (
    DAY,
    HOUR,
)
from pipeline.models import Move
from pipeline.operations.close_dates import crosses_month, crosses_quarter
from pipeline.rollups import NOTHING
from pipeline.standings import DateMove, Reported, Stay, steps
from revops.worktime.arithmetic import add_business_time

VERBS = {
    Move.ADVANCE: "deal.advanced",
    Move.SKIP: "deal.skipped",
    Move.SEND_BACK: "deal.sent_back",
    Move.WIN: "deal.won",
    Move.LOSE: "deal.lost",
}


class Moving(Scribe):
    """Writes the history of deals in the pipeline."""

    def moves(self, draft: DealDraft) -> None:
        """Visits, ticks, debts and the entries of every move."""
        facts, by = draft.facts, draft.seller.id
        subject = ("deal", draft.id)
        stage_ids = {key: rule.stage_id for key, rule in self.rules.items()}
        after = {
            "name": draft.name,
            "account": draft.account.id,
            "owner": by,
            "amount": None,
            "currency": self.world.currency,
            "close_date": facts["first_close_date"],
            "origin": "app",
            "stage": draft.visits[0].stage,
        }
        self.record(
            "deal.created",
            subject,
            at=draft.created_at,
            by=by,
            after=after,
            related=[("account", draft.account.id)],
        )
        previous = None
        for visit in draft.visits:
            self.rows["visit"].append(
                (
                    draft.id,
                    stage_ids[visit.stage],
                    self.world.process.version_id,
                    visit.move.value,
                    visit.reason,
                    list(visit.skipped),
                    visit.entered_at,
                    by,
                    visit.left_at,
                )
            )
            if previous is not None:
                self.move(draft, previous, visit)
            previous = visit
        draft.version += len(draft.visits) - 1

    def move(self, draft: DealDraft, previous: Visit, visit: Visit) -> None:
        by, at = draft.seller.id, visit.entered_at
        asked = visit.move in (Move.ADVANCE, Move.SKIP, Move.WIN)
        if asked:
            keys = [previous.stage]
            if visit.move is Move.WIN:
                keys += [key for other in draft.visits for key in other.skipped]
            self.ticks(draft, keys, at)
        owed = self.debts(draft, visit) if visit.move is Move.SKIP else []
        status = {Move.WIN: "won", Move.LOSE: "lost"}.get(visit.move, "open")
        after: dict[str, Any] = {"stage": visit.stage, "status": status}
        if visit.skipped:
            after["skipped"] = visit.skipped
        if owed:
            after["owed"] = owed
        if status != "open":
            after["closed_on"] = self.world.day(at)
            after["loss_reason"] = draft.facts.get("loss_reason", "")
        self.record(
            VERBS[visit.move],
            ("deal", draft.id),
            at=at,
            by=by,
            before={"stage": previous.stage},
            after=after,
            why=visit.reason,
        )

    def ticks(self, draft: DealDraft, stages: Iterable[str], at: datetime) -> None:
        """The criteria of the stages left, confirmed just before; each stands once."""
        ticked: set[tuple[str, str]] = draft.facts.setdefault("ticked", set())
        moment = at - timedelta(minutes=2)
        for key in stages:
            rule = self.rules[key]
            for criterion in rule.criteria:
                if (key, criterion.key) not in ticked:
                    ticked.add((key, criterion.key))
                    self.rows["tick"].append(
                        (draft.id, rule.stage_id, criterion.key, moment, draft.seller.id)
                    )

    def debts(self, draft: DealDraft, visit: Visit) -> list[str]:
        """What a skipped stage asks is owed until the deal is won."""
        owed = []
        ticked = draft.facts.setdefault("ticked", set())
        paid = (
            draft.closed_at - timedelta(minutes=2)
            if draft.status == "won" and draft.closed_at
            else None
        )
        skipped_on = visit.entered_at.astimezone(self.world.zone).date()
        due_on = skipped_on + timedelta(days=self.world.process.debt_days)
        for stage in visit.skipped:
            rule = self.rules[stage]
            asks = [(item.key, item.label, False, item.none_allowed) for item in rule.items]
            asks += [
                (criterion.key, criterion.label, True, False)
                for criterion in rule.criteria
                if (stage, criterion.key) not in ticked
            ]
            for key, label, is_criterion, none_allowed in asks:
                owed.append(key)
                self.rows["debt"].append(
                    (
                        draft.id,
                        rule.stage_id,
                        key,
                        label,
                        is_criterion,
                        none_allowed,
                        visit.reason,
                        visit.entered_at,
                        draft.seller.id,
                        draft.seller.id,
                        due_on,
                        paid,
                        draft.seller.id if paid else None,
                    )
                )
        return owed

    def people(self, draft: DealDraft) -> None:
        """Who of the account takes part."""
        first, second = draft.account.contacts
        roles = [("champion", first)]
        if draft.facts.pop("decision_maker", False):
            roles.append(("decision_maker", second))
        for role, contact in roles:
            self.rows["deal_contact"].append((draft.id, contact, role))
        for item in draft.declared:
            self.rows["declared"].append(
                (draft.id, item, draft.closed_at or self.world.at - DAY, draft.seller.id)
            )

    def activities(self, draft: DealDraft) -> None:
        """What happened with the buyer, so that the last word is somewhere in the last stay."""
        rng = self.rng
        end = draft.closed_at or self.world.at - timedelta(hours=4)
        span = end - draft.created_at
        for _ in range(rng.randint(1, 3)):
            kind, side = rng.choice(list(words.ACTIVITIES))
            moment = draft.created_at + span * rng.random()
            moment = min(self.office(moment, draft.created_at), end)
            self.activity(draft, kind, side, rng.choice(words.ACTIVITIES[kind, side]), moment)

    def activity(self, draft: DealDraft, kind: str, side: str, body: str, moment: datetime) -> None:
        pk = self.numbers.take("activity")
        self.rows["activity"].append(
            (pk, draft.id, kind, side, moment, body, draft.seller.id, moment)
        )
        if side == "buyer" and (not draft.buyer_acted_at or moment > draft.buyer_acted_at):
            draft.buyer_acted_at = moment
        after = {"activity": pk, "kind": kind, "side": side, "happened_at": moment}
        subject = ("deal", draft.id)
        self.record("deal.activity_logged", subject, at=moment, by=draft.seller.id, after=after)

    def pushes(self, draft: DealDraft) -> None:
        """Close dates that moved later: each a row, back from the date that holds now."""
        rng = self.rng
        if draft.reach in OPEN[:2] or rng.random() > 0.4 or draft.close_date is None:
            return
        end = draft.closed_at or self.world.at - HOUR
        steps = [rng.randint(7, 40) for _ in range(rng.choices((1, 2, 3), (62, 28, 10))[0])]
        day = draft.close_date - DAY * sum(steps)
        for number, step in enumerate(steps):
            share = (number + 1) / (len(steps) + 1)
            moment = self.between(draft.created_at, end, share)
            to = day + DAY * step
            reason = rng.choice(
                ("buyer_timing", "budget", "decision_maker", "legal_review", "procurement")
            )
            note = rng.choice(words.PUSH_NOTES) if number or crosses_month(day, to) else ""
            self.rows["push"].append(
                (
                    draft.id,
                    day,
                    to,
                    reason,
                    note,
                    crosses_month(day, to),
                    crosses_quarter(day, to),
                    moment,
                    draft.seller.id,
                )
            )
            self.record(
                "deal.close_date_pushed",
                ("deal", draft.id),
                at=moment,
                by=draft.seller.id,
                before={"close_date": day, "push_count": number},
                after={"close_date": to, "push_count": number + 1},
                why=f"{reason}: {note}" if note else reason,
            )
            draft.moved.append(DateMove(moment, day, to))
            day = to
        draft.push_count = len(steps)
        draft.version += len(steps)

    def standings(self, draft: DealDraft) -> None:
        """How the deal stood from its beginning to now."""
        rules = self.rules
        stays = [
            Stay(visit.entered_at, rules[visit.stage].stage_id, rules[visit.stage].kind)
            for visit in draft.visits
        ]
        now = Reported(
            pipeline_id=self.world.process.pipeline_id,
            stage_id=stays[-1].stage_id,
            status=draft.status,
            owner_id=draft.seller.id,
            amount=draft.amount or NOTHING,
            currency=draft.currency,
            close_date=draft.close_date,
            forecast_category=rules[draft.visits[-1].stage].forecast_category,
        )
        categories = {rule.stage_id: rule.forecast_category for rule in rules.values()}
        for step in steps(now, draft.created_at, stays, draft.moved, categories):
            self.rows["standing"].append(
                (draft.id, step.since, step.until, *vars(step.reported).values())
            )

    def closing_task(self, draft: DealDraft) -> None:
        """What a late win or loss left to do: the hand-off, or the post-mortem."""
        world, closed_at = self.world, draft.closed_at
        if closed_at is None or world.at - closed_at > 20 * DAY:
            return
        pk, subject = self.numbers.take("task"), ("deal", draft.id)
        is_won = draft.status == "won"
        kind = "cs_handoff" if is_won else "post_mortem"
        title = f"Take over {draft.name} from sales" if is_won else f"Post-mortem of {draft.name}"
        assignee = world.service[0] if is_won else draft.seller.id
        hours = timedelta(hours=16 if is_won else 40)
        due = add_business_time(world.calendars[assignee], closed_at, hours)
        done_at = self.between(closed_at, due, 0.8) if due < world.at else None
        state, result = ("done", "Done.") if done_at else ("open", "")
        self.rows["task"].append(
            (
                pk,
                kind,
                *subject,
                title,
                assignee,
                due,
                kind,
                state,
                result,
                closed_at,
                draft.seller.id,
                done_at,
                assignee if done_at else None,
            )
        )
        after = {"kind": kind, "title": title, "assignee": assignee, "due_at": due}
        self.record(
            "task.opened",
            ("task", pk),
            at=closed_at,
            by=draft.seller.id,
            after=after,
            related=[subject],
        )
        if done_at:
            self.record(
                "task.done",
                ("task", pk),
                at=done_at,
                by=assignee,
                after={"result": result},
                related=[subject],
            )
