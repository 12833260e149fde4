"""gold.customer_contact_point: every address under which a customer was ever to be reached."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.decided_address import decided_address
from lakehouse.gold.identity import customer_records
from lakehouse.gold.offers import changed_at
from lakehouse.gold.trust import STEWARD

_SHOWN_BY = {"email": "email", "phone": "phone", "street": "address"}
"""Golden attribute whose source record makes a contact point of that type primary."""


_ADDRESS = ("street", "city", "region", "postcode", "country")

_POINT = ("customer_id", "contact_type", "contact_value")
_CONTACT = (
    *_POINT,
    "record_key",
    "source_system",
    "written_value",
    "first_seen_at",
    "last_seen_at",
)


def customer_contact_point(
    customer_attribute: DataFrame,
    person_record: DataFrame,
    identity_map: DataFrame,
    previous: DataFrame,
) -> DataFrame:
    """One row per customer, contact type and normalised value that any of the records gives or gave.

    Key: customer_id, contact_type, contact_value. Columns: those of gold.customer_contact_point.
    A record without a street has no address to write to. Addresses that only an event names (a consent,
    a message) are not among them: it says who it was by a record, which has its own. What a steward
    decided is primary, and no record's.

    Args:
        customer_attribute: gold.customer_attribute, which says what is primary.
        person_record: silver.person_record.
        identity_map: linkage.identity_map.
        previous: this table as the last release has it. What an earlier version of a record gave
            stays, with its date, and goes where the record goes; with a record that is gone from
            its source it is gone. What came and went between two releases nobody has seen.
    """
    given = _given(person_record, identity_map, customer_attribute)
    former = _former(previous, person_record, identity_map)
    return (
        _by_record(given.unionByName(former).unionByName(_decided(customer_attribute)))
        .groupBy(*_POINT)
        .agg(
            F.max("newest")["written_value"].alias("written_value"),
            F.bool_or("is_primary").alias("is_primary"),
            F.sort_array(F.collect_set("source_system")).alias("sources"),
            F.sort_array(F.collect_set("record_key")).alias("record_keys"),
            _of_records("last_seen_at").alias("record_seen_at"),
            _of_records("first_seen_at").alias("record_first_seen_at"),
            F.min("first_seen_at").alias("first_seen_at"),
            F.max("last_seen_at").alias("last_seen_at"),
            F.when(~F.bool_or("is_given"), F.max("last_seen_at")).alias("outdated_at"),
        )
    )


def _of_records(moment: str) -> Column:
    """The moment by record; a steward's decision has none."""
    entry = F.when(F.col("record_key").isNotNull(), F.struct("record_key", moment))
    return F.map_from_entries(F.array_sort(F.collect_list(entry)))


def _by_record(contacts: DataFrame) -> DataFrame:
    """One row per contact point and record: what it gives today and what it gave before, together.

    What the same version gave then and does not now was taken back by our own reading of it.
    """
    newest = F.struct("last_seen_at", "is_given", "record_key", "written_value")
    return (
        contacts.groupBy(*_POINT, "record_key", "source_system")
        .agg(
            F.max(newest).alias("newest"),
            F.bool_or("is_given").alias("is_given"),
            F.bool_or("is_primary").alias("is_primary"),
            F.bool_or("is_told").alias("is_told"),
            F.min("first_seen_at").alias("first_seen_at"),
            F.max("last_seen_at").alias("last_seen_at"),
        )
        .where("is_told")
    )


def _given(
    person_record: DataFrame, identity_map: DataFrame, customer_attribute: DataFrame
) -> DataFrame:
    """One row per contact that a record gives today."""
    records = customer_records(
        person_record,
        identity_map,
        "record_key",
        "source_system",
        F.least(F.col("created_date").cast("timestamp"), changed_at(F.col)).alias("first_seen_at"),
        F.col("sequence_at").alias("last_seen_at"),
        F.explode(F.filter(_contacts(), lambda c: c["contact_value"].isNotNull())).alias("contact"),
    ).select("*", "contact.*")
    shown = F.col("shown")[F.col("contact_type")] == F.col("record_key")
    is_primary = F.coalesce(F.col("can_be_primary") & shown, F.lit(False))
    return records.join(_shown(customer_attribute), on="customer_id", how="left").select(
        *_CONTACT, is_primary.alias("is_primary"), *_told(F.lit(True), is_given=True)
    )


def _decided(customer_attribute: DataFrame) -> DataFrame:
    """One row per contact that a steward has decided."""
    by_steward = F.col("rule") == STEWARD
    numbers = customer_attribute.where(
        by_steward & F.col("attribute").isin("email", "phone") & F.col("value").isNotNull()
    ).select(
        "customer_id",
        F.col("attribute").alias("contact_type"),
        F.col("value").alias("contact_value"),
        F.col("value").alias("written_value"),
        F.col("sequence_at").alias("decided_at"),
    )
    addresses = decided_address(customer_attribute).select(
        "customer_id",
        F.lit("address").alias("contact_type"),
        _address_value().alias("contact_value"),
        F.concat_ws(", ", *_ADDRESS).alias("written_value"),
        "decided_at",
    )
    return numbers.unionByName(addresses).select(
        *_POINT,
        F.lit(None).cast("string").alias("record_key"),
        F.lit(STEWARD).alias("source_system"),
        "written_value",
        F.col("decided_at").alias("first_seen_at"),
        F.col("decided_at").alias("last_seen_at"),
        F.lit(True).alias("is_primary"),
        *_told(F.lit(True), is_given=True),
    )


def _former(previous: DataFrame, person_record: DataFrame, identity_map: DataFrame) -> DataFrame:
    """One row per contact that the last release has of a record that is there still.

    `is_told` of what an earlier version of the record gave: of this version it is told by what it gives.
    """
    told = previous.select("*", F.explode("record_seen_at").alias("record_key", "seen_at")).select(
        "record_key",
        F.col("seen_at").alias("last_seen_at"),
        "contact_type",
        "contact_value",
        "written_value",
        # Null in a table that was written before the column was.
        F.coalesce(F.col("record_first_seen_at")[F.col("record_key")], "first_seen_at").alias(
            "first_seen_at"
        ),
    )
    living = customer_records(
        person_record, identity_map, "record_key", "source_system", "sequence_at"
    )
    return (
        told.join(living, on="record_key", how="inner")
        .where(F.col("last_seen_at") <= F.col("sequence_at"))
        .select(
            *_CONTACT,
            F.lit(False).alias("is_primary"),
            *_told(F.col("last_seen_at") < F.col("sequence_at"), is_given=False),
        )
    )


def _told(is_told: Column, *, is_given: bool) -> tuple[Column, Column]:
    return F.lit(is_given).alias("is_given"), is_told.alias("is_told")


def _shown(customer_attribute: DataFrame) -> DataFrame:
    """One row per customer: `shown`, from contact type to the record that gold.customer shows."""
    kind = F.coalesce(
        *(F.when(F.col("attribute") == name, F.lit(kind)) for name, kind in _SHOWN_BY.items())
    )
    is_of_record = kind.isNotNull() & (F.col("rule") != STEWARD)
    entry = F.when(is_of_record, F.struct(kind, F.col("record_key")))
    return customer_attribute.groupBy("customer_id").agg(
        F.map_from_entries(F.collect_list(entry)).alias("shown")
    )


def _address_value() -> Column:
    """An address in match form, or as written where its street has none; null without a street.

    The country is told where no postal code is, as many a record leaves it out.
    """
    country = F.when(F.col("postcode_match").isNull(), F.lower("country"))
    match = F.concat_ws(", ", "street_match", "city_match", "postcode_match", country)
    return F.when(F.col("street_match").isNotNull(), match).when(
        F.col("street").isNotNull(), F.lower(F.concat_ws(", ", *_ADDRESS))
    )


def _contacts() -> Column:
    written = F.concat_ws(", ", *_ADDRESS)
    # A number without its country cannot be dialled from anywhere, but it is how they were reached.
    phone = F.coalesce("phone", "phone_match")
    second_phone = F.coalesce("secondary_phone", "secondary_phone_match")
    return F.array(
        _contact("email", F.col("email"), F.col("email"), can_be_primary=True),
        _contact("email", F.col("secondary_email"), F.col("secondary_email"), can_be_primary=False),
        _contact("phone", phone, phone, can_be_primary=True),
        _contact("phone", second_phone, second_phone, can_be_primary=False),
        _contact("address", _address_value(), written, can_be_primary=True),
    )


def _contact(kind: str, value: Column, written: Column, can_be_primary: bool) -> Column:
    return F.struct(
        F.lit(kind).alias("contact_type"),
        value.alias("contact_value"),
        written.alias("written_value"),
        F.lit(can_be_primary).alias("can_be_primary"),
    )
