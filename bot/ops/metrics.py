"""`/metrics`: what was measured, in the text formats of Prometheus. Changes nothing, measures nothing itself."""

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web
from aiohttp.hdrs import ACCEPT, CONTENT_TYPE
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import (
    Metric as Family,
)
from prometheus_client.registry import Collector

from bot.tracking.measures import METRICS, Kind, Metric, Reading, Spread

Read = Callable[[], Awaitable[Iterable[Reading]]]

_FAMILIES: dict[Kind, type[CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily]] = {
    Kind.COUNTER: CounterMetricFamily,
    Kind.GAUGE: GaugeMetricFamily,
    Kind.HISTOGRAM: HistogramMetricFamily,
}


class Metrics:
    """`read` tells everything that is known of the bot; of the process and of Python the library's collectors tell."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [web.get("/metrics", self._metrics)]

    async def _metrics(self, request: web.Request) -> web.Response:
        registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        registry.register(_Readings(await self._read()))
        encode, content_type = choose_encoder(",".join(request.headers.getall(ACCEPT, [])))
        return web.Response(body=encode(registry), headers={CONTENT_TYPE: content_type})


class _Readings(Collector):
    """Each metric as a family, also those that nothing is known of yet: so their names are there from the start."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._families = {metric: _FAMILIES[metric.kind](metric.name, metric.says) for metric in METRICS}
        for reading in readings:
            _put(self._families[reading.metric], reading)

    def collect(self) -> Iterable[Family]:
        return self._families.values()


def _put(family: Family, reading: Reading) -> None:
    metric, labels = reading.metric, _labels(reading.metric, reading)
    if isinstance(reading.value, Spread):
        for bound, count in reading.value.up_to():
            family.add_sample(f"{metric.name}_bucket", {**labels, "le": bound}, count)
        family.add_sample(f"{metric.name}_count", labels, sum(reading.value.counts))
        family.add_sample(f"{metric.name}_sum", labels, reading.value.sum)
    else:
        family.add_sample(f"{metric.name}_total" if metric.kind is Kind.COUNTER else metric.name, labels, reading.value)


def _labels(metric: Metric, reading: Reading) -> dict[str, str]:
    return dict(zip(metric.labels, reading.labels, strict=True))
