"""What the commands tell of a lake and of files of people, on a real session."""

import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import InputError, NotFoundError
from lakehouse.linkage.artefact import latest_model
from lakehouse.pipeline import commands
from tests.support.lake import DAY_2, FEEDS, SmallLake, copy_of

# Every person is in the file twice: whole, and with two letters of the name swapped and no phone.
GIVEN = ("Anna", "Bruno", "Carla", "Dimitri", "Elena", "Frank", "Greta", "Hugo", "Irene", "Jakob")
FAMILY = ("Abelson", "Bauermann", "Conradi", "Dietzfeld", "Ebertson", "Fuchsberg", "Grafton")
HEAD = "record_id,given_name,family_name,birth_date,email,phone,postcode"


def people_lines(count: int) -> list[str]:
    chance = random.Random(5)  # noqa: S311 (made-up people)
    lines = []
    for n in range(count):
        given, family = chance.choice(GIVEN), chance.choice(FAMILY) + chance.choice(FAMILY).lower()
        born = f"{1940 + n % 60}-{1 + n % 12:02d}-{1 + n % 28:02d}"
        email, phone, postcode = f"{given}.{n}@example.org", f"+4420794{n:05d}", f"N{n % 40} 1AA"
        swapped = family[:3] + family[4] + family[3] + family[5:]
        lines += [
            f"{n}a,{given},{family},{born},{email},{phone},{postcode}",
            f"{n}b,{given},{swapped},{born},{email},,{postcode}",
        ]
    return lines


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of 200 people in 400 records, and `truth.csv` beside it."""
    monkeypatch.setenv("C360_WORK_DIR", str(tmp_path / "work"))
    lines = people_lines(200)
    truth = [f"{line.partition(',')[0]},{line.partition(',')[0][:-1]}" for line in lines]
    (tmp_path / "people.csv").write_text("\n".join([HEAD, *lines, ""]), encoding="utf-8")
    (tmp_path / "truth.csv").write_text("\n".join(["record_id,entity_id", *truth, ""]))
    return tmp_path / "people.csv"


@pytest.mark.parametrize("engine", [pytest.param("spark", marks=pytest.mark.slow), "duckdb"])
def test_a_file_of_people_is_linked_and_held_against_the_truth(
    spark: SparkSession, people: Path, engine: str
) -> None:
    out = people.with_name("clusters.parquet")

    said = commands.link(people, out, engine=engine, model=None)
    found = commands.evaluate(out, people.with_name("truth.csv"))

    assert said.lines == [f"400 records are 200 people; {out} says which."]
    assert pq.read_table(out).column_names == ["record_id", "cluster_id"]
    (grid,) = found.grids
    assert grid.title == "400 records, 200 true pairs"
    assert [tuple(row)[1:] for row in grid.rows] == [(1.0, 1.0, 1.0)] * 2


@pytest.mark.slow
def test_header_names_and_birth_dates_may_be_written_in_other_ways_and_what_is_unread_is_counted(
    spark: SparkSession, people: Path
) -> None:
    head, *lines = people.read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines]
    for row in rows:
        row[3] = "/".join(reversed(row[3].split("-")))
    rows[0][3] = "in May 1940"
    for row in rows[:40:2]:
        row[5] = "unknown"
    written = [f" {head.title().replace(',', ' ,')}", *(",".join(row) for row in rows), ""]
    people.write_text("\n".join(written), encoding="utf-8")
    out = people.with_name("clusters.parquet")

    said = commands.link(people, out, engine="duckdb", model=None)

    assert said.lines == [f"400 records are 200 people; {out} says which."]
    (warning,) = said.warnings
    assert warning.startswith("phone: 20 of 200 values could not be used")


@pytest.mark.slow
def test_a_file_of_people_is_linked_by_the_model_of_a_lake(
    small_lake: SmallLake, people: Path
) -> None:
    # Learnt from forty customers, it knows little: what counts is that it is the one that is used.
    model = latest_model(small_lake.settings.linkage.models)
    out = people.with_name("clusters.csv")

    (said,) = commands.link(people, out, engine="duckdb", model=model).lines

    head, *rows = out.read_text(encoding="utf-8").splitlines()
    assert head == '"record_id","cluster_id"'
    clusters = {row.partition(",")[2] for row in rows}
    assert said == f"400 records are {len(clusters)} people; {out} says which."
    with pytest.raises(NotFoundError, match="No linkage model"):
        commands.link(people, out, engine="duckdb", model=model.with_suffix(".gone"))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("people.txt", "record_id,email\n1,a@b.org\n", "neither .csv nor .parquet"),
        ("people.csv", "id,email\n1,a@b.org\n", "needs record_id and at least one more"),
        (
            "people.csv",
            "record_id,email,E-mail, Email\n1,a@b.org,,\n",
            "two columns of the same name",
        ),
        ("people.csv", "record_id,email\n1,a@b.org\n1,c@d.org\n", "record_id is not unique"),
        ("people.csv", "record_id,email\n1,a@b.org\n,c@d.org\n", "record_id is empty in some rows"),
        ("people.parquet", "no parquet", "cannot be read as parquet"),
    ],
)
def test_a_file_that_cannot_be_linked_is_refused_with_what_it_lacks(
    spark: SparkSession, people: Path, name: str, text: str, said: str
) -> None:
    file = people.parent / "given" / name
    file.parent.mkdir()
    file.write_text(text)

    with pytest.raises(InputError, match=said):
        commands.link(file, people.with_name("out.csv"), engine="duckdb", model=None)


@pytest.mark.parametrize(
    ("clusters", "truth", "said"),
    [
        ("record_id,cluster_id\n1,1\n", "record_id,group\n1,1\n", "record_id and entity_id"),
        ("record_id,group\n1,1\n", "record_id,entity_id\n1,1\n", "record_id and cluster_id"),
    ],
)
def test_files_that_cannot_be_evaluated_are_refused_with_what_they_lack(
    spark: SparkSession, people: Path, clusters: str, truth: str, said: str
) -> None:
    folder = people.parent
    (folder / "found.csv").write_text(clusters)
    (folder / "known.csv").write_text(truth)

    with pytest.raises(InputError, match=said):
        commands.evaluate(folder / "found.csv", folder / "known.csv")


def scores(folder: Path, clusters: str, truth: str) -> tuple[str, list[tuple[object, ...]]]:
    """What `c360 evaluate` says of two such files: its title, and precision, recall and F1 by measure."""
    (folder / "found.csv").write_text(clusters)
    (folder / "known.csv").write_text(truth)
    (grid,) = commands.evaluate(folder / "found.csv", folder / "known.csv").grids
    return grid.title, [tuple(row)[1:] for row in grid.rows]


def test_a_record_whose_truth_is_empty_counts_for_nothing(
    spark: SparkSession, people: Path
) -> None:
    clusters = "record_id,cluster_id\nr1,g1\nr2,g1\nr3,g1\n"
    truth = "record_id,entity_id\nr1,e1\nr2,e1\nr3,\n"

    title, found = scores(people.parent, clusters, truth)

    assert title == "2 records, 1 true pairs"
    assert found == [(1.0, 1.0, 1.0)] * 2


def test_a_file_of_more_than_a_megabyte_may_have_line_breaks_in_its_cells(
    spark: SparkSession, people: Path
) -> None:
    street = "\n".join(["flat 3, house of the long name"] * 60)
    rows = [f'r{n},e{n // 2},"{street}"' for n in range(1000)]
    clusters = "\n".join(["record_id,cluster_id,street", *rows, ""])
    assert len(clusters) > 1_500_000

    title, found = scores(people.parent, clusters, clusters)

    assert title == "1000 records, 500 true pairs"
    assert found == [(1.0, 1.0, 1.0)] * 2


def test_an_id_keeps_its_zeros_below_an_empty_first_line(spark: SparkSession, people: Path) -> None:
    clusters = "\nrecord_id,cluster_id\n007,1\n008,1\n"
    truth = "record_id,entity_id\n007,1\n008,1\n"

    title, found = scores(people.parent, clusters, truth)

    assert title == "2 records, 1 true pairs"
    assert found == [(1.0, 1.0, 1.0)] * 2


def test_every_field_of_every_source_is_assessed(small_lake: SmallLake) -> None:
    grids = {grid.title.split(" ")[0]: grid for grid in commands.sources(small_lake.settings).grids}

    assert sorted(grids) == sorted(FEEDS)
    contact = grids["crm_contact"]
    # The demo's days lie in the past, so that all of them are stale by today.
    assert "100.0 % of its rows are stale" in contact.title
    declared = next(s for s in small_lake.settings.sources if s.name == "crm_contact")
    fields = {str(row[0]): row for row in contact.rows}
    assert [c.name for c in declared.columns if c.name not in fields] == []
    assert fields["contact_id"][1] == 100.0
    assert 0 < float(str(fields["email"][1])) < 100
    assert "person_record.email" in str(fields["email"][3])
    assert "customer.email" in str(fields["email"][4])
    names = [str(row[0]) for row in grids["shop_order"].rows]
    below = names[names.index("lines") + 1 :][:5]
    assert below == [f"lines[].{n}" for n in ("line_no", "sku", "qty", "unit_price", "amount")]
    skus = next(row for row in grids["shop_order"].rows if row[0] == "lines[].sku")
    assert skus[1:4] == (100.0, "none", "order_line.product_id")


@pytest.mark.slow
def test_the_releases_are_listed_newest_first(
    small_lake: SmallLake, company: Path, tmp_path: Path
) -> None:
    mine = copy_of(small_lake, company, tmp_path)
    mine.run("products", DAY_2, ["silver.product"])

    (grid,) = commands.release_list(mine.settings).grids

    assert [(row[0], row[1], row[2], row[5]) for row in grid.rows] == [
        (2, "products", "run", "yes"),
        (1, "day-1", "run", ""),
    ]
