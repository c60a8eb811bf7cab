"""Where invented names come from. Any likeness to a real company or person is chance."""

from __future__ import annotations

from random import Random


def spaced(words: str) -> tuple[str, ...]:
    return tuple(words.split())


FIRST = spaced(
    "Adela Agnes Alba Alma Amir Anders Anneke Anton Arne Astrid Bastian Beate Bianca Björn "
    "Bruno Carla Carmen Casper Cecilia Chiara Clara Cosima Dario David Delia Dirk Edgar Elena "
    "Elias Elif Emil Enzo Erik Esther Eva Fabian Farah Fiona Flora Florian Frida Gabriel Georg "
    "Gesa Gita Greta Gustav Hana Harald Hedda Hugo Ida Ilja Ines Irene Isak Ivo Jana Jasper "
    "Joana Jonas Josef Judit Julian Karim Karla Katja Klara Konrad Lara Lars Laura Leila Leon "
    "Linus Livia Lorenz Lucia Magnus Maja Malte Manon Marta Matteo Maya Mikkel Milan Mira "
    "Moritz Nadia Nils Nina Noa Nora Olaf Olga Oskar Pablo Paula Pavel Petra Pia Rafael Ragna "
    "Remy Renata Rosa Ruben Sabine Samir Sara Selma Silas Simone Stella Sven Tamar Tara Thea "
    "Theo Tilda Tobias Ulla Umberto Vera Viktor Vivian Wanda Wim Xenia Yara Yusuf Zoe Zora"
)

LAST = spaced(
    "Aalto Abendroth Achterberg Adler Almeida Amsel Andersen Arendt Bachmann Baptista Bellamy "
    "Bergqvist Bianchi Blom Bosman Brandt Brunner Caldwell Cardoso Castell Conti Corrigan Dahl "
    "Danner Delacroix Dietz Dubois Eklund Engel Esposito Fabre Falk Farkas Fischer Fontaine "
    "Forsberg Frei Galli Garnier Gerlach Gomes Grabowski Gruber Haas Halloran Hansen Hartwig "
    "Heikkinen Herrera Holm Horvath Huber Ibarra Iversen Jansen Jokinen Kaiser Kaplan Keller "
    "Kemper Kivi Klein Kowalski Kraus Kuhn Laine Lambert Larsen Leclerc Lehmann Lindgren Lopes "
    "Madsen Mancini Marchand Marin Mayer Melnyk Mertens Meyer Moreau Nagy Navarro Neumann Nowak "
    "Nyberg Oliveira Ortega Palmer Paulsen Pereira Petit Pfeiffer Popov Quint Rahman Ramos "
    "Reuter Ribeiro Riedel Rossi Roth Rowan Sandberg Santoro Schaefer Schilling Serra Silveira "
    "Sommer Steen Stoica Szabo Tamm Teixeira Thorsen Toma Urban Valente Vang Vermeer Virtanen "
    "Vogel Wagner Walsh Weiss Winther Yilmaz Zander Zeller Zimmer"
)

TITLES = (
    "Head of Maintenance",
    "Plant Manager",
    "Director of Operations",
    "Chief Operating Officer",
    "IT Manager",
    "Procurement Manager",
    "Reliability Engineer",
    "Head of Digital",
    "Finance Director",
    "Facilities Manager",
)

STEMS = spaced(
    "Ald Alder Amber Arbor Ash Aven Bay Beck Birch Black Blue Bram Bright Brook Burn Cald Cedar "
    "Clay Cold Copper Coral Crane Dal Deep Dove Dun East Eben Elder Elm Ever Fair Fal Far Fen "
    "Fern Fir Flint Fox Frost Gar Glen Gold Gran Green Grey Hal Har Haw Hazel Heath High Holl "
    "Horn Iron Ivy Jun Kel Kes Kings Kirk Lan Lark Laur Leaf Lim Lind Loch Lor Mal Maple March "
    "Mer Mill Moor Moss Nor North Oak Old Orch Pine Quarry Raven Red Ridge River Rock Rose Row "
    "Salt Sand Sea Silver Sloe South Spring Star Stone Sun Swan Tal Tam Thorn Tide Vale Wal "
    "Warm Wat West White Wild Win Wood Yar Yew"
)

ENDINGS = spaced(
    "beck berg borough bourne bridge brook bury by combe cote cott dale den field ford gate "
    "gill grove ham haven hill holm hurst ing keld land leigh ley lock low mark mead mere "
    "minster mouth ness port rick rigg sett shaw stead stoke stow strand thorpe toft ton wade "
    "water way well wick wold worth wyke yard"
)

TRADES: tuple[tuple[str, str], ...] = (
    ("Foods", "Food and drink"),
    ("Logistics", "Logistics"),
    ("Plastics", "Manufacturing"),
    ("Energy", "Energy"),
    ("Paper", "Manufacturing"),
    ("Rail", "Transport"),
    ("Clinics", "Healthcare"),
    ("Waterworks", "Utilities"),
    ("Steel", "Manufacturing"),
    ("Chemie", "Chemicals"),
    ("Textiles", "Manufacturing"),
    ("Hotels", "Hospitality"),
    ("Ports", "Transport"),
    ("Dairy", "Food and drink"),
    ("Instruments", "Manufacturing"),
    ("Glass", "Manufacturing"),
)

COUNTRIES = (
    "Germany",
    "Germany",
    "Germany",
    "Netherlands",
    "Austria",
    "Spain",
    "France",
    "Italy",
    "Denmark",
    "Sweden",
    "United Kingdom",
    "Ireland",
    "United States",
)

ACCOUNTS_THERE_ARE = len(STEMS) * len(ENDINGS) * len(TRADES)


def account_name(number: int) -> tuple[str, str, str]:
    """The name, domain and industry of the `number`-th account; no two share a name."""
    # A step that has no factor in common with the count visits every combination once.
    place = number * 39_119 % ACCOUNTS_THERE_ARE
    place, stem = divmod(place, len(STEMS))
    trade, ending = divmod(place, len(ENDINGS))
    word = STEMS[stem] + ENDINGS[ending]
    name, industry = TRADES[trade]
    return f"{word} {name}", f"{word}-{name}.example".lower(), industry


def person_name(rng: Random) -> str:
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"
