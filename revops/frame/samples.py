"""What the gallery shows: every component, in every state it can be in."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms

from revops.frame.forms import DayField, FigureField, MoneyField, PercentField, PersonSelect
from revops.frame.shapes import (
    BoardCard,
    CheckItem,
    Happening,
    RoutePerson,
    RouteStep,
    StageMark,
    TermChange,
    TraceRow,
)
from revops.refusals import Missing, Refused

ANA = {"name": "Ana Ruiz", "email": "ana.ruiz@example.com"}
LEO = {"name": "Leo Park", "email": "leo.park@example.com"}
MAYA = {"name": "Maya Okafor", "email": "maya.okafor@example.com"}
RITA = {"name": "Rita Lindqvist", "email": "rita@example.com"}
TOM = {"name": "Tom Becker", "email": "tom.becker@example.com"}


class SampleForm(forms.Form):
    name = forms.CharField(help_text="As the buyer calls it.")
    amount = MoneyField(currency="EUR", required=False)
    discount = PercentField(required=False, help_text="Off the standard price.")
    quantity = FigureField(required=False)
    close_date = DayField(label="Close date")
    owner = forms.ChoiceField(
        widget=PersonSelect,
        choices=[("", "---------")]
        + [(str(at), who["name"]) for at, who in enumerate((ANA, LEO, MAYA, RITA, TOM))],
    )
    payment = forms.ChoiceField(
        choices=[("net30", "Net 30"), ("net60", "Net 60"), ("net90", "Net 90")]
    )
    given = forms.MultipleChoiceField(
        label="What we get in return",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("term", "A longer term"), ("prepay", "Prepayment"), ("volume", "Volume")],
    )
    why = forms.CharField(label="Why", widget=forms.Textarea(attrs={"rows": 3}))
    urgent = forms.BooleanField(label="The buyer waits for this", required=False)


def gallery_context(now: datetime) -> dict[str, Any]:
    wrong = SampleForm(
        {"name": "", "amount": "80,000.005", "discount": "a lot", "close_date": "", "why": "Sent"}
    )
    wrong.add_error(None, "Two things are missing before this can be saved.")
    return {
        "now": now,
        "sections": SECTIONS,
        "form": SampleForm(initial={"amount": Decimal("80000.01"), "payment": "net60"}),
        "wrong": wrong,
        "ana": ANA,
        "leo": LEO,
        "rita": RITA,
        "today": now.date(),
        "refused": Refused(
            "This deal cannot leave Proposal yet.",
            missing=[
                Missing("cover", "Approved terms.", "Ask for approval of quote Q-104."),
                Missing("maker", "Decision maker.", "Name who decides at Acme."),
            ],
        ),
        "tabs": [
            {"label": "Board", "url": "#tabs", "current": True},
            {"label": "List", "url": "#tabs", "count": 42},
            {"label": "Closed", "url": "#tabs", "count": 0},
        ],
        **deal_samples(now),
        **review_samples(now),
        **chart_samples(),
    }


def deal_samples(now: datetime) -> dict[str, Any]:
    return {
        "stages": [
            StageMark("Qualified", "done", "6 days"),
            StageMark("Discovery", "done", "12 days"),
            StageMark("Demo", "skipped", "debt by 3 Dec", "Skipped by Rita: buyer knew us"),
            StageMark("Proposal", "current", "9 days"),
            StageMark("Negotiation", "next"),
            StageMark("Contract", "next"),
            StageMark("Won", "next"),
        ],
        "lost_stages": [
            StageMark("Qualified", "done", "2 days"),
            StageMark("Discovery", "done", "31 days"),
            StageMark("Lost", "lost", "price"),
        ],
        "items": [
            CheckItem(
                "champion", "Champion", True, "Jo Marsh", by=RITA, at=now - timedelta(days=3)
            ),
            CheckItem("budget", "Budget confirmed", True, "€80,000 in this year's plan"),
            CheckItem(
                "maker", "Decision maker", False, sentence="Name who decides.", url="#checklist"
            ),
            CheckItem("cover", "Approved terms", False, sentence="Quote Q-104 waits for the VP."),
            CheckItem(
                "demo",
                "Technical requirements",
                False,
                sentence="Owed since Demo was skipped.",
                is_debt=True,
                due=now.date() + timedelta(days=12),
            ),
        ],
        "columns": [
            (
                "qualified",
                "Qualified",
                24,
                Decimal("412000"),
                [
                    BoardCard(
                        1,
                        "Pilot for two plants",
                        "#board",
                        "Nordwerk AG",
                        Decimal("42500"),
                        "EUR",
                        now.date() + timedelta(days=40),
                        RITA,
                        "4 days",
                        move_url="#",
                    ),
                    BoardCard(
                        2,
                        "Renewal and 40 seats",
                        "#board",
                        "Acme Ltd",
                        Decimal("80000.01"),
                        "EUR",
                        now.date() + timedelta(days=9),
                        TOM,
                        "12 days",
                        finding="No reply for 16 days",
                        move_url="#",
                    ),
                ],
                {"key": "qualified", "menu": [("proposal", "Proposal"), ("won", "Won")]},
            ),
            (
                "proposal",
                "Proposal",
                8,
                Decimal("1250000"),
                [
                    BoardCard(
                        3,
                        "Group framework agreement",
                        "#board",
                        "Vega Holding",
                        Decimal("640000"),
                        "EUR",
                        now.date() - timedelta(days=2),
                        RITA,
                        "31 days",
                        finding="Close date passed 2 days ago",
                        finding_tone="bad",
                        waiting="Ana Ruiz since Tuesday",
                        move_url="#",
                    ),
                ],
                {"key": "proposal", "menu": [("qualified", "Qualified"), ("won", "Won")]},
            ),
            ("won", "Won", 0, Decimal(0), [], {"key": "won", "menu": []}),
        ],
        "rows": [
            ("Group framework agreement", "Vega Holding", Decimal("640000"), Decimal("25"), "warn"),
            ("Renewal and 40 seats", "Acme Ltd", Decimal("80000.005"), Decimal("19.99"), "good"),
            ("Pilot for two plants", "Nordwerk AG", Decimal("42500"), None, ""),
        ],
        "total": Decimal("762500.005"),
    }


def review_samples(now: datetime) -> dict[str, Any]:
    return {
        "steps": [
            RouteStep(
                "Sales manager",
                "approved",
                [
                    RoutePerson(
                        MAYA,
                        "approved",
                        now - timedelta(hours=20),
                        "They sign for three years; I would give it too.",
                    ),
                ],
            ),
            RouteStep(
                "VP sales",
                "waiting",
                [
                    RoutePerson(
                        ANA,
                        "waiting",
                        now - timedelta(hours=18),
                        because="stands in for Kim Soto, who is away",
                    ),
                ],
                due=now + timedelta(hours=5),
                reasons=["Discount of 25% is the VP's from 20%."],
            ),
            RouteStep(
                "Finance and legal",
                "planned",
                [RoutePerson(LEO), RoutePerson(TOM)],
                mode="both",
                expected="2 working days",
            ),
        ],
        "refused_steps": [
            RouteStep(
                "Sales manager", "carried", [RoutePerson(MAYA, "approved", now - timedelta(days=4))]
            ),
            RouteStep(
                "Deal desk",
                "rejected",
                [
                    RoutePerson(
                        LEO,
                        "rejected",
                        now - timedelta(hours=3),
                        "Unlimited liability is nothing we sign. Ask again with the cap.",
                    ),
                    RoutePerson(TOM, "closed"),
                ],
            ),
            RouteStep("VP sales", "skipped"),
        ],
        "trace": [
            TraceRow(
                "Discount band",
                "25% lies in 20% to 30%.",
                True,
                "asks VP sales",
                [("net", "80,000.01"), ("standard", "106,666.68"), ("from", "20%")],
            ),
            TraceRow("Payment terms", "Net 60 is later than Net 30.", True, "asks finance"),
            TraceRow("Term length", "12 months is standard.", False),
        ],
        "changes": [
            TermChange("Discount", "0%", "25%", "25 points more", "bad"),
            TermChange("Term", "12 months", "36 months", "24 months longer", "good"),
            TermChange("Payment", "Net 30", "Net 60", "30 days later", "bad"),
            TermChange("Billing", "Yearly, ahead", "Yearly, ahead"),
        ],
        "entries": [
            Happening(
                "asked for 25% on quote Q-104",
                now - timedelta(minutes=18),
                RITA,
                "send",
                "info",
                body="They want it signed before their year ends. We get three years.",
            ),
            Happening(
                "moved the close date",
                now - timedelta(hours=5),
                RITA,
                "calendar",
                "warn",
                changes=[
                    ("Close date", "17 Nov 2026", "15 Dec 2026"),
                    ("Reason", "", "Buyer's legal"),
                ],
            ),
            Happening(
                "approved the discount", now - timedelta(days=1), MAYA, "check", "good", "mail link"
            ),
            Happening("rejected: unlimited liability", now - timedelta(days=3), LEO, "x", "bad"),
            Happening(
                "The nightly import changed the segment",
                now - timedelta(days=9),
                None,
                "refresh-cw",
                changes=[("Segment", "Mid-market", "Enterprise")],
            ),
        ],
    }


def chart_samples() -> dict[str, Any]:
    months = ["Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]
    return {
        "bars": list(zip(months, [12, 19, 8, 24, 31, 27], strict=True)),
        "money_bars": list(
            zip(months, [412000, 380500, 90000, 640000, 1250000, 820000], strict=True)
        ),
        "terms": [
            ("Payment later than Net 30", 48),
            ("Uptime promise of 99.95%", 31),
            ("Liability cap raised", 17),
            ("Opt-out after a year", 9),
        ],
        "stacks": list(
            zip(
                months,
                [[8, 3, 1], [11, 6, 2], [5, 2, 1], [15, 6, 3], [20, 7, 4], [18, 7, 2]],
                strict=True,
            )
        ),
        "outcomes": ["Approved", "Rejected", "Recalled"],
        "lines": list(
            zip(months, [[31, 22], [28, 20], [35, 19], [24, 16], [19, None], [14, 9]], strict=True)
        ),
        "lines_of": ["VP sales", "Deal desk"],
        "funnel": [
            ("Qualified", 240),
            ("Discovery", 168),
            ("Proposal", 94),
            ("Contract", 41),
            ("Won", 33),
        ],
        "falls": [
            ("List", 106000, True),
            ("Volume", -6000),
            ("Asked", -25000),
            ("Uplift", 5000),
            ("Net", 80000, True),
        ],
        "hours": [1, 2, 2.5, 3, 3, 4, 4.5, 5, 6, 6, 7, 8, 8, 9, 11, 14, 15, 19, 23, 26, 31, 38],
        "weeks": [4, 6, 5, 9, 8, 12, 11, 14],
    }


SECTIONS = [
    ("tokens", "Tokens"),
    ("buttons", "Buttons"),
    ("menus", "Menus and dialogs"),
    ("tabs", "Tabs"),
    ("fields", "Fields"),
    ("words", "Tags, status, people, figures"),
    ("table", "Tables"),
    ("cards", "Cards, facts, stats"),
    ("path", "Stage path"),
    ("checklist", "Checklist"),
    ("route", "Approval route and trace"),
    ("terms", "Diff of terms"),
    ("timeline", "Timeline"),
    ("board", "Board"),
    ("notes", "Banners, refusal, toasts"),
    ("waiting", "Empty, loading, paging"),
    ("charts", "Charts"),
]
