"""Every pair of states is an arrow that somebody drew, or is refused."""

import pytest
from django.core.management import call_command
from django_fsm import TransitionNotAllowed

from dealdesk.models import ApprovalRequest
from pipeline.models import Deal
from revops.management.commands.draw_states import stateful

ARROWS = {
    Deal: {
        "mark_won": {("open", "won")},
        "mark_lost": {("open", "lost")},
        "mark_open": {("won", "open"), ("lost", "open")},
    },
    ApprovalRequest: {
        "mark_approved": {("pending", "approved")},
        "mark_rejected": {("pending", "rejected")},
        "mark_bypassed": {("pending", "approved")},
        "mark_returned": {("pending", "returned")},
        "mark_recalled": {("pending", "recalled")},
        "mark_expired": {("pending", "expired")},
        "mark_superseded": {("pending", "superseded")},
        "mark_consumed": {("approved", "consumed")},
        "mark_lapsed": {("approved", "lapsed")},
        "mark_invalidated": {("approved", "invalidated")},
        "mark_revoked": {("pending", "revoked"), ("approved", "revoked")},
    },
}
CASES = [
    pytest.param(model, name, source, id=f"{model.__name__}-{name}-from-{source}")
    for model, arrows in ARROWS.items()
    for name in arrows
    for source in model.Status.values
]


@pytest.mark.parametrize(("model", "name", "source"), CASES)
def test_a_state_follows_only_along_its_arrows(model, name, source):
    record = model(status=source)
    targets = [to for came, to in ARROWS[model][name] if came == source]

    if targets:
        getattr(record, name)()
        assert [record.status] == targets
    else:
        with pytest.raises(TransitionNotAllowed):
            getattr(record, name)()
        assert record.status == source


def test_every_protected_status_has_its_table():
    drawn = {
        model: {arrow.name for arrow in field.get_all_transitions(model)}
        for model, field in stateful()
    }

    assert drawn == {model: set(arrows) for model, arrows in ARROWS.items()}


@pytest.mark.parametrize("model", ARROWS)
def test_no_state_can_be_assigned(model):
    record = model(status=model.Status.values[0])

    with pytest.raises(AttributeError, match="Direct status modification"):
        record.status = model.Status.values[1]


def test_the_diagrams_are_up_to_date(capsys):
    call_command("draw_states", check=True)
