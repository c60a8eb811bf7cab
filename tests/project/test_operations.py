"""Every operation, in whatever module, is called in the same manner."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLOCKS = {"timezone.now(", "datetime.now(", "date.today(", "localdate("}

BY_NOBODY = {
    "revops.ledger.operations.seal_checkpoint",
    "revops.apikeys.operations.sweep_keys",
    "dealdesk.operations.expire_requests",
    "dealdesk.operations.end_ungranted",
    "dealdesk.operations.lapse_approvals",
    "dealdesk.operations.restaff_requests",
    "dealdesk.operations.follow_absences",
    "dealdesk.operations.run_clocks",
    "dealdesk.operations.remind_late_threads",
}
"""Sweeps that the clock calls: the system does them, so there is nobody to name."""

READS = {
    "dealdesk.operations.preview_quote",
    "dealdesk.operations.preview_draft",
}
"""Told by whom and when, like the operations they foretell, and writing nothing."""


def operation_modules():
    for package in ("revops", "pipeline", "dealdesk"):
        for found in pkgutil.walk_packages([str(ROOT / package)], prefix=f"{package}."):
            if "operations" in found.name.split(".") and "migrations" not in found.name:
                yield importlib.import_module(found.name)


def is_operation(function) -> bool:
    """Whether it opens its own transaction; only operations do."""
    wrapped = getattr(function, "__wrapped__", None)
    return wrapped is not None and not inspect.isgeneratorfunction(wrapped)


def operations():
    """Name → function of every operation, under the name by which callers import it."""
    found = {}
    for module in operation_modules():
        exported = set(getattr(module, "__all__", ()))
        for name, function in vars(module).items():
            if name.startswith("_") or not inspect.isfunction(function):
                continue
            own = function.__module__ == module.__name__ and is_operation(function)
            if name in exported or (own and "__all__" not in vars(module)):
                found[id(inspect.unwrap(function))] = (f"{module.__name__}.{name}", function)
    return dict(sorted(found.values()))


OPERATIONS = operations()


def test_the_operations_are_found():
    for name in ("pipeline", "dealdesk", "revops.people", "revops.apikeys"):
        assert any(each.startswith(name) for each in OPERATIONS), name
    assert len(OPERATIONS) > 60


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_is_told_everything_by_name(name):
    parameters = inspect.signature(OPERATIONS[name]).parameters.values()

    positional = [
        each.name
        for each in parameters
        if each.kind not in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    ]

    assert positional == [], f"{name} takes these by position"


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_is_told_by_whom_and_when(name):
    parameters = inspect.signature(OPERATIONS[name]).parameters

    wanted = {"at"} if short(name) in BY_NOBODY else {"by", "at"}

    assert wanted <= set(parameters)
    for each in wanted:
        assert parameters[each].default is inspect.Parameter.empty, f"{name} guesses {each}"


def short(name):
    """The name from the package of operations, which is how callers know it."""
    package, _, rest = name.partition(".operations.")
    return f"{package}.operations.{rest.rpartition('.')[2]}"


def test_no_operation_asks_the_clock():
    found = [
        f"{module.__name__}: {clock})"
        for module in operation_modules()
        for clock in CLOCKS
        if clock in inspect.getsource(module)
    ]

    assert found == []


def test_the_exceptions_are_operations_still():
    known = {short(name) for name in OPERATIONS}

    assert known >= BY_NOBODY | READS
