"""A policy replayed over many submissions, on one core: `python -m bench.replay [SUBMISSIONS]`.

Makes the submissions in a throw-away SQLite file (or the empty database of DATABASE_URL), with
thousands of different terms, and prints the seconds of one replay of 24 months as JSON.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

MANY, DIFFERENT = 100_000, 5000


def main() -> int:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    with tempfile.TemporaryDirectory() as folder:
        if not os.environ.get("DATABASE_URL"):
            os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder, 'replay.sqlite3')}"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0, skip_checks=True)
        make(many)
        print(json.dumps({against: measured(against) for against in ("was", "in_force")}))
    return 0


def measured(against: str) -> dict[str, float]:
    """Seconds of a whole replay, from its start to its figures and list being kept."""
    from django.utils import timezone

    from dealdesk.operations import replays
    from dealdesk.presets import RECOMMENDED
    from revops.people.actor import Actor

    now = timezone.now()
    by = Actor.system()
    began = time.perf_counter()
    run = replays.start_replay(
        policy=RECOMMENDED,
        name="bench",
        against=against,
        since=(now - timedelta(days=730)).date(),
        until=now.date(),
        by=by,
        at=now,
    )
    run = replays.work_on_replay(run=run, by=by, at=timezone.now)
    taken = time.perf_counter() - began
    changed = sum(row["count"] for row in run.outcome["kinds"])
    many = run.outcome["submissions"]
    return {
        "submissions": many,
        "changed": changed,
        "seconds": round(taken, 2),
        "per_second": round(many / taken),
    }


def frozen(policy, terms) -> dict[str, str]:
    """What a submission stores of its terms."""
    from dealdesk.replayfacts import facts_text
    from dealdesk.routing import evaluate
    from dealdesk.terms import canonical, digests

    return {
        "body": canonical(terms),
        "digest": digests(terms).overall,
        "segment": terms.segment.key,
        "facts": facts_text(terms),
        "key": evaluate(policy, terms).key,
    }


def make(many: int) -> None:
    """Submissions of different terms, as they are once they are frozen."""
    from dealdesk.inputs import policy_in_force

    chance = random.Random(7)
    version, policy = policy_in_force()
    common = what_all_share(version)
    pool = [frozen(policy, terms_of(chance)) for _ in range(min(many, DIFFERENT))]
    for start in range(0, many, 2000):
        numbers = range(start, min(start + 2000, many))
        terms = [chance.choice(pool) for _ in numbers]
        quotes = make_quotes(numbers, common)
        snapshots = make_snapshots(quotes, terms, common)
        make_requests(quotes, snapshots, terms, common, chance)


def what_all_share(version) -> SimpleNamespace:
    """The deal's surroundings, and the moment at which everything is made."""
    from django.utils import timezone

    from dealdesk.models import BillingFrequency, PaymentTerms
    from pipeline.models import Account, Pipeline
    from revops.people.models import User

    now = timezone.now()
    pipeline = Pipeline.objects.get(key="new-business")
    return SimpleNamespace(
        now=now,
        version=version,
        owner=User.objects.create(email="bench@example.com", name="Bench", created_at=now),
        account=Account.objects.create(name="Bench", created_at=now),
        pipeline=pipeline,
        stage=pipeline.stages.first(),
        payment=PaymentTerms.objects.first(),
        billing=BillingFrequency.objects.first(),
    )


def make_quotes(numbers: range, common: SimpleNamespace) -> list:
    """A deal for each number, with one quote that was submitted."""
    from dealdesk.models import Quote
    from pipeline.models import Deal

    deals = Deal.objects.bulk_create(
        Deal(
            name=f"Deal {number}",
            account=common.account,
            pipeline=common.pipeline,
            stage=common.stage,
            owner=common.owner,
            currency="USD",
            close_date=common.now.date(),
            created_at=common.now,
        )
        for number in numbers
    )
    return Quote.objects.bulk_create(
        Quote(
            deal=deal,
            revision=1,
            currency="USD",
            priced_on=common.now.date(),
            term_months=12,
            payment_terms=common.payment,
            billing=common.billing,
            created_at=common.now,
            status="submitted",
            submitted_at=common.now,
        )
        for deal in deals
    )


def make_snapshots(quotes: list, terms: list, common: SimpleNamespace) -> list:
    """What was frozen of each quote, with the facts that a replay judges."""
    from dealdesk.models import JudgedFacts, TermsSnapshot
    from dealdesk.replayfacts import VERSION

    snapshots = TermsSnapshot.objects.bulk_create(
        TermsSnapshot(
            quote=quote,
            body=each["body"],
            digest=each["digest"],
            segment=each["segment"],
            taken_at=common.now,
        )
        for quote, each in zip(quotes, terms, strict=True)
    )
    JudgedFacts.objects.bulk_create(
        JudgedFacts(snapshot=snapshot, schema=VERSION, body=each["facts"])
        for snapshot, each in zip(snapshots, terms, strict=True)
    )
    return snapshots


def make_requests(
    quotes: list, snapshots: list, terms: list, common: SimpleNamespace, chance: random.Random
) -> None:
    """The requests of those quotes, submitted on days of the last two years."""
    from dealdesk.models import ApprovalRequest

    ApprovalRequest.objects.bulk_create(
        ApprovalRequest(
            quote=quote,
            deal=quote.deal,
            attempt=1,
            snapshot=snapshot,
            policy=common.version,
            route={},
            route_key=each["key"],
            status="pending",
            submitted_at=common.now - timedelta(days=chance.randrange(700)),
            expires_at=common.now + timedelta(days=30),
        )
        for quote, snapshot, each in zip(quotes, snapshots, terms, strict=True)
    )


def terms_of(chance: random.Random):
    """Terms as varied as real ones: three lines, odd discounts, segments, terms, payment."""
    from decimal import Decimal

    from dealdesk.policy import Role, TermCategory, billing_rank
    from dealdesk.pricing import Ask, LineInput, PeriodInput, QuoteInput, Typed, price_quote
    from dealdesk.terms import (
        Billing,
        CompanyMoney,
        NonStandardTerm,
        PaymentTerms,
        Segment,
        SegmentSource,
        freeze,
    )

    def line(number: int) -> LineInput:
        off = Ask(typed=Typed.PERCENT, value=Decimal(chance.randrange(0, 4500)) / 100)
        quantity = Decimal(chance.randrange(1, 400))
        return LineInput(
            key=f"line-{number}",
            product=f"p{number}",
            name=f"Product {number}",
            list_price=Decimal(chance.randrange(10, 400)),
            periods=(PeriodInput(quantity, off),),
        )

    heads = chance.choice([None, 20, 80, 300, 900, 7000])
    terms = [
        NonStandardTerm(f"term-{number}", f"Term {number}", category, owner_roles=(Role.LEGAL,))
        for number, category in enumerate(TermCategory)
        if chance.random() < 0.05
    ]
    source = SegmentSource.UNKNOWN if heads is None else SegmentSource.HEAD_COUNT
    lines = tuple(line(number) for number in range(chance.choice([1, 2, 3])))
    return freeze(
        price_quote(QuoteInput("USD", lines, chance.choice([12, 12, 12, 24, 36]))),
        payment=PaymentTerms("p", "p", chance.choice([30, 30, 30, 60])),
        billing=Billing("b", "b", billing_rank(chance.choice([12, 12, 3]))),
        segment=Segment("unknown" if heads is None else "smb", source, heads),
        company=CompanyMoney("USD"),
        nonstandard=tuple(terms),
    )


if __name__ == "__main__":
    raise SystemExit(main())
