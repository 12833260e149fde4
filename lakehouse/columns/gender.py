"""Gender as stated, in three words."""

from pyspark.sql import Column
from pyspark.sql import functions as F

_FEMALE = (
    "f",
    "female",
    "w",
    "weiblich",
    "woman",
    "frau",
    "femme",
    "féminin",
    "mujer",
    "vrouw",
)
_MALE = (
    "m",
    "male",
    "man",
    "mann",
    "männlich",
    "herr",
    "homme",
    "masculin",
    "hombre",
    "h",
)
_OTHER = ("o", "other", "d", "divers", "diverse", "x", "nonbinary", "non-binary", "nb")


def gender(text: Column) -> Column:
    """female, male or other; null where the text is none of their usual spellings."""
    word = F.lower(text)
    return (
        F.when(word.isin(*_FEMALE), "female")
        .when(word.isin(*_MALE), "male")
        .when(word.isin(*_OTHER), "other")
    )
