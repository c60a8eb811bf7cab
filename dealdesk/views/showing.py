"""What pages show of terms, routes and requests: facts in words, read once for a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dealdesk import cover
from dealdesk.coverage import approval_words, day_words, names_of
from dealdesk.models import ApprovalRequest, ApprovalSlot, ApprovalStep, Decision
from dealdesk.policy import ROLE_LABELS, Policy, policy_from_json
from dealdesk.policy import Role as AskedRole
from dealdesk.previewing import Preview, PreviewGroup, PreviewStep
from dealdesk.pricing import PricedLine, PricedQuote, rounded, worst_year
from dealdesk.routing import Result, Route, judged_worst_line, route_from_plain
from dealdesk.terms import Terms, from_canonical
from dealdesk.wording import capital, listed, money_text, months_text, percent_text
from revops.company.models import Company
from revops.frame.shapes import RoutePerson, RouteStep, TermChange, TraceRow
from revops.outbox.models import Delivery, Notification
from revops.people.models import Role

S, V = ApprovalSlot.State, Decision.Verdict


def role_name(code: str) -> str:
    """A role as the head of a line: "VP of sales"."""
    try:
        return capital(ROLE_LABELS[AskedRole(code)].removeprefix("the "))
    except ValueError:
        return Role(code).label if code in Role.values else code


def tier_name(key: str) -> str:
    """The key of a route in words: "Deal desk, finance and legal"."""
    if key in ("automatic", "refused", ""):
        return capital(key or "unknown")
    names = [role_name(code) for code in key.split("+")]
    return listed([names[0], *(n if n.startswith("VP") else n.lower() for n in names[1:])])


# Money and discounts


@dataclass(frozen=True)
class Figure:
    """One amount or discount with what it is called."""

    label: str
    text: str
    hint: str = ""
    is_judged: bool = False


@dataclass(frozen=True)
class LineFigures:
    """What one line comes to, for its cells in the editor."""

    key: str
    list_text: str
    net: Decimal
    standard: Decimal
    off: str
    years: Mapping[int, tuple[Decimal, str]]
    published: str


def off_text(percent: Fraction | None) -> str:
    """A discount in words; above standard is not a negative discount."""
    if percent is None:
        return "no price"
    if not percent:
        return "standard"
    if percent < 0:
        return f"{percent_text(-percent)} above"
    return f"{percent_text(percent)} off"


PER = {"once": "once", "month": "a month", "year": "a year"}


def line_figures(price: PricedQuote) -> dict[str, LineFigures]:
    digits = price.minor_digits
    return {
        line.key: LineFigures(
            key=line.key,
            list_text=f"{line.list_price.normalize():,f} {PER[line.period.value]}"
            if line.list_price != line.list_price.to_integral()
            else f"{line.list_price:,.0f} {PER[line.period.value]}",
            net=line.net_amount,
            standard=line.standard_amount,
            off=off_text(line.percent),
            years={
                year.year: (rounded(year.net, digits), off_text(year.percent))
                for year in line.years
            },
            published=published_words(line),
        )
        for line in price.lines
    }


def published_words(line: PricedLine) -> str:
    """The published discounts that a line has earned; they are no exception."""
    earned = max((year.earned_percent for year in line.years), default=Decimal(0))
    words = []
    if earned:
        words.append(f"{percent_text(earned)} for volume")
    if line.term_percent:
        words.append(f"{percent_text(line.term_percent)} for the term")
    return f"Standard has {listed(words)}" if words else ""


def bases_of(terms: Terms, policy: Policy) -> list[Figure]:
    """Every basis a discount is measured on; those that the policy judges are marked."""
    price = terms.price
    judged = {basis.value for table in policy.prices for basis in table.bases}
    line, year = judged_worst_line(policy, terms), worst_year(price)
    found = [("blended", "Blended", price.blended.percent, "all lines over the whole term")]
    if line is not None and len(price.lines) > 1:
        found.append(("worst_line", "Worst line", line.percent, line.name))
    if year is not None and len(price.years) > 1:
        found.append(("worst_year", "Worst year", year.percent, f"contract year {year.year}"))
    if price.recurring.standard and price.one_off.standard:
        found.append(("recurring", "Recurring", price.recurring.percent, ""))
        found.append(("one_off", "One-off", price.one_off.percent, ""))
    if price.listed != price.blended.standard:
        found.append(("off_list", "Off list", price.off_list.percent, "published discounts too"))
    return [Figure(label, off_text(p), hint, key in judged) for key, label, p, hint in found]


# Routes


def preview_steps(preview: Preview) -> list[RouteStep]:
    """A route that nobody has been asked on yet."""
    return [preview_step(step, group, preview) for step in preview.steps for group in step.groups]


def preview_step(step: PreviewStep, group: PreviewGroup, preview: Preview) -> RouteStep:
    carried, granted = group.carried, group.granted
    because = granted.sentence if granted else " ".join(group.notes)
    people = [
        RoutePerson(
            person,
            state="approved" if carried else "closed" if granted else "planned",
            at=carried.decided_at if carried else None,
            because=because if number == 0 else "",
        )
        for number, person in enumerate(group.people)
    ]
    waves = {each.wave for each in preview.steps}
    after = f"after wave {step.wave - 1}" if step.wave > min(waves) else ""
    mode = "the first to answer decides" if len(people) > 1 else ""
    return RouteStep(
        label=capital(group.label.removeprefix("the ")),
        state="carried" if carried else "granted" if granted else "planned",
        people=people,
        mode=", ".join(filter(None, [mode, after])),
        reasons=group.reasons,
        expected="" if carried or granted else f"within {group.working_days}",
    )


def load_steps(request: ApprovalRequest) -> list[ApprovalStep]:
    """The steps of a request with their slots and decisions: a fixed number of questions."""
    steps = request.steps.order_by("wave", "position").prefetch_related(
        "slots__person",
        "slots__decision__decided_by",
        "slots__decision__revocation",
        "slots__carried_from__decided_by",
    )
    found = list(steps)
    for step in found:
        step.request = request
    return found


def slots_of(steps: Iterable[ApprovalStep]) -> list[ApprovalSlot]:
    return [slot for step in steps for slot in sorted(step.slots.all(), key=lambda s: s.pk)]


def request_steps(steps: Iterable[ApprovalStep]) -> list[RouteStep]:
    """A route as it was asked: a line for each role, with who answered what."""
    found = []
    for step in steps:
        slots = slots_of([step])
        for role in step.groups:
            asked = [slot for slot in slots if slot.role == role]
            found.append(request_step(step, role, asked))
    return found


def request_step(step: ApprovalStep, role: str, asked: Sequence[ApprovalSlot]) -> RouteStep:
    states = {slot.state for slot in asked}
    dues = [slot.due_at for slot in asked if slot.is_open and slot.due_at]
    return RouteStep(
        label=role_name(role),
        state=group_state(states),
        people=[route_person(slot) for slot in asked],
        mode="the first to answer decides" if len(asked) > 1 and S.REQUESTED in states else "",
        reasons=step.reasons.get(role, []),
        due=min(dues, default=None),
    )


def group_state(states: set[str]) -> str:
    for state, shown in (
        (S.REJECTED, "rejected"),
        (S.RETURNED, "returned"),
        (S.CARRIED_FORWARD, "carried"),
        (S.GRANTED, "granted"),
        (S.APPROVED, "approved"),
        (S.BYPASSED, "bypassed"),
        (S.REQUESTED, "waiting"),
        (S.NOT_YET_REQUESTED, "planned"),
    ):
        if state in states:
            return shown
    return "skipped"


def route_person(slot: ApprovalSlot) -> RoutePerson:
    decision = slot.carried_from or getattr(slot, "decision", None)
    shown = {
        S.APPROVED: "approved",
        S.CARRIED_FORWARD: "approved",
        S.REJECTED: "rejected",
        S.RETURNED: "returned",
        S.REQUESTED: "waiting",
        S.NOT_YET_REQUESTED: "planned",
    }
    because = slot.substitution
    if decision is not None and hasattr(decision, "revocation"):
        because = "taken back"
    return RoutePerson(
        person=slot.person,
        state=shown.get(slot.state, "closed"),
        at=decision.decided_at if decision else slot.requested_at,
        reason=decision.reason if decision else "",
        because=because,
    )


ASKS = {
    Result.ASKS: "asks {roles}",
    Result.OUTRANKED: "outranked",
    Result.INFORMS: "tells {roles}",
    Result.NOT_MET: "",
}


def trace_rows(route: Route) -> list[TraceRow]:
    """Every rule that was tried, those that ask somebody first."""
    rows = [
        TraceRow(
            rule=tried.axis.value.capitalize(),
            sentence=tried.sentence,
            hit=tried.result is not Result.NOT_MET,
            outcome=ASKS[tried.result].format(roles=listed(role.label for role in tried.roles)),
            operands=[
                (name.replace("_", " "), operand_text(value))
                for name, value in (
                    ("value", tried.value),
                    ("threshold", tried.threshold),
                    *tried.operands,
                )
                if value
            ],
        )
        for tried in route.trace
    ]
    return sorted(rows, key=lambda row: not row.hit)


def operand_text(value: str) -> str:
    """An operand for people: a ratio whose digits do not end is cut, a code loses its dashes."""
    above, _, below = value.partition("/")
    if above.lstrip("-").isdigit() and below.isdigit():
        return f"{float(Fraction(int(above), int(below))):.6f}…"
    return value.replace("_", " ")


def trace_summary(route: Route) -> str:
    hits = sum(tried.result is not Result.NOT_MET for tried in route.trace)
    return f"Why: {hits} of {len(route.trace)} rules apply"


# Terms


def standard_changes(terms: Terms, policy: Policy) -> list[TermChange]:
    """What is asked beside what is standard; a term that is standard is left out."""
    price = terms.price
    rows = [price_change("Net over the term", price.blended.standard, price.tcv, terms)]
    discounted = [line for line in price.lines if line.percent]
    if len(price.lines) > 1:
        rows += [price_change(line.name, line.standard, line.net, terms) for line in discounted]
    payment, billing = policy.terms.payment, policy.terms.billing
    if terms.payment.rank != payment.rank:
        rows.append(timing("Payment", payment, terms.payment))
    if terms.billing.rank != billing.rank:
        rows.append(timing("Billing", billing, terms.billing))
    standard = policy.structure.standard_months
    if terms.term_months not in (None, standard):
        longer = (terms.term_months or 0) > standard
        word = "longer" if longer else "shorter"
        rows.append(TermChange("Term", months_text(standard), months_text(terms.term_months), word))
    for concession in price.concessions:
        name = concession.kind.value.replace("_", " ").capitalize()
        value = f"{concession.value.normalize():,f}"
        rows.append(TermChange(name, "none", value, "given", "bad"))
    for term in terms.nonstandard:
        asked = term.requested_value or term.requested_text or "asked for"
        rows.append(
            TermChange(
                term.name, term.standard_value or "not offered", asked, "not standard", "bad"
            )
        )
    return rows


def price_change(label: str, standard: Fraction, net: Fraction, terms: Terms) -> TermChange:
    digits = terms.price.minor_digits
    percent = 100 * (1 - net / standard) if standard else None
    tone = "" if not percent else "bad" if percent > 0 else "good"
    was, asked = (money_text(value, terms.currency, digits) for value in (standard, net))
    return TermChange(label, was, asked, off_text(percent) if percent else "", tone)


def timing(label: str, standard: Any, asked: Any) -> TermChange:
    later = asked.rank > standard.rank
    word, tone = ("later", "bad") if later else ("sooner", "good")
    return TermChange(label, capital(standard.label), asked.name, word, tone)


TONES = {
    cover.Direction.WORSE: ("worse for us", "bad"),
    cover.Direction.REDUCED: ("less in return", "bad"),
    cover.Direction.NEW_ROLE: ("asks somebody new", "bad"),
    cover.Direction.BETTER: ("better for us", "good"),
    cover.Direction.SAME: ("", ""),
}
FIELDS = {
    "discount.blended": "Discount, whole quote",
    "discount.worst_line": "Largest discount on a line",
    "discount.worst_year": "Largest discount of a year",
    "tcv": "Net over the term",
    "currency": "Currency",
    "payment": "Payment",
    "billing": "Billing",
    "term": "Term",
    "segment": "Segment",
    "kind": "Kind of quote",
}


def diff_changes(changes: Iterable[cover.FieldChange], now: Terms) -> list[TermChange]:
    """What differs between two sets of terms, as rows of a table."""
    rows = []
    for change in changes:
        word, tone = TONES[change.direction]
        label = field_label(change.field, now)
        rows.append(TermChange(label, change.was or "–", change.now or "–", word, tone))
    return sorted(rows, key=lambda row: row.tone != "bad")


def field_label(name: str, terms: Terms) -> str:
    if name in FIELDS:
        return FIELDS[name]
    head, _, rest = name.partition(".")
    if head == "line":
        key, _, part = rest.partition(".")
        line = terms.price.line(key)
        what = part.replace("year", "year ").replace("_", " ").replace(".", ", ")
        return f"{line.name if line else 'A line'}{f', {what}' if what else ''}"
    if head == "terms":
        found = next((term for term in terms.nonstandard if term.key == rest), None)
        return found.name if found else rest.replace("-", " ").capitalize()
    if head == "route":
        return role_name(rest)
    return name.replace(".", " ").replace("_", " ").capitalize()


# Requests


@dataclass
class Shown:
    """One request with everything its pages say of it."""

    request: ApprovalRequest
    terms: Terms
    policy: Policy
    route: Route
    steps: list[ApprovalStep]
    at: datetime
    last: ApprovalRequest | None = None
    since_last: list[TermChange] = field(default_factory=list)

    @property
    def route_steps(self) -> list[RouteStep]:
        return request_steps(self.steps)

    @property
    def trace(self) -> list[TraceRow]:
        return trace_rows(self.route)

    @property
    def trace_summary(self) -> str:
        return trace_summary(self.route)

    @property
    def changes(self) -> list[TermChange]:
        return standard_changes(self.terms, self.policy)

    @property
    def net(self) -> Decimal:
        return rounded(self.terms.price.tcv, self.terms.price.minor_digits)

    @property
    def standard(self) -> Decimal:
        return rounded(self.terms.price.blended.standard, self.terms.price.minor_digits)

    @property
    def off(self) -> Decimal:
        return self.standard - self.net

    @property
    def discount(self) -> str:
        return off_text(self.terms.price.blended.percent)

    @property
    def annual(self) -> Decimal | None:
        """The recurring worth of a year; nothing where it is the net itself, or none recurs."""
        acv = rounded(self.terms.price.acv, self.terms.price.minor_digits)
        return acv if acv and acv != self.net else None

    @property
    def slots(self) -> list[ApprovalSlot]:
        return slots_of(self.steps)

    @property
    def status(self) -> tuple[str, str]:
        return request_status(self.request, self.slots, self.at)

    @property
    def terms_words(self) -> str:
        """The terms of the contract in one line."""
        terms = self.terms
        return ", ".join([months_text(terms.term_months), terms.payment.name, terms.billing.name])


def show_request(request: ApprovalRequest, at: datetime, *, compare: bool = False) -> Shown:
    """Read everything about a request. `compare` holds it against the last approved one."""
    shown = Shown(
        request=request,
        terms=from_canonical(request.snapshot.body),
        policy=policy_from_json(request.policy.body),
        route=route_from_plain(request.route),
        steps=load_steps(request),
        at=at,
    )
    if compare:
        shown.last = last_approved(request)
        if shown.last is not None:
            was = from_canonical(shown.last.snapshot.body)
            changes = cover.diff(was, shown.terms, shown.policy)
            shown.since_last = diff_changes(changes, shown.terms)
    return shown


ONCE_APPROVED = ["approved", "consumed", "lapsed", "invalidated"]


def last_approved(request: ApprovalRequest) -> ApprovalRequest | None:
    """The attempt on the deal that was approved last before this one."""
    earlier = ApprovalRequest.objects.filter(
        deal=request.deal_id, attempt__lt=request.attempt, status__in=ONCE_APPROVED
    )
    return earlier.select_related("snapshot", "quote").order_by("-attempt").first()


def company_day(moment: datetime) -> str:
    return f"{Company.get().local_day(moment):%-d %B %Y}"


def request_status(
    request: ApprovalRequest, slots: Sequence[ApprovalSlot], at: datetime
) -> tuple[str, str]:
    """Where a request stands as (tone, sentence)."""
    status, Status = request.status, ApprovalRequest.Status
    if status == Status.PENDING:
        waiting = [slot for slot in slots if slot.is_open]
        since = min((s.requested_at for s in waiting if s.requested_at), default=None)
        words = f"Waiting for {names_of([slot.person for slot in waiting])}"
        return "warn", f"{words} since {day_words(since, at)}" if since else words
    if request.bypassed_at and status in (Status.APPROVED, Status.CONSUMED):
        who = request.bypassed_by.name if request.bypassed_by else "RevOps"
        return "override", f"Passed without its approvers by {who}: {request.ended_reason}"
    if status == Status.APPROVED:
        how = "Approved at once: within the rep's authority" if request.is_automatic else "Approved"
        lent = next((slot.substitution for slot in slots if slot.state == S.GRANTED), "")
        how = f"{how} {lent[:1].lower()}{lent[1:].rstrip('.')}" if lent else how
        if request.valid_until and at >= request.valid_until:
            return (
                "warn",
                f"{how}, but no longer good for issuing since {day_words(request.valid_until, at)}",
            )
        until = f", good until {company_day(request.valid_until)}" if request.valid_until else ""
        return "good", how + until
    if status == Status.CONSUMED:
        return "good", "Approved, and the deal was won on it"
    if status == Status.REJECTED:
        said = next((s.decision for s in slots if s.state == S.REJECTED), None)
        who = f" by {said.decided_by.name}" if said else ""
        return "bad", f"Rejected{who}: {request.ended_reason}"
    if status == Status.RETURNED:
        back = next((s.decision for s in slots if s.state == S.RETURNED), None)
        who = f" by {back.decided_by.name}" if back else ""
        return "warn", f"Returned for changes{who}: {request.ended_reason}"
    tone = "warn" if status in (Status.INVALIDATED, Status.LAPSED, Status.REVOKED) else ""
    words = request.get_status_display()
    return tone, f"{words}: {request.ended_reason}" if request.ended_reason else words


@dataclass(frozen=True)
class MailState:
    """What became of the mail to one person who was asked."""

    person: Any
    tone: str
    sentence: str


def mails_of(slots: Sequence[ApprovalSlot]) -> list[MailState]:
    """The newest mail to each person asked, and whether it arrived at the mail server."""
    asked = {slot.pk: slot for slot in slots}
    notices = Notification.objects.filter(
        about_type="approvalslot", about_id__in=asked, event__in=ASKING
    ).order_by("created_at", "pk")
    newest = {notice.about_id: notice for notice in notices}
    sent = {
        delivery.notification_id: delivery
        for delivery in Delivery.objects.filter(notification__in=newest.values())
    }
    found = []
    for pk, notice in newest.items():
        delivery = sent.get(notice.pk)
        if delivery is not None:
            found.append(mail_state(asked[pk].person, delivery))
    return found


ASKING = ("approval.requested", "approval.reminder", "approval.nudged")
"""Mails that carry a link to decide."""


def mail_state(person: Any, delivery: Delivery) -> MailState:
    D = Delivery.State
    if delivery.bounced_at:
        return MailState(person, "bad", f"came back: {delivery.bounce}")
    if delivery.state == D.SENT:
        return MailState(person, "good", "handed to the mail server")
    if delivery.state in (D.WAITING, D.SENDING):
        late = f", {delivery.attempts} tries so far" if delivery.attempts else ""
        return MailState(person, "", f"on its way{late}")
    if delivery.state == D.GIVEN_UP:
        return MailState(person, "bad", f"not delivered: {delivery.last_error[:200]}")
    return MailState(person, "", "not sent")


def approvals_words(decisions: Iterable[Decision], at: datetime) -> str:
    return listed(approval_words(decision, at) for decision in decisions)
