"""How deals go through the stages: conversion, time, funnel, age, pushes, velocity."""

from __future__ import annotations

from pipeline.reports.scope import Scope
from pipeline.reports.shapes import (
    Aging,
    Funnel,
    Pushes,
    StageConversion,
    TimeInStage,
    Velocity,
)


def stage_conversion(scope: Scope) -> StageConversion:
    """Of each open stage: what share went on, of those that entered and of those that left."""
    raise NotImplementedError


def time_in_stage(scope: Scope) -> TimeInStage:
    """How long stays lasted that ended in the period."""
    raise NotImplementedError


def velocity(scope: Scope) -> Velocity:
    """What the pipeline yields a day, and how far it covers the quota."""
    raise NotImplementedError


def aging(scope: Scope) -> Aging:
    """Open deals of now by the days since they were opened."""
    raise NotImplementedError


def pushes(scope: Scope) -> Pushes:
    """How often and how far close dates moved later in the period."""
    raise NotImplementedError


def funnel(scope: Scope) -> Funnel:
    """How many deals came into each stage in the period, and how many are there now."""
    raise NotImplementedError
