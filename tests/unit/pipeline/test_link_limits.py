"""A run whose links are beyond the limits of conf publishes nothing and says why."""

import logging

import pytest

from lakehouse.errors import QualityGateError
from lakehouse.pipeline.link_limits import Measure, require_within_limits
from lakehouse.settings.linkage import LinkageMetric
from lakehouse.settings.load import load_settings


def test_a_metric_beyond_its_limit_stops_the_run_and_is_named_with_its_value() -> None:
    found = [
        Measure("merged_customer_share", 0.31, 0.05, 0.25),
        Measure("split_customer_share", 0.1, 0.02, 0.1),
        Measure("moved_record_share", None, 0.02, 0.2),
        Measure("largest_customer_records", 2000.0, 100, 1000),
    ]
    with pytest.raises(QualityGateError) as stopped:
        require_within_limits(found)
    assert "merged_customer_share is 0.31, above 0.25" in stopped.value.what
    assert "largest_customer_records is 2000, above 1000" in stopped.value.what
    assert "split" not in stopped.value.what
    assert "moved" not in stopped.value.what


def test_a_metric_above_its_lower_limit_is_warned_of_and_lets_the_run_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        require_within_limits([Measure("moved_record_share", 0.03, 0.02, 0.2)])
    assert "moved_record_share is 0.03, above 0.02" in caplog.text


def test_a_run_whose_pairs_are_gone_is_warned_of_and_then_stopped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    few = Measure("pair_density", 0.5, None, None, warn_below=0.6, fail_below=0.3)
    with caplog.at_level(logging.WARNING):
        require_within_limits([few])
    assert "pair_density is 0.5, below 0.6" in caplog.text

    fewer = Measure("pair_density", 0.2, None, None, warn_below=0.6, fail_below=0.3)
    with pytest.raises(QualityGateError) as stopped:
        require_within_limits([fewer])
    assert "pair_density is 0.2, below 0.3" in stopped.value.what


def test_a_metric_at_its_limit_or_without_a_value_is_within(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        require_within_limits(
            [
                Measure("pair_density", 0.6, 0.6, 0.6, warn_below=0.6, fail_below=0.6),
                Measure("pair_density", None, 0.1, 0.1, warn_below=0.6, fail_below=0.6),
            ]
        )
    assert not caplog.records


def test_every_limit_of_conf_is_one_that_a_run_can_exceed() -> None:
    settings = load_settings("test").linkage
    most = {metric: 1.0 for metric in settings.quality.metrics if metric.endswith("_share")} | {
        LinkageMetric.LARGEST_CUSTOMER_RECORDS: settings.guards.max_cluster_records
    }
    limits = settings.quality.metrics

    assert most.keys() < limits.keys()
    for metric, bound in most.items():
        assert all(
            limit is None or limit < bound for limit in (limits[metric].warn, limits[metric].fail)
        )


def test_conf_tells_of_every_block_that_is_left_out() -> None:
    limits = load_settings("test").linkage.quality.metrics
    left_out = (LinkageMetric.OVERSIZED_BLOCKS, LinkageMetric.OVERSIZED_BLOCK_PAIRS)
    assert [limits[metric].warn for metric in left_out] == [0, 0]


def test_conf_warns_of_chains_and_of_what_has_grown_together_before_it_is_cut() -> None:
    settings = load_settings("test").linkage
    chains = (LinkageMetric.BRIDGE_SHARE, LinkageMetric.LOOSE_CUSTOMER_SHARE)
    component = settings.quality.metrics[LinkageMetric.LARGEST_COMPONENT_RECORDS]
    density = settings.quality.metrics[LinkageMetric.PAIR_DENSITY]

    assert all(settings.quality.metrics[metric].fail for metric in chains)
    assert density.warn_below
    assert density.fail_below
    assert component.warn == settings.guards.max_cluster_records
    assert component.fail
