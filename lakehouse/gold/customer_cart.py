"""gold.customer_cart: carts that people filled on the web site, and what became of them."""

from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_order import counted
from lakehouse.gold.money import reporting_amount
from lakehouse.settings.facts import FactSettings, MoneySettings


def customer_cart(
    customer_web_session: DataFrame,
    customer_order: DataFrame,
    product: DataFrame,
    facts: FactSettings,
    as_of: date,
) -> DataFrame:
    """One row per session of a person with a cart. Key: session_key. Columns: those of gold.customer_cart.

    What was put in after a checkout is another cart than what was checked out; a session's last counts. Two
    carts that one order follows are both put down to it: the customer changed the one into the other.
    An order dated after `as_of` has a wrong clock and follows none.
    """
    carts = customer_web_session.where(~F.col("is_bot") & F.col("carted_at").isNotNull())
    carts = carts.withColumn("cart_date", F.to_date("carted_at"))
    until = F.col("carted_at") + F.lit(timedelta(days=facts.web.cart_recovery_days))
    following = F.filter(
        "orders", lambda o: (o["ordered_at"] >= F.col("carted_at")) & (o["ordered_at"] <= until)
    )
    return (
        carts.join(_orders(customer_order, as_of), on="customer_id", how="left")
        .join(_prices(carts, product, facts.money), on="session_key", how="left")
        .withColumn("first", F.get(following, F.lit(0)))
        .select(
            "session_key",
            "customer_id",
            "person_record_key",
            "source_system",
            "carted_at",
            "cart_date",
            F.col("cart_contents").alias("products"),
            F.size("cart_contents").cast("bigint").alias("product_count"),
            "list_amount",
            "currency",
            "list_reporting_amount",
            "cart_state",
            F.col("first.record_key").alias("order_record_key"),
            "first.ordered_at",
        )
    )


def _orders(customer_order: DataFrame, as_of: date) -> DataFrame:
    """One row per customer with an order that counts: these, oldest first."""
    told = F.struct("ordered_at", "record_key")
    return (
        counted(customer_order, as_of)
        .where(F.col("customer_id").isNotNull())
        .groupBy("customer_id")
        .agg(F.array_sort(F.collect_list(told)).alias("orders"))
    )


def _prices(carts: DataFrame, product: DataFrame, money: MoneySettings) -> DataFrame:
    """One row per cart whose products all have a price in one currency: session_key, currency, list_amount
    in that, and list_reporting_amount.
    """
    is_whole = F.count("list_price") == F.count("*")
    return (
        carts.select("session_key", "cart_date", F.explode("cart_contents").alias("product_id"))
        .join(product.select("product_id", "currency", "list_price"), on="product_id", how="left")
        .groupBy("session_key")
        .agg(
            F.min("cart_date").alias("cart_date"),
            F.sum("list_price").try_cast("decimal(18,2)").alias("list_amount"),
            F.min("currency").alias("currency"),
            (is_whole & (F.min("currency") == F.max("currency"))).alias("is_priced"),
        )
        .where("is_priced")
        .select(
            "session_key",
            "currency",
            "list_amount",
            reporting_amount("list_amount", "currency", "cart_date", money).alias(
                "list_reporting_amount"
            ),
        )
    )
