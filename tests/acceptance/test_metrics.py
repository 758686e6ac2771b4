"""What the bot shows of itself over HTTP: its health, and figures that say exactly what happened."""

import re
import sqlite3
from contextlib import closing
from functools import partial

from aiohttp.hdrs import METH_ALL, METH_GET, METH_HEAD
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families

from sandbox.servers import OPERATOR, PERSON
from tests.acceptance.watcher import Scrape, Watcher, free_port, watching
from tests.acceptance.world import World, card_shows, delivered, until

DETECTION = "rushes_detection_to_chat_seconds"


async def test_a_whole_life_in_figures(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="apipod", id="a1-of-the-figures", pace=1.0)
    await person.tell("tasks", provider="token360", id="t1-of-the-figures", end="stuck")
    await person.tell("gateway-faults", provider="apipod", kind="status", status=500, times=1)
    await person.tell("faults", method="sendMessage", kind="429", retry_after=1, times=1)
    await person.tell("chat", id=OPERATOR)
    port = free_port()
    await world.start_bot(HTTP_PORT=str(port), TOKEN360_API_KEY="sk-not-the-right-one")
    await person.say("/track apipod a1-of-the-figures")
    await delivered(person)
    await person.say("/track token360 t1-of-the-figures")
    await person.say("/nonsense_of_somebody")
    await card_shows(person, "t1-of-the-figures", "key")

    async with watching(port) as watcher:
        scrape = await until(lambda: _settled(watcher)) or Scrape("")
        questions = await world.questions("a1-of-the-figures")
        calls = {call["n"]: call for call in await world.calls("sendMessage", "editMessageMedia")}

    def value(name: str, **labels: str) -> float:
        return scrape.value(name, **labels) or 0.0

    assert value("rushes_polls_total", provider="apipod", outcome="ok") == len(questions) - 1
    assert value("rushes_polls_total", provider="apipod", outcome="transient") == 1
    assert value("rushes_polls_total", provider="token360", outcome="auth") == 1
    assert value("rushes_query_duration_seconds_count", provider="apipod") == len(questions)
    assert value("rushes_poll_lateness_seconds_count") == len(questions) + 1

    assert value("rushes_deliveries_total", kind="result", outcome="sent") == 1
    assert value("rushes_deliveries_total", outcome="given_up") == 0
    assert value("rushes_delivery_errors_total", error="retry_later") >= 1
    assert value("rushes_telegram_calls_total", method="sendMessage", outcome="throttled") == 1
    statuses = [call["status"] for call in calls.values() if call["method"] == "editMessageMedia"]
    assert value("rushes_telegram_calls_total", method="editMessageMedia", outcome="ok") == statuses.count(200) == 1
    for step in ("line", "media"):
        assert value(f"{DETECTION}_count", step=step) == 1
        assert 0 < value(f"{DETECTION}_sum", step=step) < 20
    assert value(f"{DETECTION}_sum", step="line") < value(f"{DETECTION}_sum", step="media")
    assert value(f"{DETECTION}_count", step="link") == 0

    assert value("rushes_updates_total", kind="message", outcome="taken") == 3
    assert (value("rushes_commands_total", command="track"), value("rushes_commands_total", command="unknown")) == (
        2,
        1,
    )
    assert value("rushes_open_tasks", provider="token360") == 1
    assert value("rushes_open_tasks", provider="apipod") == 0
    assert value("rushes_account_trouble", provider="token360", account="1", trouble="auth") == 1
    assert value("rushes_account_trouble", trouble="auth") == value("rushes_account_trouble") == 1
    assert 500 < value("rushes_account_rest_seconds", provider="token360") <= 600
    assert value("rushes_outbox_rows", state="pending") == value("rushes_inbox_waiting") == 0
    assert value("rushes_check_ok", check="database") == value("rushes_check_ok", check="telegram") == 1
    assert value("rushes_database_size_bytes") > 0
    assert value("process_resident_memory_bytes") > 1e6
    for what in ("updates", "poll", "delivery"):
        assert value("rushes_last_success_timestamp_seconds", what=what) > 1e9

    secrets = [word for name, word in world.environment.items() if name.endswith(("_KEY", "_TOKEN"))]
    for word in (*secrets, "sk-not-the-right-one", str(PERSON), str(OPERATOR), "of-the-figures", "nonsense", "http"):
        assert not re.search(rf"\b{re.escape(word)}\b", scrape.text)


async def _settled(watcher: Watcher) -> Scrape | None:
    """The figures, once nothing waits any more."""
    scrape = await watcher.scrape()
    waits = [scrape.value(name) for name in ("rushes_deliveries_in_hand", "rushes_polls_in_flight")]
    is_settled = waits == [0, 0] and scrape.value("rushes_outbox_rows", state="pending") == 0
    return scrape if is_settled and scrape.value("rushes_commands_total", command="unknown") else None


async def test_the_door_as_monitoring_knows_it(world: World) -> None:
    port = free_port()
    await world.start_bot(HTTP_PORT=str(port))
    async with watching(port) as watcher:
        assert await until(lambda: watcher.says("/readyz", 200)) == {"ok": True, "problems": {}}
        plain = await watcher.request("GET", "/metrics")
        assert plain.headers["Content-Type"].startswith("text/plain; version=")
        assert list(text_string_to_metric_families(await plain.text()))
        modern = await watcher.request("GET", "/metrics", Accept="application/openmetrics-text; version=1.0.0")
        assert modern.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
        assert list(open_families(await modern.text()))  # type: ignore[no-untyped-call]
        for method in METH_ALL - {METH_GET, "CONNECT"}:
            for path in ("/metrics", "/healthz", "/readyz"):
                answer = await watcher.request(method, path)
                assert answer.status == (200 if method == METH_HEAD else 405)


async def test_a_locked_database_is_told_in_time_and_forgotten_afterwards(world: World) -> None:
    port = free_port()
    await world.start_bot(HTTP_PORT=str(port))
    async with watching(port) as watcher:
        await until(lambda: watcher.says("/readyz", 200))
        with closing(sqlite3.connect(world.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for path in ("/healthz", "/readyz"):
                found = await until(partial(watcher.says, path, 503)) or {}
                assert set(found["problems"]) <= {"database", "writes"}
                assert "no answer within 2 s" in found["problems"]["database"]
            scrape = await watcher.scrape()
            assert scrape.value("rushes_check_ok", check="database") == 0
            assert scrape.value("rushes_check_ok", check="telegram") == 1
            other.execute("ROLLBACK")
        for path in ("/healthz", "/readyz"):
            await until(partial(watcher.says, path, 200))


async def test_telegram_that_is_away_is_no_reason_for_a_restart(world: World) -> None:
    person = await world.person()
    await person.tell("faults", method="getMe", kind="502_html", times=10_000)
    port = free_port()
    await world.start_bot(HTTP_PORT=str(port))
    async with watching(port) as watcher:
        assert await until(lambda: watcher.says("/healthz", 200)) == {"ok": True, "problems": {}}
        assert await watcher.says("/readyz", 503) == {"ok": False, "problems": {"bot": "the bot is starting"}}
        await person.take_back("faults")
        await until(lambda: watcher.says("/readyz", 200))

        await person.tell("faults", method="getUpdates", kind="error", code=500, times=10_000)
        await person.say("/help")  # ends the question that waits
        found = await until(lambda: watcher.says("/readyz", 503)) or {}
        assert list(found["problems"]) == ["telegram"]
        assert await watcher.says("/healthz", 200)
        await person.take_back("faults")
        await until(lambda: watcher.says("/readyz", 200))
