"""Money in one currency: what an amount was worth in the reporting currency on its day."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.settings.facts import MoneySettings

_AMOUNT = "decimal(18,2)"
_RATE = "decimal(18,8)"


def reporting_amount(amount: str, currency: str, day: str, money: MoneySettings) -> Column:
    """The named amount in the reporting currency, by the newest rate that held on that day.

    Null where no rate did, or where it does not fit decimal(18,2). Rounded half up to hundredths.
    """
    rates = _rates(money)
    held = F.filter(rates[F.col(currency)], lambda rate: rate["from_date"] <= F.col(day))
    converted = F.round(F.col(amount) * F.get(held, F.size(held) - 1)["rate"], 2)
    is_reporting = F.col(currency) == money.reporting_currency
    return F.when(is_reporting, F.col(amount)).otherwise(converted).try_cast(_AMOUNT)


def _rates(money: MoneySettings) -> Column:
    """A map from currency to its rates, oldest first."""
    entries = [
        part
        for currency, by_day in sorted(money.rates.items())
        for part in (
            F.lit(currency),
            F.array(
                *(
                    F.struct(F.lit(day).alias("from_date"), F.lit(rate).cast(_RATE).alias("rate"))
                    for day, rate in sorted(by_day.items())
                )
            ),
        )
    ]
    nothing = f"cast(map() as map<string,array<struct<from_date:date,rate:{_RATE}>>>)"
    return F.create_map(*entries) if entries else F.expr(nothing)
