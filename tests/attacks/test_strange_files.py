"""Files that mean harm: rules in YAML, tables that are none, fields that point elsewhere."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from pipeline.models import Deal, Pipeline
from pipeline.operations import change_deal, create_deal, transfer_deal
from pipeline.rulefiles import read_rules
from revops.company.models import FieldDefinition
from revops.company.operations.fields import define_field
from revops.imports.kinds import kind_of
from revops.imports.mapping import parse_mapping
from revops.imports.models import ImportRun
from revops.imports.operations import check_file, upload_file
from revops.people.operations import deactivate_person
from revops.refusals import Refused
from revops.work.operations import attach_file
from revops.yamlfiles import BadFile
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import make_deal, make_pipeline

pytestmark = pytest.mark.django_db(transaction=True)

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{here}: &{here} [{','.join([f'*{before}'] * 9)}]\n"
    for before, here in zip("abcdefgh", "bcdefghi", strict=True)
)
EVIL = {
    "python": "pipeline: !!python/object/apply:os.system ['touch /tmp/owned']\n",
    "name": "!!python/name:os.system x",
    "laughs": LAUGHS,
    "laughing name": LAUGHS + "pipeline: *i\nname: *i\nstages: *i\nrules: *i\n",
    "deep": "[" * 3000 + "]" * 3000,
    "deep map": "{a: " * 3000 + "1" + "}" * 3000,
    "circle": "pipeline: &x\n  a: *x\nstages: *x\n",
    "twice": "pipeline: a\npipeline: b\n",
    "nul": "pipeline: \x00\n",
    "list": "- 1\n- 2\n",
    "number": "pipeline: .inf\nname: .nan\n",
    "date": "pipeline: 2026-01-01\n",
    "no date": "pipeline: 2026-99-99\n",
}


@pytest.mark.parametrize("kind", list(EVIL))
def test_no_file_of_rules_runs_or_swells(kind, tmp_path):
    with pytest.raises(BadFile) as bad:
        read_rules(EVIL[kind])
    assert all(len(fault) < 2000 for fault in bad.value.faults)
    path = tmp_path / "rules.yaml"
    path.write_text(EVIL[kind])
    with pytest.raises(CommandError):
        call_command("import_pipeline", str(path), "--dry-run", stdout=io.StringIO())


def zipped() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000_000)
    return kept.getvalue()


TABLES = {
    "workbook": zipped(),
    "gzip": gzip.compress(b"id,name\n" * 100_000),
    "nul": b"id,name\n1,A\x00B\n",
    "late nul": b"id,name\n" + b"1,Acme\n" * 20_000 + b"2,A\x00B\n",
    "twice": b"id,name,name\n1,A,B\n",
    "no header": b"\n\n\n",
    "one cell": b'id,name\n1,"' + b"x" * 200_000 + b'"\n',
    "columns": ",".join(f"c{n}" for n in range(5000)).encode() + b"\n",
    "open quote": b'id,name\n1,"A\n2,B\n',
    "bidi": "id,na‮me\n1,A\n".encode(),
    "utf-16 cut": b"\xff\xfei\x00d",
    "latin": b"id,name\n1,\xff\xfe\n",
}


@pytest.mark.parametrize("kind", list(TABLES))
def test_a_strange_table_is_refused_or_read_never_broken(kind, revops):
    file = SimpleUploadedFile("../../deals.csv", TABLES[kind])
    try:
        run = upload_file(kind="accounts", file=file, by=by(revops), at=AT)
    except Refused:
        return
    assert run.name == "deals.csv"
    mapping = 'source = "crm"\n[account]\nexternal_id = "{id}"\nname = "{name}"\n'
    try:
        check_file(run=run, mapping_text=mapping, by=by(revops), at=AT)
    except Refused:
        return
    run = ImportRun.objects.get(pk=run.pk)
    assert run.state in ("checking", "checked", "failed")


@pytest.mark.parametrize(
    "mapping",
    [
        '[account]\nexternal_id = "{id}"\npassword = "{id}"\n',
        'source = "crm"\n[user]\nis_superuser = "{id}"\n',
        'source = "crm"\n[account]\nexternal_id = "{id}"\nversion = "{id}"\nname = "{id}"\n',
        "a" * 200_000,
        "x = " + "[" * 5000 + "]" * 5000,
        "\x00",
    ],
)
def test_a_strange_mapping_is_refused(mapping):
    with pytest.raises(Refused):
        parse_mapping(mapping, kind_of("accounts"))


# Fields that point elsewhere


def field_of(kind, revops):
    return define_field(entity="deal", key="extra", label="Extra", kind=kind, by=by(revops), at=AT)


def test_no_field_points_at_the_file_of_another_deal(rep, other_rep, revops):
    field_of(FieldDefinition.Kind.FILE, revops)
    theirs = attach_file(
        file=SimpleUploadedFile("secret.pdf", b"%PDF-1.4 x"),
        about=make_deal(other_rep, "Theirs"),
        kind="field:extra",
        by=by(other_rep),
        at=AT,
    )
    deal = make_deal(rep)
    with pytest.raises(Refused):
        change_deal(deal=deal, changes={"custom.extra": theirs.pk}, by=by(rep), at=AT)
    keys = [f.key for each in kind_of("deals").entities for f in each.fields]
    assert "custom.extra" not in keys


def test_no_field_names_somebody_who_left(rep, other_rep, revops, manager):
    field_of(FieldDefinition.Kind.PERSON, revops)
    deal = make_deal(rep)
    change_deal(deal=deal, changes={"custom.extra": other_rep.pk}, by=by(rep), at=AT)
    deactivate_person(person=other_rep, successor=manager, by=by(revops), at=AT)
    with pytest.raises(Refused):
        change_deal(deal=deal, changes={"custom.extra": other_rep.email}, by=by(rep), at=AT)
    # What is there stays, and does not keep others from changing something else.
    change_deal(deal=Deal.objects.get(), changes={"next_step": "Call"}, by=by(rep), at=AT)


def test_no_deal_begins_where_nothing_is_published_or_used(rep, revops):
    retired = make_pipeline()
    Pipeline.objects.filter(pk=retired.pk).update(retired_at=AT)
    retired.refresh_from_db()
    empty = Pipeline.objects.create(key="empty", name="Empty", position=8)
    deal = make_deal(rep)
    for pipeline in (retired, empty):
        with pytest.raises(Refused):
            transfer_deal(deal=deal, to_pipeline=pipeline, reason="x y", by=by(rep), at=AT)
        with pytest.raises(Refused):
            create_deal(
                name="New",
                account=deal.account,
                owner=rep,
                pipeline=pipeline,
                close_date="2026-12-01",
                by=SYSTEM,
                at=AT,
            )
