"""People whom tests erase: a twin, one who shares an e-mail, one of two systems; and who stays."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import functions as F

from lakehouse.columns.keys import record_key
from tests.support.lake import SmallLake


@dataclass(frozen=True)
class Person:
    """One person of the files: a contact, and an account where `account` names one."""

    contact: str
    given: str
    family: str
    born: str
    email: str
    phone: str
    street: str
    account: str | None = None
    order: str | None = None

    def values(self) -> list[str]:
        """What tells this person from all others."""
        told = [self.contact, self.phone.replace(" ", ""), self.account, self.order]
        return [value for value in told if value is not None]


TILDA = Person("C90000001", "Tilda", "Zwillinga", "1980-02-01", "tilda.zwillinga@posteo.de",
               "+49 1512 3456781", "Doppelweg 7", "A90000001", "W9000001")  # fmt: skip
TALEA = Person("C90000002", "Talea", "Zwillinga", "1980-02-01", "talea.zwillinga@posteo.de",
               "+49 1512 3456782", "Doppelweg 7")  # fmt: skip
KONRAD = Person("C90000003", "Konrad", "Sharefeld", "1971-11-23", "familie.sharefeld@posteo.de",
                "+49 1512 3456783", "Teilgasse 11")  # fmt: skip
ULRIKE = Person("C90000004", "Ulrike", "Sharefeld", "1975-06-17", "familie.sharefeld@posteo.de",
                "+49 1512 3456784", "Teilgasse 11")  # fmt: skip
MERGOLA = Person("C90000005", "Mergola", "Einsmann", "1966-08-09", "mergola.einsmann@posteo.de",
                 "+49 1512 3456785", "Einigkeitsring 99", "A90000005", "W9000005")  # fmt: skip

ERASED, STAYING = (TILDA, KONRAD, MERGOLA), (TALEA, ULRIKE)
VALUES = [
    *(value for person in ERASED for value in person.values()),
    *("tilda.zwillinga@posteo.de", "mergola.einsmann@posteo.de", "Einigkeitsring 99"),
    *("Mergola", "Tilda", "Konrad Sharefeld"),
]
"""What only the erased have: the twins share an address and a name, the couple an e-mail."""

_FIRM = "empfang@werft-kontor.de"
BOUND_ERASED = (
    Person("C90000007", "Verena", "Bleibtreu", "1969-04-12", "v.bleibtreu@posteo.de",
           "+49 1512 3456786", "Umzugsallee 8"),
    Person("C90000010", "Arvid", "Brodersen", "1961-01-10", _FIRM, "+49 1512 3456710", "Kaistieg 1"),
)  # fmt: skip
BOUND_STAYING = (
    Person("C90000006", "Verena", "Bleibtreu", "1969-04-12", "verena.bleibtreu@posteo.de",
           "+49 1512 3456786", "Bleibeweg 3"),
    Person("C90000011", "Carsta", "Drewes", "1962-02-11", _FIRM, "+49 1512 3456711", "Moorende 2"),
    Person("C90000012", "Eilert", "Focke", "1963-03-12", _FIRM, "+49 1512 3456712", "Deichtor 3"),
    Person("C90000013", "Gesche", "Harms", "1964-04-13", _FIRM, "+49 1512 3456713", "Sielwall 4"),
    Person("C90000014", "Imke", "Jessen", "1965-05-14", _FIRM, "+49 1512 3456714", "Torfkahn 5"),
    Person("C90000015", "Klaas", "Lührs", "1967-06-15", _FIRM, "+49 1512 3456715", "Wattgang 6"),
    Person("C90000016", "Marten", "Nissen", "1968-07-16", _FIRM, "+49 1512 3456716", "Fleetufer 7"),
)  # fmt: skip
"""Two records of one customer, of which one stays and gives it its id; and seven people of one address of
e-mail, which is one more than may share it."""


def add_people(files: Path, day: str, people: Iterable[Person], orders: bool = True) -> None:
    """Adds these people to the day's files of contacts, accounts and orders."""
    folder = files / "landing" / day
    with (folder / f"crm_contact-{day}.csv").open("a", encoding="windows-1252") as contacts:
        for p in people:
            born = "/".join(reversed(p.born.split("-")))
            contacts.write(
                f'{p.contact},{p.given},,{p.family},,{born},F,{p.email},,{p.phone},,"{p.street}",Bremen,,28195,'
                f"DE,,05/07/2022,{day}T03:00:00Z\n"
            )
    with (folder / f"shop_account-{day}.jsonl").open("a", encoding="utf-8") as accounts:
        for p in people:
            if p.account is not None:
                accounts.write(f"{json.dumps(_account(p, day))}\n")
                # A record that cannot be cut: quarantine keeps it as it came.
                accounts.write(f'{{"account_id":"{p.account}","email":"{p.email}", broken\n')
    with (folder / f"shop_order-{day}.jsonl").open("a", encoding="utf-8") as lines:
        for p in people:
            if orders and p.order is not None:
                lines.write(f"{json.dumps(_order(p, day))}\n")


def _account(p: Person, day: str) -> dict[str, object]:
    address = {"country": "DE", "street": p.street, "city": "Bremen", "postcode": "28195"}
    return {
        "account_id": p.account, "op": "upsert", "given_name": p.given, "family_name": p.family,
        "birth_date": p.born, "email": p.email, "phone": p.phone, "marketing_opt_in": "no",
        "registered_on": "2025-01-02", "address": address, "updated_at": f"{day}T01:00:00Z",
    }  # fmt: skip


def _order(p: Person, day: str) -> dict[str, object]:
    line = {"line_no": 1, "sku": "SKU-00016", "qty": 2, "unit_price": "22.47", "amount": "44.94"}
    at = f"{day}T01:30:00Z"
    return {
        "order_id": p.order, "account_id": p.account, "ordered_at": at, "updated_at": at,
        "status": "PAID", "currency": "EUR", "total": "44.94", "lines": [line],
    }  # fmt: skip


def keys_of(small: SmallLake, people: Sequence[Person]) -> list[str]:
    """The record keys of these people's contacts and accounts."""
    secret = small.settings.lake.secret.get_secret_value()
    ids = [("crm", "contact", p.contact) for p in people]
    ids += [("shop", "account", p.account) for p in people if p.account is not None]
    keys = [record_key(secret, F.lit(s), F.lit(e), F.lit(i)) for s, e, i in ids]
    (row,) = small.lake.spark.range(1).select(F.array(*keys).alias("keys")).collect()
    return list(row["keys"])
