"""Every dial of the demo company: how often each distortion happens, how much each feed holds."""

from dataclasses import dataclass

DISTORTIONS = (
    "nickname",
    "typo",
    "swapped_names",
    "maiden_name",
    "moved_house",
    "new_phone",
    "shared_family_email",
    "twins",
    "father_and_son",
    "recycled_phone",
    "placeholder_birth_date",
    "junk_email",
    "accents_and_scripts",
    "upper_case",
    "date_formats",
    "duplicate_in_source",
    "missing_values",
)


@dataclass(frozen=True)
class PersonRates:
    """Shares of people (or of households, where said so) to whom something happened."""

    twins_per_large_household: float = 0.14
    father_and_son_per_family: float = 0.09
    shared_email_per_household: float = 0.16
    moved_house: float = 0.16
    new_phone: float = 0.16
    maiden_name_of_women: float = 0.14
    recycled_phone: float = 0.02
    second_email: float = 0.42


@dataclass(frozen=True)
class RecordRates:
    """Shares of the records that can show a distortion (old phone: only of people who have one)."""

    nickname: float = 0.22
    typo: float = 0.07
    swapped_names: float = 0.02
    maiden_name: float = 0.45
    moved_house: float = 0.45
    new_phone: float = 0.45
    shared_family_email: float = 0.6
    placeholder_birth_date: float = 0.03
    junk_email: float = 0.03
    accents_and_scripts: float = 0.4
    upper_case: float = 0.05
    date_formats: float = 0.10
    missing_values: float = 0.08
    duplicate_in_source: float = 0.04


@dataclass(frozen=True)
class FeedRates:
    """Share of people whom each feed of people describes."""

    crm_contact: float = 0.76
    shop_account: float = 0.80
    pos_loyalty_member: float = 0.56
    newsletter_subscriber: float = 0.48
    support_ticket: float = 0.27
    social_profile: float = 0.25


@dataclass(frozen=True)
class Volumes:
    """Means per record that can have them: an account, a member, a subscriber, a profile."""

    orders_per_account: float = 3.2
    lines_per_order: float = 2.2
    retold_orders: float = 0.12
    receipts_per_member: float = 3.8
    anonymous_receipts: float = 0.25
    lines_per_receipt: float = 2.0
    sessions_per_person: float = 8.0
    page_views_per_session: float = 2.9
    recommended_lists: float = 0.15
    messages_per_recipient: float = 8.6
    open_rate: float = 0.32
    click_rate: float = 0.22
    unsubscribe_rate: float = 0.004
    first_day_of_people: float = 0.6
    first_day_of_events: float = 0.75


PERSON_RATES = PersonRates()
RECORD_RATES = RecordRates()
FEED_RATES = FeedRates()
VOLUMES = Volumes()
