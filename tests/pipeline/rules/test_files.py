"""Rules as a file: written one way, read with every fault, and round again the same."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from pipeline.models import Choice, Pipeline, PipelineVersion
from pipeline.operations.rules import start_draft
from pipeline.rulefiles import read_rules, write_rules
from pipeline.rulereading import file_of
from pipeline.stages import process_of
from revops.ledger.models import Entry
from revops.yamlfiles import BadFile
from tests.factories.people import AT, by
from tests.factories.pipeline import make_deal, new_business

pytestmark = pytest.mark.django_db


def exported(*args) -> str:
    out = StringIO()
    call_command("export_pipeline", "new-business", *args, stdout=out)
    return out.getvalue()


def imported(path, text, *args) -> str:
    path.write_text(text)
    out = StringIO()
    call_command("import_pipeline", str(path), *args, stdout=out)
    return out.getvalue()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pipeline.yaml"


def test_what_is_written_reads_the_same():
    text = exported()

    assert write_rules(read_rules(text)) == text


def test_importing_what_was_exported_changes_nothing(path):
    before = Entry.objects.count()

    said = imported(path, exported(), "--publish")

    assert "Nothing differs" in said
    assert Entry.objects.count() == before
    assert PipelineVersion.objects.count() == 1


def test_a_change_in_the_file_is_drafted_and_told(path):
    text = exported().replace("name: Discovery", "name: Research")

    said = imported(path, text)

    assert "Research: was called Discovery." in said
    assert process_of(new_business()).rule("discovery").name == "Discovery"
    assert PipelineVersion.objects.get(published_at=None).number == 2


def test_a_change_is_published_where_that_is_asked(path):
    imported(path, exported().replace("name: Discovery", "name: Research"), "--publish")

    assert process_of(new_business()).rule("discovery").name == "Research"
    assert "name: Research" in exported()


def test_a_dry_run_writes_nothing(path):
    before = Entry.objects.count()
    text = exported().replace("name: Discovery", "name: Research").replace("Budget", "Money")

    said = imported(path, text, "--dry-run", "--publish")

    assert "was called Discovery" in said
    assert "nothing was written" in said
    assert (Entry.objects.count(), PipelineVersion.objects.count()) == (before, 1)
    assert not Choice.objects.filter(label__contains="Money").exists()


def test_another_key_makes_another_pipeline(path):
    text = exported("--no-choices").replace("pipeline: new-business", "pipeline: renewal", 1)
    text = text.replace("name: New business", "name: Renewal", 1)

    imported(path, text, "--publish")

    renewal = Pipeline.objects.get(key="renewal")
    assert [rule.key for rule in process_of(renewal).rules] == [
        rule.key for rule in process_of(new_business()).rules
    ]


def test_pick_lists_follow_the_file(path):
    text = exported().replace("label: Inbound", "label: They came to us")
    text = text.replace("key: outbound", "key: cold_call", 1)

    said = imported(path, text)

    assert "Source: Inbound is called They came to us." in said
    assert Choice.objects.get(list="source", key="cold_call").label == "Outbound"
    assert Choice.objects.get(list="source", key="outbound").retired_at is None


def test_a_draft_is_not_replaced_unasked(path, revops):
    start_draft(pipeline=new_business(), by=by(revops), at=AT)
    text = exported().replace("name: Discovery", "name: Research")

    with pytest.raises(CommandError, match="has a draft already"):
        imported(path, text)

    assert "drafted" in imported(path, text, "--replace-draft")


def without(text: str, key: str) -> str:
    """The file without one stage."""
    start = text.index(f"  - key: {key}\n")
    return text[:start] + text[text.index("\n  - key:", start + 1) + 1 :]


def test_a_stage_left_out_says_where_its_deals_go(path, rep):
    deal = make_deal(rep, stage="demo")
    text = without(exported(), "demo")

    with pytest.raises(CommandError, match="1 deal is in Demo"):
        imported(path, text, "--publish")
    assert not PipelineVersion.objects.filter(published_at=None).exists()

    said = imported(path, text + "deals_go_from:\n  demo: proposal\n", "--publish")
    deal.refresh_from_db()
    assert deal.stage.key == "proposal"
    assert "its deals go to Proposal" in said


def test_a_draft_is_exported_with_where_deals_go(path):
    text = without(exported(), "demo") + "deals_go_from:\n  demo: proposal\n"
    imported(path, text)

    assert read_rules(exported("--draft")).goes_to == {"demo": "proposal"}


def test_an_older_version_can_be_exported(path):
    imported(path, exported().replace("name: Discovery", "name: Research"), "--publish")

    assert "name: Discovery" in exported("--version-number", "1")


def test_an_unknown_pipeline_is_named():
    with pytest.raises(CommandError, match="There are: new-business"):
        call_command("export_pipeline", "nowhere")


BAD = """
pipeline: New Business!
nickname: x
rules:
  skipping: sometimes
  debt_days: soon
  speed: high
  debt_blocks_at: nowhere
stages:
  - key: first
    name: First
    probability_percent: 120
    items:
      - key: timeline
      - label: No key
        none_allowed: perhaps
  - key: first
    name: Again
    kind: half
    entry_roles: [king]
  - just text
deals_go_from:
  demo: nowhere
choices:
  colours: []
  source:
    - key: a b
      label: A
"""


def test_every_fault_of_a_bad_file_has_its_place():
    with pytest.raises(BadFile) as bad:
        read_rules(BAD)

    places = {fault.split(":")[0] for fault in bad.value.faults}
    assert places == {
        "pipeline",
        "nickname",
        "name",
        "rules.skipping",
        "rules.debt_days",
        "rules.speed",
        "rules.debt_blocks_at",
        "stages",
        "stages[0].probability_percent",
        "stages[0].items[0].label",
        "stages[0].items[1].key",
        "stages[0].items[1].none_allowed",
        "stages[1].kind",
        "stages[1].entry_roles",
        "stages[2]",
        "deals_go_from.demo",
        "choices.colours",
        "choices.source[0].key",
    }


@pytest.mark.parametrize("text", ["", "[]", "12", "stages: [", "pipeline: !!python/object:x {}"])
def test_what_is_no_such_file_is_refused(text):
    with pytest.raises(BadFile):
        read_rules(text)


def test_a_bad_file_changes_nothing(path):
    with pytest.raises(CommandError, match="nickname: unknown key"):
        imported(path, BAD)


def test_the_file_of_a_pipeline_reads_as_its_process():
    process = process_of(new_business())
    read = read_rules(write_rules(file_of("new-business"))).process

    for name in ("skipping", "moving_back", "gate", "debt_blocks_at", "debt_days"):
        assert getattr(read, name) == getattr(process, name)
    assert [(rule.key, rule.items, rule.criteria) for rule in read.rules] == [
        (rule.key, rule.items, rule.criteria) for rule in process.rules
    ]
