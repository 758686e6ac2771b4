"""What the stages count, as totals and spread over buckets; and that every metric keeps to Prometheus' customs."""

import re
from collections.abc import Iterable

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from prometheus_client.parser import text_string_to_metric_families

from bot.ops.metrics import Metrics
from bot.tracking.measures import METRICS, Kind, Metric, Reading, Spread
from bot.tracking.tally import Tally

CALLS = next(metric for metric in METRICS if metric.name == "rushes_telegram_calls")
LAG = next(metric for metric in METRICS if metric.name == "rushes_event_loop_lag_seconds")
LATEST = next(metric for metric in METRICS if metric.name == "rushes_last_success_timestamp_seconds")


def test_a_value_on_a_bound_is_in_the_bucket_below_it() -> None:
    spread = Spread((0.1, 1, 10))
    for value in (0.0, 0.1, 0.11, 1.0, 10.0, 10.5, 1e9):
        spread.observe(value)
    assert spread.up_to() == [("0.1", 2), ("1.0", 4), ("10.0", 5), ("+Inf", 7)]
    assert spread.sum == pytest.approx(1e9 + 21.71)


def test_totals_go_on_when_the_books_are_written() -> None:
    tally = Tally()
    tally.count("poll", "ok", "apipod")
    tally.add(CALLS, "sendMessage", "ok")
    tally.settle(tally.pending())
    tally.add(CALLS, "sendMessage", "ok")
    tally.add(CALLS, "sendMessage", "throttled")
    assert [(reading.labels, reading.value) for reading in tally.readings()] == [
        (("sendMessage", "ok"), 2),
        (("sendMessage", "throttled"), 1),
    ]


def test_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    tally = Tally()
    tally.observe(LAG, -5.0)
    (reading,) = tally.readings()
    assert isinstance(reading.value, Spread)
    assert (reading.value.sum, reading.value.up_to()[0]) == (0.0, ("0.005", 1))


def test_of_what_is_noted_the_latest_counts() -> None:
    tally = Tally()
    for moment in (1.0, 2.0):
        tally.note(LATEST, moment, "poll")
    assert list(tally.readings()) == [Reading(LATEST, 2.0, ("poll",))]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_named_by_custom(metric: Metric) -> None:
    assert re.fullmatch(r"rushes(_[a-z]+)+", metric.name)
    assert not metric.name.endswith(("_total", "_count", "_sum", "_bucket"))
    assert metric.says.endswith(".")
    assert (metric.kind is Kind.HISTOGRAM) == bool(metric.buckets)
    assert list(metric.buckets) == sorted(set(metric.buckets))
    assert not {"le", "id", "chat", "user", "task"} & set(metric.labels)


async def test_every_metric_is_shown_before_anything_has_happened() -> None:
    text = await exposed([])
    shown = {family.name: family for family in text_string_to_metric_families(text)}
    for metric in METRICS:
        family = shown[metric.name]
        assert (family.type, family.documentation, family.samples) == (metric.kind.value, metric.says, [])


async def test_what_was_measured_reads_back_as_it_was() -> None:
    tally = Tally()
    tally.add(CALLS, "sendMessage", 'a "word"\nwith \\ everything')
    for value in (0.003, 0.2, 99.0):
        tally.observe(LAG, value)
    samples = {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(await exposed(tally.readings()))
        for one in family.samples
    }
    assert samples["rushes_telegram_calls_total", "sendMessage", 'a "word"\nwith \\ everything'] == 1
    assert samples["rushes_event_loop_lag_seconds_bucket", "0.005"] == 1
    assert samples["rushes_event_loop_lag_seconds_bucket", "0.25"] == 2
    assert samples["rushes_event_loop_lag_seconds_bucket", "30.0"] == 2
    assert samples["rushes_event_loop_lag_seconds_bucket", "+Inf"] == 3
    assert samples["rushes_event_loop_lag_seconds_count",] == 3
    assert samples["rushes_event_loop_lag_seconds_sum",] == pytest.approx(99.203)


async def test_a_reading_without_its_labels_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="shorter"):
        await exposed([Reading(CALLS, 1, ("sendMessage",))])


async def exposed(readings: Iterable[Reading]) -> str:
    async def read() -> Iterable[Reading]:
        return readings

    (route,) = Metrics(read).routes()
    answer = await route.handler(make_mocked_request("GET", "/metrics"))
    assert isinstance(answer, web.Response)
    assert isinstance(answer.body, bytes)
    return answer.body.decode()
