"""A draft of rules that asks more than the rules in force, so that its pages have deals to show.

`python -m bench.draft` begins it on the database of DATABASE_URL, unless there is one.
"""

from __future__ import annotations

import os

PIPELINE = "new-business"


def main() -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    begin()
    return 0


def begin() -> None:
    from django.utils import timezone

    from bench.pages import reader
    from pipeline.models import Pipeline
    from pipeline.operations import ruleasks, rules
    from pipeline.operations.drafting import drafts_of
    from revops.people.actor import Actor, Via

    pipeline = Pipeline.objects.get(key=PIPELINE)
    if drafts_of(pipeline).exists():
        return
    facts = {
        "pipeline": pipeline,
        "by": Actor.of(reader("revops_admin"), Via.COMMAND),
        "at": timezone.now(),
    }
    rules.start_draft(**facts)
    ruleasks.add_item(stage="discovery", item="signed_contract", **facts)
    ruleasks.add_criterion(stage="demo", label="Security review is booked", **facts)


if __name__ == "__main__":
    raise SystemExit(main())
