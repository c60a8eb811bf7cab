"""The command: what it prints, and with which code it ends."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from pipeline.models import Account
from revops.ledger.models import Entry
from tests.imports.files import ACCOUNTS

pytestmark = pytest.mark.django_db

GOOD = "id,name,staff,parent\n1,Acme,50,\n"
BAD = GOOD + "2,Globex,many,\n"


@pytest.fixture
def call(tmp_path):
    def call(data, *flags, mapping=ACCOUNTS, kind="accounts"):
        """Return the exit code and what was printed."""
        (tmp_path / "file.csv").write_bytes(data if isinstance(data, bytes) else data.encode())
        (tmp_path / "map.toml").write_text(mapping)
        out = StringIO()
        code = 0
        try:
            call_command(
                "import_csv",
                kind,
                str(tmp_path / "file.csv"),
                f"--map={tmp_path / 'map.toml'}",
                *flags,
                stdout=out,
                stderr=StringIO(),
            )
        except SystemExit as end:
            code = end.code
        return code, out.getvalue()

    return call


def test_it_writes_and_says_what(call):
    code, said = call(GOOD)

    assert code == 0
    assert said == "account: 1 created, 0 changed, 0 unchanged\n"
    assert Account.objects.count() == 1


def test_bad_row_ends_with_1_and_writes_nothing(call):
    code, said = call(BAD)

    assert code == 1
    assert "line 3: employees: “many” is no number" in said
    assert not Account.objects.exists()


def test_json_lists_counts_and_bad_rows(call):
    code, said = call(BAD, "--json")

    assert code == 1
    assert json.loads(said) == {
        "kind": "accounts",
        "source": "crm",
        "rows": 2,
        "dry_run": False,
        "written": False,
        "created": 1,
        "changed": 0,
        "unchanged": 0,
        "records": {"account": {"created": 1, "changed": 0, "unchanged": 0}},
        "bad": [{"line": 3, "reason": "employees: “many” is no number"}],
        "notes": [],
    }


def test_skip_bad_writes_the_rest_and_ends_well(call):
    code, said = call(BAD, "--json", "--skip-bad")

    assert code == 0
    assert json.loads(said)["written"] is True
    assert len(json.loads(said)["bad"]) == 1
    assert Account.objects.count() == 1


def test_dry_run_writes_nothing(call):
    code, said = call(GOOD, "--dry-run")

    assert code == 0
    assert "Dry run: nothing was written." in said
    assert not Account.objects.exists()
    assert not Entry.objects.exists()
    assert call(BAD, "--dry-run")[0] == 1


def test_bad_mapping_and_bad_file_are_refused_by_name(call):
    with pytest.raises(CommandError, match="“nmae” is not known") as refusal:
        call(GOOD, mapping=ACCOUNTS + 'nmae = "x"')
    assert refusal.value.returncode == 2

    with pytest.raises(CommandError, match="“parent” is not known"):
        call("id,name,staff\n1,A,1\n")

    code, said = call(b"id,name,staff,parent\n1,\xc5sa,1,\n", "--json")
    assert code == 2
    assert json.loads(said)["error"]["code"] == "bad_file"


def test_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_csv", "accounts", "no.csv", f"--map={tmp_path / 'no.toml'}")


def test_unknown_kind_is_refused(call):
    with pytest.raises(CommandError, match="invalid choice: 'leads'"):
        call(GOOD, kind="leads")


class Terminal(StringIO):
    def isatty(self):
        return True


def test_progress_is_shown_on_a_terminal_alone(tmp_path):
    (tmp_path / "file.csv").write_text(GOOD)
    (tmp_path / "map.toml").write_text(ACCOUNTS)
    told = {}
    for terminal in (Terminal(), StringIO()):
        call_command(
            "import_csv",
            "accounts",
            str(tmp_path / "file.csv"),
            f"--map={tmp_path / 'map.toml'}",
            "--json",
            stdout=StringIO(),
            stderr=terminal,
        )
        told[terminal.isatty()] = terminal.getvalue()

    assert "reading: 1 of 1" in told[True]
    assert told[False] == ""
