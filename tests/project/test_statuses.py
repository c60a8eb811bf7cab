"""Walks over every status of every model."""

import re

import pytest
from django.apps import apps
from django.db.models import CheckConstraint, Q
from django_fsm import FSMField

OURS = ("revops.", "pipeline", "dealdesk")


def models():
    return [
        model
        for model in apps.get_models()
        if model.__module__.startswith(OURS) and not model._meta.proxy
    ]


def choice_fields():
    return [
        pytest.param(model, field, id=f"{model._meta.label}.{field.name}")
        for model in models()
        for field in model._meta.concrete_fields
        if field.choices and field.get_internal_type() == "CharField"
    ]


def protected_statuses():
    return [
        pytest.param(model, field, id=f"{model._meta.label}.{field.name}")
        for model in models()
        for field in model._meta.concrete_fields
        if isinstance(field, FSMField)
    ]


@pytest.mark.parametrize(("model", "field"), choice_fields())
def test_stored_choices_are_codes(model, field):
    for code, label in field.flatchoices:
        assert re.fullmatch(r"[a-z0-9_-]*", code), code
        assert len(code) <= field.max_length
        assert str(label)


@pytest.mark.parametrize(("model", "field"), protected_statuses())
def test_status_begins_somewhere_and_each_other_one_is_reached(model, field):
    arrows = list(field.get_all_transitions(model))
    reached = {arrow.target for arrow in arrows} | {field.get_default()}

    assert field.protected
    assert {code for code, _ in field.flatchoices} == reached


@pytest.mark.parametrize(("model", "field"), protected_statuses())
def test_database_knows_the_same_statuses(model, field):
    known = [
        set(value)
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint)
        for lookup, value in conditions(constraint.condition)
        if lookup == f"{field.name}__in" and constraint.name.endswith("_is_known")
    ]

    assert known == [{code for code, _ in field.flatchoices}]


def conditions(condition: Q):
    for child in condition.children:
        if isinstance(child, Q):
            yield from conditions(child)
        else:
            yield child
