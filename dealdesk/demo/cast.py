"""The company and its people: Tallowmere, makers of software for those who keep plants running."""

from __future__ import annotations

from dataclasses import dataclass

from revops.people.models import Role

COMPANY = "Tallowmere"
DOMAIN = "tallowmere.example"
ZONE = "Europe/Berlin"
CURRENCY = "EUR"

# What a euro is worth; each month's rate wanders a little around it.
RATES = {"USD": "1.0850", "GBP": "0.8540"}


@dataclass(frozen=True)
class TeamFacts:
    key: str
    name: str
    region: str


TEAMS = (
    TeamFacts("central", "Central", "Germany, Austria, Switzerland"),
    TeamFacts("north", "North", "Nordics, United Kingdom, Ireland"),
    TeamFacts("south", "South", "France, Iberia, Italy"),
)


@dataclass(frozen=True)
class PersonFacts:
    """Somebody of the cast. `hint` is what their sign-in card says."""

    name: str
    roles: tuple[Role, ...]
    manager: str = ""
    team: str = ""
    zone: str = ""
    hint: str = ""

    @property
    def key(self) -> str:
        return self.name.split(" ")[0].lower()

    @property
    def email(self) -> str:
        return address(self.name)


def address(name: str) -> str:
    plain = name.lower().translate(str.maketrans("áäéíïñóöøúüåç", "aaeiinooouuac"))
    return f"{plain.replace(' ', '.')}@{DOMAIN}"


VP, MANAGER, REP = (Role.VP_SALES,), (Role.SALES_MANAGER,), (Role.REP,)

CAST = (
    PersonFacts("Rita Santos", REP, "Marc", "central", hint="Sells in the Central team."),
    PersonFacts(
        "Ana Ruiz", VP, "", "", "Europe/Madrid", "Decides on discounts from 20 %, often by phone."
    ),
    PersonFacts(
        "Kim Tanaka", (Role.DEAL_DESK,), hint="Checks what is not standard, from 40 % or by terms."
    ),
    PersonFacts("Marc Lindner", MANAGER, "Ana", "central", hint="Rita's manager; 10 to 20 %."),
    PersonFacts(
        "Noor Haddad", (Role.REVOPS_ADMIN,), hint="Keeps policy, people and the exception report."
    ),
    PersonFacts(
        "Felix Baumann", (Role.FINANCE,), hint="Answers for long terms and large accounts."
    ),
    PersonFacts("Sofia Lund", (Role.LEGAL,), hint="Answers for clauses and long terms."),
    PersonFacts("Edith Grant", (Role.AUDITOR,), hint="Reads everything, changes nothing."),
    PersonFacts("Mila Petrov", (Role.CUSTOMER_SUCCESS,), hint="Takes over what is won."),
    PersonFacts("Priya Nair", MANAGER, "Ana", "south", "Europe/Paris", "Leads the South team."),
    PersonFacts("Owen Pryce", MANAGER, "Ana", "north", "Europe/London", "Leads the North team."),
    PersonFacts("Dana Osei", (Role.DEAL_DESK,), hint="The other half of the deal desk."),
    PersonFacts("Hannah Cole", (Role.FINANCE,), hint="Finance, with Felix."),
    PersonFacts("Leo Marchetti", (Role.LEGAL,), hint="Legal, with Sofia."),
    PersonFacts("Robin Ekström", (Role.REVOPS_ADMIN,), hint="RevOps, with Noor."),
    PersonFacts("Sam Carver", (Role.CUSTOMER_SUCCESS,), hint="Customer success, with Mila."),
    PersonFacts("Jonas Weber", REP, "Marc", "central", hint="Sells in the Central team."),
    PersonFacts("Lena Vogt", REP, "Marc", "central", hint="Sells in the Central team."),
    PersonFacts("Aoife Brennan", REP, "Owen", "north", "Europe/Dublin", "Sells in the North team."),
    PersonFacts("Callum Reid", REP, "Owen", "north", "Europe/London", "Sells in the North team."),
    PersonFacts("Ingrid Solheim", REP, "Owen", "north", "Europe/Oslo", "Sells in the North team."),
    PersonFacts("Diego Ferrer", REP, "Priya", "south", "Europe/Madrid", "Sells in the South team."),
    PersonFacts(
        "Camille Laurent", REP, "Priya", "south", "Europe/Paris", "Sells in the South team."
    ),
)

START_HERE = "Rita"


def member(first_name: str) -> PersonFacts:
    return next(person for person in CAST if person.name.split(" ")[0] == first_name)


@dataclass(frozen=True)
class ProductFacts:
    """What Tallowmere sells. `price` is in euros, for one unit and one period."""

    key: str
    name: str
    family: str
    period: str
    price: str
    tiers: tuple[tuple[int, str], ...] = ()
    usual: tuple[int, ...] = (1,)

    @property
    def is_recurring(self) -> bool:
        return self.period != "once"


PRODUCTS = (
    ProductFacts(
        "plan", "Tallowmere Plan", "Seats", "year", "420",
        ((100, "5"), (250, "10"), (1000, "18")), (12, 20, 25, 30, 40, 55, 80, 120, 200, 300),
    ),
    ProductFacts(
        "field", "Tallowmere Field", "Seats", "month", "29",
        ((50, "5"), (200, "12")), (5, 10, 15, 20, 40, 60, 90),
    ),
    ProductFacts("stock", "Spare-parts store", "Modules", "year", "4800", (), (1, 1, 1, 2, 3)),
    ProductFacts("sense", "Sensor hub", "Modules", "month", "310", ((10, "8"),), (1, 2, 3, 5, 12)),
    ProductFacts("care", "Premium care", "Services", "year", "3600", (), (1,)),
    ProductFacts("start", "Onboarding", "Services", "once", "2400", (), (1, 1, 1, 2)),
    ProductFacts("training", "Training day", "Services", "once", "1250", (), (1, 2, 3, 5)),
)  # fmt: skip

TERM_DISCOUNTS = ((24, "4"), (36, "8"))


def product(key: str) -> ProductFacts:
    return next(item for item in PRODUCTS if item.key == key)
