"""A file on its way in by the page: uploaded, mapped, checked, imported, let go."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from pipeline.models import Account, Deal
from pipeline.operations import change_account, change_deal
from revops.imports import tasks
from revops.imports.models import FieldWinner, ImportRun, SavedMapping
from revops.imports.operations import (
    check_file,
    choose_winners,
    drop_run,
    forget_old_files,
    import_file,
    look_again,
    save_mapping,
    take_mapping,
    upload_file,
)
from revops.imports.problems import BadMapping
from revops.imports.tasks import work_on
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.people import AT, SYSTEM, by
from tests.imports.files import ACCOUNTS, DEALS, DEALS_HEADER
from tests.imports.files import run as run_import

pytestmark = pytest.mark.django_db
GOOD = "id,name,staff,parent\n1,Acme,100,\n2,Bolt,200,1\n"
MIXED = "id,name,staff,parent\n1,Acme,many,\n2,Bolt,200,\n3,,5,\n"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def upload(person, data=GOOD, *, kind="accounts", name="accounts.csv", at=AT) -> ImportRun:
    file = ContentFile(data.encode() if isinstance(data, str) else data, name=name)
    return upload_file(kind=kind, file=file, by=by(person), at=at)


def checked(person, data=GOOD, *, kind="accounts", mapping=ACCOUNTS) -> ImportRun:
    run = check_file(
        run=upload(person, data, kind=kind), mapping_text=mapping, by=by(person), at=AT
    )
    work_on(run.pk)
    run.refresh_from_db()
    return run


def imported(run, person, **how) -> ImportRun:
    import_file(run=run, by=by(person), at=AT, **how)
    work_on(run.pk)
    run.refresh_from_db()
    return run


# The way in


def test_an_upload_writes_nothing_but_what_the_file_looks_like(revops):
    run = upload(revops, name="C:\\My files\\accounts\r\n.csv")

    assert run.name == "accounts.csv"
    assert [each["name"] for each in run.profile["columns"]] == ["id", "name", "staff", "parent"]
    assert run.state == "mapping"
    assert not Account.objects.exists()
    assert Entry.objects.filter(verb="import.uploaded").count() == 1


def test_a_check_writes_nothing_and_says_what_would_be(revops):
    run = checked(revops)

    assert run.state == "checked"
    assert run.outcome["records"]["account"]["created"] == 2
    assert not Account.objects.exists()


def test_what_was_checked_is_imported_and_the_file_let_go(
    revops, django_capture_on_commit_callbacks
):
    run = checked(revops)
    name = run.file.name
    assert default_storage.exists(name)

    with django_capture_on_commit_callbacks(execute=True):
        imported(run, revops)

    run.refresh_from_db()
    assert run.state == "done"
    assert set(Account.objects.values_list("name", flat=True)) == {"Acme", "Bolt"}
    assert run.file.name == ""
    assert run.profile == {}
    assert not default_storage.exists(name)
    imported_entry = Entry.objects.filter(verb="account.imported").first()
    assert imported_entry.actor == revops


def test_nothing_is_imported_that_was_not_checked(revops):
    with pytest.raises(Conflict, match="Check the file first"):
        import_file(run=upload(revops), by=by(revops), at=AT)


def test_a_mapping_that_does_not_fit_is_refused_with_every_problem(revops):
    with pytest.raises(BadMapping) as refused:
        check_file(
            run=upload(revops, "Nr,Firm\n1,Acme\n"), mapping_text=ACCOUNTS, by=by(revops), at=AT
        )

    assert len(refused.value.problems) == 4


def test_the_file_can_be_read_another_way(revops):
    run = upload(revops, "id;na,me\n1;Ac,me\n")

    run = look_again(run=run, encoding="utf-8", delimiter=",", by=by(revops), at=AT)

    assert [each["name"] for each in run.profile["columns"]] == ["id;na", "me"]


# Bad rows


def test_bad_rows_are_shown_in_their_place(revops):
    run = checked(revops, MIXED)

    assert run.outcome["bad_count"] == 2
    first, second = run.outcome["bad_rows"]
    assert (first["line"], second["line"]) == (2, 4)
    assert "“many” is no number" in first["reason"]
    marked = [cell["column"] for cell in first["cells"] if cell["is_wrong"]]
    assert marked == ["staff"]
    assert [cell["column"] for cell in second["cells"] if cell["is_wrong"]] == ["name"]


def test_bad_rows_are_left_out_only_when_told(revops):
    run = checked(revops, MIXED)
    with pytest.raises(Refused, match="Some rows are bad"):
        import_file(run=run, by=by(revops), at=AT)

    imported(run, revops, skip_bad=True)

    assert list(Account.objects.values_list("name", flat=True)) == ["Bolt"]


def test_a_row_that_cannot_be_cut_is_listed_without_cells(revops):
    run = checked(revops, "id,name,staff,parent\n1,Acme\n2,Bolt,1,\n")

    [bad] = run.outcome["bad_rows"]
    assert bad["cells"] == []
    assert "2 cells" in bad["reason"]


def test_a_stage_that_is_not_mapped_marks_its_cell(revops, rep):
    mapping = """
source = "crm"
stage_column = "stage"
[deal]
external_id = "{id}"
name = "{name}"
owner = { column = "owner", by = "email" }
[stages.New]
stage = "qualified"
"""
    data = f"id,name,owner,stage\n1,A,{rep.email},New\n2,B,{rep.email},Odd\n"

    run = checked(revops, data, kind="deals", mapping=mapping)

    [bad] = run.outcome["bad_rows"]
    assert [cell["column"] for cell in bad["cells"] if cell["is_wrong"]] == ["stage"]


# Hostile files


def test_a_formula_stays_text(revops):
    run = checked(revops, 'id,name,staff,parent\n1,"=HYPERLINK(""http://x"",""y"")",1,\n')

    imported(run, revops)

    assert Account.objects.get().name == '=HYPERLINK("http://x","y")'


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04" + b"x" * 99, b"\x00\x01\x02\x03" * 99, b"%PDF-1.7"]
)
def test_what_is_no_csv_is_refused_and_not_kept(revops, data, tmp_path):
    with pytest.raises(Refused):
        upload(revops, data)

    assert not ImportRun.objects.exists()
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_what_is_too_large_is_refused_unread(revops):
    file = ContentFile(b"id\n1\n", name="x.csv")
    file.size = 51 * 1024 * 1024

    with pytest.raises(Refused, match="50 MB"):
        upload_file(kind="accounts", file=file, by=by(revops), at=AT)

    assert file.tell() == 0


def test_a_file_in_the_windows_encoding_is_read_as_such(revops):
    data = "id,name,staff,parent\n1,Müller & Söhne,1,\n".encode("cp1252")
    mapping = ACCOUNTS + '[file]\nencoding = "cp1252"\n'

    imported(checked(revops, data, mapping=mapping), revops)

    assert Account.objects.get().name == "Müller & Söhne"


def test_a_file_that_is_not_as_the_mapping_says_fails_by_name(revops):
    data = "id,name,staff,parent\n1,Müller,1,\n".encode("cp1252")

    run = checked(revops, data)

    assert run.state == "failed"
    assert "Line 2 is not utf-8" in run.outcome["error"]
    assert run.file


# One at a time


def test_a_second_import_is_refused_naming_the_first(revops):
    first, second = checked(revops), checked(revops)
    import_file(run=first, by=by(revops), at=AT)

    with pytest.raises(Conflict, match=r"Rosa Ricci is importing accounts\.csv right now"):
        import_file(run=second, by=by(revops), at=AT)

    work_on(first.pk)
    second.refresh_from_db()
    imported(second, revops)
    assert second.state == "done"


def test_an_import_whose_worker_died_is_given_up(revops):
    first, second = checked(revops), checked(revops)
    import_file(run=first, by=by(revops), at=AT)

    import_file(run=second, by=by(revops), at=AT + timedelta(hours=1))

    first.refresh_from_db()
    assert first.state == "failed"
    assert "did not come back" in first.outcome["error"]


def test_a_task_that_comes_twice_works_once(revops):
    run = imported(checked(revops), revops)
    before = Entry.objects.count()

    work_on(run.pk)

    assert Entry.objects.count() == before


def test_an_import_that_breaks_off_says_so(revops, monkeypatch):
    run = checked(revops)
    import_file(run=run, by=by(revops), at=AT)

    def breaks(*args, **how):
        raise RuntimeError("boom")

    monkeypatch.setattr(tasks, "carry_out", breaks)
    work_on(run.pk)

    run.refresh_from_db()
    assert run.state == "failed"
    assert "broke off" in run.outcome["error"]


# Letting go


def test_a_dropped_file_is_kept_no_longer(revops, django_capture_on_commit_callbacks):
    run = upload(revops)
    name = run.file.name

    with django_capture_on_commit_callbacks(execute=True):
        drop_run(run=run, by=by(revops), at=AT)

    assert not default_storage.exists(name)
    assert ImportRun.objects.get().state == "dropped"


def test_files_that_nobody_went_on_with_go_after_a_week(revops):
    upload(revops)
    upload(revops, at=AT + timedelta(days=5))

    assert forget_old_files(by=SYSTEM, at=AT + timedelta(days=8)) == 1
    assert sorted(ImportRun.objects.values_list("state", flat=True)) == ["dropped", "mapping"]


def test_a_file_at_work_is_not_dropped(revops):
    run = checked(revops)
    run = import_file(run=run, by=by(revops), at=AT)

    with pytest.raises(Conflict):
        drop_run(run=run, by=by(revops), at=AT)


# Mappings to keep


def test_a_mapping_is_saved_and_used_again(revops):
    saved = save_mapping(
        kind="accounts", name=" CRM  accounts ", text=ACCOUNTS, by=by(revops), at=AT
    )
    save_mapping(kind="accounts", name="CRM accounts", text=ACCOUNTS, by=by(revops), at=AT)

    run = take_mapping(run=upload(revops), text=saved.text, by=by(revops), at=AT)

    assert SavedMapping.objects.get().name == "CRM accounts"
    assert run.mapping_text == ACCOUNTS


def test_a_mapping_without_a_name_or_sense_is_refused(revops):
    for name, text in [("", ACCOUNTS), ("x", "nonsense = ["), ("x", DEALS)]:
        with pytest.raises(Refused):
            save_mapping(kind="accounts", name=name, text=text, by=by(revops), at=AT)


# Which system wins


def ours(person, source, *fields):
    winners = {tuple(field.split(".", 1)): "ours" for field in fields}
    return choose_winners(source=source, winners=winners, by=by(person), at=AT)


def test_the_source_wins_unless_told_otherwise(revops):
    run_import("accounts", GOOD)
    change_account(
        account=Account.objects.get(name="Acme"), changes={"employees": 7}, by=SYSTEM, at=AT
    )

    run_import("accounts", GOOD)
    assert Account.objects.get(name="Acme").employees == 7

    run_import("accounts", GOOD.replace("100", "150"))
    assert Account.objects.get(name="Acme").employees == 150


def test_where_ours_wins_what_is_here_is_never_written_over(revops):
    run_import("accounts", GOOD)
    assert ours(revops, "crm", "account.employees") == 1

    result = run_import("accounts", GOOD.replace("100", "150").replace("Acme", "Acme Ltd"))

    acme = Account.objects.get(external_id="1")
    assert (acme.employees, acme.name) == (100, "Acme Ltd")
    assert result.counts["account"]["changed"] == 1


def test_where_ours_wins_a_blank_is_filled(revops):
    run_import("accounts", GOOD.replace("100", ""))
    ours(revops, "crm", "account.employees")

    run_import("accounts", GOOD)

    assert Account.objects.get(external_id="1").employees == 100


def test_a_new_record_takes_all_that_the_source_says(revops):
    ours(revops, "crm", "account.name", "account.employees")

    run_import("accounts", GOOD)

    assert Account.objects.get(external_id="1").employees == 100


def test_another_source_is_not_concerned(revops):
    run_import("accounts", GOOD)
    ours(revops, "erp", "account.employees")

    run_import("accounts", GOOD.replace("100", "150"))

    assert Account.objects.get(external_id="1").employees == 150


def deals(stage="discovery", amount="10"):
    return f"{DEALS_HEADER}1,Rollout,,rita,{stage},{amount},2026-01-01,,\n"


@pytest.fixture
def owner(rep):
    rep.source, rep.external_id = "crm", "rita"
    rep.save()
    return rep


def test_where_ours_wins_the_stage_a_deal_stands_where_it_stands(revops, owner):
    run_import("deals", deals())
    ours(revops, "crm", "deal.stage")

    run_import("deals", deals(stage="proposal", amount="20"))

    deal = Deal.objects.get()
    assert (deal.stage.key, deal.amount) == ("discovery", 20)
    assert deal.visits.count() == 1


def test_where_ours_wins_the_amount_of_a_deal_it_stays(revops, owner):
    run_import("deals", deals())
    change_deal(deal=Deal.objects.get(), changes={"amount": 99}, by=SYSTEM, at=AT)
    ours(revops, "crm", "deal.amount")

    run_import("deals", deals(stage="proposal", amount="20"))

    deal = Deal.objects.get()
    assert (deal.stage.key, deal.amount) == ("proposal", 99)


def test_choosing_again_changes_only_what_differs(revops):
    ours(revops, "crm", "account.name")

    assert ours(revops, "crm", "account.name") == 0
    assert FieldWinner.objects.count() == 1
    assert Entry.objects.filter(verb="field_winner.chosen").count() == 1


# Who may


@pytest.mark.parametrize("role", ["rep", "manager", "auditor", "desk"])
def test_nobody_else_imports(request, role):
    person = request.getfixturevalue(role)

    with pytest.raises(NotAllowed):
        upload(person)
    with pytest.raises(NotAllowed):
        ours(person, "crm", "account.name")
