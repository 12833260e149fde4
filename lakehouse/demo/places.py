"""Addresses and telephone numbers in the forms of eight countries."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Texts = NDArray[np.object_]
Ints = NDArray[np.int64]

COUNTRIES = ("GB", "US", "DE", "FR", "PL", "GR", "BG", "CN")
COUNTRY_SHARES = (0.36, 0.25, 0.15, 0.10, 0.06, 0.03, 0.02, 0.03)

_CITIES = {
    "GB": """London/Greater London/SE1 London/Greater London/N4 London/Greater London/W12
    London/Greater London/E17 Manchester/Greater Manchester/M14 Leeds/West Yorkshire/LS6
    Bristol/Avon/BS5 Birmingham/West Midlands/B15 Glasgow/Lanarkshire/G12
    Edinburgh/Midlothian/EH9 Cardiff/South Glamorgan/CF10 Liverpool/Merseyside/L17
    Sheffield/South Yorkshire/S11 Norwich/Norfolk/NR2 Exeter/Devon/EX4 York/North
    Yorkshire/YO10 Nottingham/Nottinghamshire/NG7 Belfast/County Antrim/BT9
    Reading/Berkshire/RG1 Brighton/East Sussex/BN2""",
    "US": """New York/NY/100 Brooklyn/NY/112 Chicago/IL/606 Houston/TX/770 Phoenix/AZ/850
    Philadelphia/PA/191 San Diego/CA/921 Dallas/TX/752 Austin/TX/787 Columbus/OH/432
    Seattle/WA/981 Denver/CO/802 Boston/MA/021 Portland/OR/972 Atlanta/GA/303 Miami/FL/331
    Nashville/TN/372 Buffalo/NY/142 Omaha/NE/681 Tucson/AZ/857""",
    "DE": """Berlin/Berlin/104 Berlin/Berlin/129 Hamburg/Hamburg/202 München/Bayern/803
    Köln/Nordrhein-Westfalen/506 Frankfurt am Main/Hessen/603 Stuttgart/Baden-Württemberg/701
    Düsseldorf/Nordrhein-Westfalen/402 Leipzig/Sachsen/041 Dresden/Sachsen/010
    Hannover/Niedersachsen/301 Nürnberg/Bayern/904 Bremen/Bremen/281
    Freiburg/Baden-Württemberg/791 Lübeck/Schleswig-Holstein/235""",
    "FR": """
    Paris/Île-de-France/750 Marseille/Provence/130 Lyon/Rhône-Alpes/690 Toulouse/Occitanie/310
    Nice/Provence/060 Nantes/Pays de la Loire/440 Strasbourg/Alsace/670
    Bordeaux/Nouvelle-Aquitaine/330 Lille/Nord/590 Rennes/Bretagne/350 Reims/Champagne/511
    Dijon/Bourgogne/210""",
    "PL": """
    Warszawa/Mazowieckie/02- Kraków/Małopolskie/31- Łódź/Łódzkie/90- Wrocław/Dolnośląskie/50-
    Poznań/Wielkopolskie/61- Gdańsk/Pomorskie/80- Szczecin/Zachodniopomorskie/71-
    Lublin/Lubelskie/20-""",
    "GR": """Athina/Attiki/105 Thessaloniki/Makedonia/546 Patra/Achaia/262 Irakleio/Kriti/713
    Larisa/Thessalia/412""",
    "BG": "Sofia/Sofia/10 Plovdiv/Plovdiv/40 Varna/Varna/90 Burgas/Burgas/80 Ruse/Ruse/70",
    "CN": """Beijing/Beijing/1000 Shanghai/Shanghai/2000 Guangzhou/Guangdong/5100
    Shenzhen/Guangdong/5180 Chengdu/Sichuan/6100 Wuhan/Hubei/4300""",
}
_STREET_NAMES = {
    "GB": """Church Victoria Albert Station Park Queens Kings Mill Green Manor School Chapel Grange
    Highfield Springfield George York Windsor Alexandra Stanley Nelson Wellington Oxford
    Cambridge Richmond Clarence Oak Elm Beech Willow Cedar Rowan Priory Castle Bridge Meadow
    Orchard Woodland Hillside Lansdowne Belmont Cromwell Gladstone Milton Shakespeare Tennyson
    Bramley Canterbury Durham Lincoln""",
    "US": """
    Oak Maple Cedar Pine Washington Lincoln Jefferson Madison Jackson Franklin Highland Sunset
    Lake Hill Ridge Park Walnut Chestnut Spring River Willow Forest Meadow Church Center Mill
    Spruce Dogwood Hickory Magnolia Juniper Sycamore Laurel Aspen Birch Elm Cherry Railroad
    College Prospect Adams Monroe Harrison Grant Sherman Cleveland Roosevelt Kennedy Wilson
    Taylor""",
    "DE": """Haupt Schul Garten Bahnhof Dorf Berg Linden Wald Kirch Ring Wiesen Mühlen Feld Rosen
    Birken Goethe Schiller Mozart Beethoven Bismarck Kaiser König Friedrich Wilhelm Ahorn
    Buchen Tannen Eichen Sonnen Brunnen""",
    "FR": """de la République|Victor Hugo|du Général de Gaulle|Jean Jaurès|de la Gare|des Écoles|de
    l'Église|Pasteur |du Moulin|des Lilas|de la Paix|du 8 Mai 1945|Gambetta|des Fleurs|du
    Stade|de Verdun|Jules Ferry|des Rosiers |de la Fontaine|du Château|Émile Zola|des
    Vignes|du Lac|Molière|Voltaire|Saint-Martin|des Acacias|Carnot""",
    "PL": """Polna Leśna Słoneczna Krótka Szkolna Ogrodowa Lipowa Brzozowa Łąkowa Kwiatowa Kościelna
    Sosnowa Zielona Parkowa Akacjowa Kolejowa Mickiewicza Sienkiewicza Kościuszki Słowackiego
    Żeromskiego Kopernika Długa Piaskowa""",
    "GR": """
    Ermou Stadiou Athinas Panepistimiou Akadimias Solonos Patision Kifisias Egnatia Tsimiski
    Venizelou Agiou Mitropoleos Ippokratous Filellinon""",
    "BG": """
    Vitosha Rakovski Shipka Levski Botev Patriarh Slivnitsa Bulgaria Oborishte Tsar Dondukov
    Graf Hadzhi Pirotska Solunska""",
    "CN": """Renmin Zhongshan Jiefang Nanjing Beijing Jianshe Heping Xinhua Wenhua Guangming Changan
    Huaihai Tianhe""",
}
_STREET_KINDS = {
    "GB": ("Road", "Street", "Lane", "Avenue", "Close", "Drive", "Gardens", "Terrace"),
    "US": ("Street", "Avenue", "Drive", "Lane", "Road", "Court", "Boulevard", "Place"),
    "FR": ("rue", "avenue", "boulevard", "place", "chemin"),
    "CN": ("Road", "Street"),
}
CALLING_CODES = {
    "GB": "44",
    "US": "1",
    "DE": "49",
    "FR": "33",
    "PL": "48",
    "GR": "30",
    "BG": "359",
    "CN": "86",
}
TRUNK_PREFIXES = {
    "GB": "0",
    "US": "",
    "DE": "0",
    "FR": "0",
    "PL": "",
    "GR": "",
    "BG": "0",
    "CN": "",
}
_MOBILES = {
    "GB": ("771 772 773 774 775 776 785 786 787 795 796 797", 7),
    "US": (
        "212 213 214 215 303 305 312 404 415 503 512 602 612 614 615 617 619 702 713 718 720 773"
        " 818 858 917 919",
        7,
    ),
    "DE": ("1511 1512 1514 1515 1520 1522 1525 1570 1573 1575 1577 1590", 7),
    "FR": ("60 61 62 64 65 66 67 68", 7),
    "PL": (
        "501 502 503 504 601 602 603 604 605 606 607 608 609 691 692 693 694 695 696 697 698",
        6,
    ),
    "GR": ("694 697 698 693", 7),
    "BG": ("878 885 887 888 889 898 899", 6),
    "CN": ("138 139 136 150 158 186 188", 8),
}
_LETTERS = np.array(list("ABDEFGHJLNPQRSTUWXYZ"), dtype=object)


def digits(rng: np.random.Generator, count: int, width: int) -> Texts:
    """`count` random texts of `width` digits."""
    numbers = rng.integers(0, 10**width, size=count)
    return np.array([f"{number:0{width}d}" for number in numbers.tolist()], dtype=object)


def pick(rng: np.random.Generator, count: int, choices: tuple[str, ...] | list[str]) -> Texts:
    """`count` even draws from `choices`."""
    chosen: Texts = np.array(choices, dtype=object)[rng.integers(0, len(choices), size=count)]
    return chosen


def together(*parts: Texts | str) -> Texts:
    """The texts of all parts, row by row, without anything between them."""
    out: Texts = np.array("", dtype=object)
    for part in parts:
        out = out + part
    return out


@dataclass(frozen=True)
class Addresses:
    """Parallel arrays of postal addresses of one country."""

    street: Texts
    city: Texts
    region: Texts
    postcode: Texts


@cache
def cities(country: str) -> tuple[tuple[str, str, str], ...]:
    """(city, region, head of its postcodes) of a country."""
    text = " ".join(_CITIES[country].split())
    entries: list[tuple[str, str, str]] = []
    parts = text.split("/")
    city = parts[0]
    for region, tail in zip(parts[1::2], parts[2::2], strict=True):
        head, _, following = tail.partition(" ")
        entries.append((city, region, head))
        city = following
    return tuple(entries)


@cache
def _street_names(country: str) -> tuple[str, ...]:
    text = " ".join(_STREET_NAMES[country].split())
    return tuple(name.strip() for name in (text.split("|") if "|" in text else text.split()))


def _postcode_tail(rng: np.random.Generator, country: str, count: int) -> Texts:
    if country == "GB":
        letters = _LETTERS[rng.integers(0, 20, (2, count))]
        return together(" ", digits(rng, count, 1), letters[0], letters[1])
    if country == "GR":
        return together(" ", digits(rng, count, 2))
    return digits(rng, count, {"PL": 3}.get(country, 2))


def _streets(rng: np.random.Generator, country: str, count: int) -> Texts:
    number = rng.integers(1, 190, size=count).astype(str).astype(object)
    name = pick(rng, count, _street_names(country))
    kinds = _STREET_KINDS.get(country)
    if kinds and country == "FR":
        return together(number, " ", pick(rng, count, kinds), " ", name)
    if kinds:
        flat = np.where(rng.random(count) < 0.12, "Flat " + digits(rng, count, 1) + ", ", "")
        return together(flat, number, " ", name, " ", pick(rng, count, kinds))
    before, after = {"DE": ("", "straße "), "PL": ("ul. ", " ")}.get(country, ("", " "))
    return together(before, name, after, number)


def draw_addresses(rng: np.random.Generator, country: str, count: int) -> Addresses:
    """`count` addresses whose postcode fits the city."""
    table = np.array(cities(country), dtype=object)
    chosen = table[rng.integers(0, len(table), size=count)]
    return Addresses(
        street=_streets(rng, country, count),
        city=chosen[:, 0],
        region=chosen[:, 1],
        postcode=chosen[:, 2] + _postcode_tail(rng, country, count),
    )


def draw_mobiles(rng: np.random.Generator, country: str, count: int) -> Texts:
    """`count` national significant numbers of mobile telephones."""
    prefixes, width = _MOBILES[country]
    if country == "US":
        exchange = pick(rng, count, list("23456789")), pick(rng, count, list("023456789"))
        return together(pick(rng, count, prefixes.split()), *exchange, digits(rng, count, 5))
    return together(pick(rng, count, prefixes.split()), digits(rng, count, width))


def _grouped(country: str, number: str) -> str:
    """National form with the country's usual gaps."""
    if country == "US":
        return f"({number[:3]}) {number[3:6]}-{number[6:]}"
    if country == "FR":
        full = "0" + number
        return " ".join(full[i : i + 2] for i in range(0, 10, 2))
    if country == "GB":
        return f"0{number[:4]} {number[4:]}"
    if country == "DE":
        return f"0{number[:3]} {number[3:]}"
    return f"{TRUNK_PREFIXES[country]}{number[:3]} {number[3:6]} {number[6:]}"


def _international(country: str, number: str) -> str:
    return f"+{CALLING_CODES[country]} {number[:3]} {number[3:6]} {number[6:]}"


def _bracketed(country: str, number: str) -> str:
    trunk = TRUNK_PREFIXES[country]
    inner = f"({trunk})" if trunk else ""
    return f"+{CALLING_CODES[country]} {inner}{number[:3]} {number[3:]}"


def format_phone(style: str, country: str, number: str) -> str:
    """A national significant number as people and systems of the country write it."""
    match style:
        case "grouped":
            return _grouped(country, number)
        case "plain":
            return TRUNK_PREFIXES[country] + number
        case "international":
            return _international(country, number)
        case "bracketed":
            return _bracketed(country, number)
        case "zeros" if country not in ("US", "CN"):
            return f"00{CALLING_CODES[country]}{number}"
        case _:
            return f"+{CALLING_CODES[country]}{number}"
