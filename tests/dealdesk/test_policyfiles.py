"""Policies as files: what is written is read back; what cannot be read is said with its place."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from dealdesk.policy import Policy, policy_digest
from dealdesk.policyfiles import PolicyFile, read_policy_file, write_policy_file
from dealdesk.policyranges import out_of_range
from dealdesk.presets import AS_IN_THE_SOURCES, PRESETS
from revops.yamlfiles import BadFile
from tests.dealdesk.test_policy import FULL


@pytest.mark.parametrize("policy", [*PRESETS.values(), FULL], ids=lambda policy: policy.name)
def test_what_is_written_is_read_back(policy):
    file = PolicyFile(policy, "Why", {"prices.inversion.1.40": "Meant"})

    read = read_policy_file(write_policy_file(file))

    assert policy_digest(replace(read.policy, version=policy.version)) == policy_digest(policy)
    assert (read.note, read.acknowledged) == (file.note, file.acknowledged)
    assert write_policy_file(read) == write_policy_file(file)


WRITTEN = write_policy_file(PolicyFile(AS_IN_THE_SOURCES))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("lower: 20", "lower: twenty", "prices[0].bands[2].lower: this is a figure, not 'twenty'"),
        ("lower: 20", "lower: 2e400", "out of range"),
        ("lower: 20", "lower: .nan", "no figure"),
        ("lower: 20", "lower: 20\n        lower: 30", "stands there twice"),
        ("order: parallel", "order: sideways", "order: this is one of parallel"),
        ("validity_days: 30", "validity_days: yes", "validity_days: this is a whole number"),
        ("one_veto: true", "one_veto: 1", "one_veto: this is true or false"),
        ("name: As", "nome: As", "name: this is missing"),
        ("name: As", "colour: red\nname: As", "colour: unknown key"),
        ("name: As", "version: 3\nname: As", "version: unknown key"),
        ("name: As", "acknowledged: {a.b: ''}\nname: As", "acknowledged.a.b: say why"),
        ("name: As", "note: &a why\nx: *a\nname: As", "references"),
        ("name: As", "name: !!python/object:os.system\nx: As", "not YAML"),
        ("prices:", "prices: 3\nmore:", "prices: this is a list"),
    ],
)
def test_faults_are_said_with_their_place(old, new, said):
    written = WRITTEN.replace(old, new, 1)
    assert written != WRITTEN

    try:
        faults = out_of_range(read_policy_file(written).policy)
        assert said == "out of range"
    except BadFile as bad:
        faults = bad.faults

    assert faults
    assert said == "out of range" or any(said in fault for fault in faults), faults


@pytest.mark.parametrize("written", ["", "- a", "a: [", "{" * 3000, "x" * 1_000_001])
def test_what_is_no_policy_is_refused(written):
    with pytest.raises(BadFile):
        read_policy_file(written)


def test_figures_are_read_exactly():
    written = WRITTEN.replace("lower: 20", "lower: 12.3", 1)

    band = read_policy_file(written).policy.prices[0].bands[2]

    assert band.lower == Decimal("12.3")


def test_a_policy_that_no_draft_can_hold_is_said():
    wrong = replace(
        AS_IN_THE_SOURCES,
        name="x" * 101,
        tolerance_percent=Decimal("0.00001"),
        roles=AS_IN_THE_SOURCES.roles * 2,
    )

    problems = out_of_range(wrong)

    assert isinstance(wrong, Policy)
    assert [each.split(" ")[1] for each in problems[:2]] == ["tolerance", "name"]
    assert any("“finance” stands there twice" in each for each in problems)
