"""Moving a deal: every verb by one path, whether pressed on its page or dropped on the board."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from pipeline import operations
from pipeline.forms import MoveForm
from pipeline.gates import gate_of
from pipeline.models import Deal, Move, Stage
from pipeline.permissions import can_override, check_can_change, check_can_reopen
from pipeline.stages import Freedom, Process, Rule, classify_move, plan_move, process_by_id
from pipeline.views.shared import by_and_at, deal_or_404, done, show_act, version_in
from revops.company.models import Company
from revops.people.actor import Actor
from revops.refusals import Refused

IRREGULAR = {Move.SKIP, Move.SEND_BACK, Move.REOPEN}
REASONS = {
    Move.SKIP: "Why skip",
    Move.SEND_BACK: "Why it goes back",
    Move.REOPEN: "Why it is taken up again",
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_move(request, pk):
    """What a drop on a stage, or a choice of the "Move to" menu, means for this deal."""
    deal = deal_or_404(request, pk)
    process = process_by_id(deal.pipeline_id)
    origin = process.rule_of(deal.stage_id)
    if request.method != "POST":
        return choose_stage(request, deal, process, origin)
    target = process.rule(request.POST.get("stage", ""))
    move = classify_move(process, origin.key, target.key, deal.status)
    return run(request, deal, move, target.key)


def choose_stage(request, deal: Deal, process: Process, origin: Rule) -> HttpResponse:
    """Every stage the deal may go to, as the board's menu has them."""
    from pipeline.views.board import targets_from

    check_can_change(deal, by=Actor.from_request(request))
    check_moves(deal, Move.ADVANCE)
    context = {
        "template": "pipeline/_choose_stage.html",
        "title": f"Move {deal.name}",
        "origin": origin,
        "targets": targets_from(process, origin),
    }
    return show_act(request, deal, context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_advance(request, pk):
    return act(request, pk, Move.ADVANCE)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_skip(request, pk):
    return act(request, pk, Move.SKIP)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_send_back(request, pk):
    return act(request, pk, Move.SEND_BACK)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_win(request, pk):
    return act(request, pk, Move.WIN)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_lose(request, pk):
    return act(request, pk, Move.LOSE)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_reopen(request, pk):
    return act(request, pk, Move.REOPEN)


def act(request, pk, move: Move) -> HttpResponse:
    """Show the form of a move, or make it."""
    deal = deal_or_404(request, pk)
    to_key = request.POST.get("to") or request.GET.get("to") or ""
    if request.method == "POST":
        return run(request, deal, move, to_key)
    check_may(request, deal, move)
    check_moves(deal, move)
    return show_move(request, deal, move, to_key)


def check_may(request, deal: Deal, move: Move) -> None:
    check = check_can_reopen if move == Move.REOPEN else check_can_change
    check(deal, by=Actor.from_request(request))


def check_moves(deal: Deal, move: Move) -> None:
    if deal.is_open == (move == Move.REOPEN):
        raise Refused("This deal is open." if deal.is_open else "This deal is closed.")


def run(request, deal: Deal, move: Move, to_key: str) -> HttpResponse:
    """Make the move; where it is refused, show the form of exactly what is missing."""
    check_may(request, deal, move)
    form = move_form(request, deal, move, to_key, data=request.POST, files=request.FILES)
    if not form.is_valid():
        return show_move(request, deal, move, to_key, form=form, status=422)
    try:
        moved = carry_out(request, deal, move, to_key, form)
    except Refused as refused:
        return refuse(request, deal, move, to_key, form, refused)
    return done(request, moved, sentence_of(moved, move))


def carry_out(request, deal: Deal, move: Move, to_key: str, form: MoveForm) -> Deal:
    evidence, typed = form.answers(), form.cleaned_data
    facts = {"deal": deal, "version": version_in(request), **by_and_at(request)}
    reason = typed.get("reason", "")
    if move == Move.ADVANCE:
        return operations.advance_deal(evidence=evidence, **facts)
    if move == Move.WIN:
        return operations.win_deal(evidence=evidence, **facts)
    if move == Move.LOSE:
        return operations.lose_deal(evidence=evidence, note=typed.get("note", ""), **facts)
    if move == Move.REOPEN:
        return operations.reopen_deal(reason=reason, close_date=typed.get("close_date"), **facts)
    to = get_object_or_404(Stage, pipeline=deal.pipeline_id, key=to_key)
    if move == Move.SKIP:
        return operations.skip_deal(to=to, reason=reason, evidence=evidence, **facts)
    return operations.send_back_deal(to=to, reason=reason, **facts)


def refuse(
    request, deal: Deal, move: Move, to_key: str, form: MoveForm, refused: Refused
) -> HttpResponse:
    """Say why not: beside the fields where the form has them, above it otherwise.

    A first press has shown no form yet. What it lacks is then what the form asks, and no fault.
    """
    is_first = "asked" not in request.POST
    is_plain = refused.code in ("gate", "reason_missing") and is_first
    if refused.code == "gate" and not is_first:
        form = again(request, deal, move, to_key, refused, form)
    elif refused.code == "reason_missing" and not is_first:
        form.add_error("reason", refused.message)
    elif is_first:
        form = move_form(request, deal, move, to_key)
    placed = is_plain or refused.code == "reason_missing" or form.mark(refused)
    return show_move(
        request,
        deal,
        move,
        to_key,
        form=form,
        refused=None if placed else refused,
        status=refused.status,
    )


def again(request, deal, move, to_key, refused: Refused, form: MoveForm) -> MoveForm:
    """The form with everything typed, asking also what has come to be missing since."""
    asked = {each.key for each in form.items}
    more = [each for each in refused.missing if each.key not in asked and each.key != "loss_note"]
    if not more:
        if any(each.key == "loss_note" for each in refused.missing):
            form.add_error("note", refused.message)
        return form
    form.items += [form.ask(each) for each in more]
    return form


def move_form(request, deal: Deal, move: Move, to_key: str, **bound) -> MoveForm:
    """The form of a move: its reason where one is asked, and what the gate finds missing now."""
    process = process_by_id(deal.pipeline_id)
    missing = []
    if deal.is_open and move != Move.SEND_BACK:
        missing = gate_of(deal, plan_move(process, deal, move, to_key), timezone.now())
    freedom = {Move.SKIP: process.skipping, Move.SEND_BACK: process.moving_back}.get(move)
    wants = move in IRREGULAR and freedom != Freedom.FREE
    today = Company.get().local_day(timezone.now())
    return MoveForm(
        deal=deal,
        process=process,
        missing=missing,
        user=request.user,
        asks_reason=REASONS[move] if wants else "",
        asks_date=move == Move.REOPEN and (not deal.close_date or deal.close_date < today),
        asks_note=move == Move.LOSE,
        **bound,
    )


def show_move(request, deal, move, to_key, *, form=None, refused=None, status=200):
    process = process_by_id(deal.pipeline_id)
    form = form or move_form(request, deal, move, to_key)
    targets = targets_of(request, deal, process, move)
    target = target_rule(deal, process, move, to_key, targets)
    groups = form.groups()
    context = {
        "template": "pipeline/_move_form.html",
        "title": title_of(deal, move, target),
        "form": form,
        "groups": groups,
        "is_long": len({each.stage for each in groups}) > 1,
        "blockers": [each for each in groups if each.is_blocker],
        "move": move,
        "target": target,
        "targets": [] if to_key else targets,
        "action": address_of(request, deal, move),
        "submit": submit_of(move, target),
        "skipped": skipped_names(process, deal, move, target),
        "is_danger": move == Move.LOSE,
        "override_url": override_url(request, deal, move, target, groups),
        "refused": refused,
    }
    return show_act(request, deal, context, status=status)


def override_url(request, deal: Deal, move: Move, target: Rule | None, groups) -> str:
    """Where an administrator goes past what is missing; nothing for anybody else."""
    past = move in (Move.ADVANCE, Move.SKIP, Move.WIN) and groups and target
    if not (past and can_override(request.user)):
        return ""
    return f"{reverse('pipeline:deal-override', args=[deal.pk])}?to={target.key}"


def address_of(request, deal: Deal, move: Move) -> str:
    """Where the form of this verb goes, whichever way it was asked for."""
    query = request.GET.urlencode()
    address = reverse(f"pipeline:deal-{move.replace('_', '-')}", args=[deal.pk])
    return f"{address}?{query}" if query else address


def targets_of(request, deal: Deal, process: Process, move: Move) -> list[Rule]:
    """The stages among which a skip or a send-back chooses."""
    origin = process.rule_of(deal.stage_id)
    if move == Move.SKIP:
        return list(process.after(origin.key)[1:])
    if move == Move.SEND_BACK:
        return [rule for rule in process.open_rules if rule.position < origin.position]
    return []


def target_rule(deal, process: Process, move, to_key: str, targets) -> Rule | None:
    if to_key:
        return process.rule(to_key)
    if move == Move.ADVANCE:
        return process.next_of(process.rule_of(deal.stage_id).key)
    if move in (Move.WIN, Move.LOSE):
        return process.won if move == Move.WIN else process.lost
    return None


def skipped_names(process: Process, deal: Deal, move: Move, target: Rule | None) -> list[str]:
    if move != Move.SKIP or target is None:
        return []
    origin = process.rule_of(deal.stage_id)
    return [rule.name for rule in process.between(origin.key, target.key)]


def title_of(deal: Deal, move: Move, target: Rule | None) -> str:
    where = target.name if target else "another stage"
    return {
        Move.ADVANCE: f"Move {deal.name} to {where}",
        Move.SKIP: f"Move {deal.name} ahead to {where}",
        Move.SEND_BACK: f"Send {deal.name} back to {where}",
        Move.WIN: f"Win {deal.name}",
        Move.LOSE: f"Lose {deal.name}",
        Move.REOPEN: f"Reopen {deal.name}",
    }[move]


def submit_of(move: Move, target: Rule | None) -> str:
    where = target.name if target else ""
    return {
        Move.ADVANCE: f"Move to {where}",
        Move.SKIP: f"Move to {where}" if where else "Move ahead",
        Move.SEND_BACK: f"Send back to {where}" if where else "Send back",
        Move.WIN: "Win the deal",
        Move.LOSE: "Lose the deal",
        Move.REOPEN: "Reopen the deal",
    }[move]


def sentence_of(deal: Deal, move: Move) -> str:
    """What the toast says when it is done."""
    process = process_by_id(deal.pipeline_id)
    where = process.rule_of(deal.stage_id).name
    return {
        Move.ADVANCE: f"{deal.name} is in {where} now.",
        Move.SKIP: f"{deal.name} is in {where} now; owner and manager are told what was skipped.",
        Move.SEND_BACK: f"{deal.name} is back in {where}.",
        Move.WIN: f"{deal.name} is won. The hand-off to customer success has been asked for.",
        Move.LOSE: f"{deal.name} is lost. The post-mortem is on the owner's list.",
        Move.REOPEN: f"{deal.name} is open again, in {where}.",
    }[move]
