"""When tasks are asked for, in time that only passes when there is nothing to do; the gateway notes each question."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.ops.lag import measure_lag
from bot.polling.cadence import HASTE, Pace
from bot.polling.scheduler import PAGE, TICK
from bot.tracking.measures import LOOP_LAG, Spread
from bot.tracking.model import NOT_LOCATED, Ending, Subscription
from bot.tracking.tally import Tally
from sandbox.chats import Chat
from tests.acceptance.rig import GIVE_UP_AFTER, LATENCY, Rig, make_template

EVERY = 5.0
FIXED = Pace(EVERY, EVERY)
RUNNING = (200, {"code": 200, "message": "success", "data": {"task_id": "a", "status": "processing", "progress": 40}})
FAILED = (200, {"code": 200, "message": "success", "data": {"task_id": "a", "status": "failed", "error": "no"}})


class Says(dict[str, Any]):
    """What the gateway says, and when it was asked for what."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.asked: defaultdict[str, list[float]] = defaultdict(list)
        self._clock = clock

    def get(self, name: str, default: Any = None) -> Any:
        self.asked[name].append(self._clock() - LATENCY)  # when the question was put, not when it is answered
        return super().get(name, default)


class Home:
    """A bot whose tasks are located already, and its gateway."""

    def __init__(self, folder: Path, template: Path, tasks: int, concurrency: int = 100) -> None:
        self.rig = Rig(folder, template, FIXED, concurrency)
        self.rig.kill()
        self.rig.chats.state.chats.put(Chat(7, "private", "x", "x"))
        self.says = self.rig.wares.says = Says(self.rig.loop.time)
        for number in range(1, tasks + 1):
            self.says[f"t{number}"] = RUNNING
            self.follow(number)
        self.rig.start()

    def follow(self, number: int) -> None:
        now = self.rig.now()
        self.rig.look(
            "INSERT OR IGNORE INTO tasks (id, provider, account, kind, external_id, endpoint, snapshot, created_at,"
            " changed_at, deadline) VALUES (?, 'apipod', 0, 'image', ?, 1, ?, ?, ?, ?)",
            *(number, f"t{number}", '{"state": "running", "progress": 40}', now, now, now + GIVE_UP_AFTER),
        )
        self.rig.look(
            "INSERT INTO subscriptions (task_id, chat_id, thread_id, user_id, request_message_id, created_at)"
            " VALUES (?, 7, 0, 7, 1, ?) ON CONFLICT DO UPDATE SET stopped = 0",
            *(number, now),
        )

    def unfollow(self, number: int) -> None:
        self.rig.look("UPDATE subscriptions SET stopped = 1 WHERE task_id = ?", number)

    def tell(self, number: int) -> None:
        """The scheduler hears that something about the task has changed."""
        self.rig.store.tasks_changed.put_nowait(number)

    def asked(self, number: int = 1) -> list[float]:
        return self.says.asked[f"t{number}"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("template") / "rushes.db"
    make_template(path)
    return path


@pytest.fixture
def home(tmp_path: Path, template: Path) -> Iterator[Callable[..., Home]]:
    homes = []

    def make(tasks: int, concurrency: int = 100) -> Home:
        homes.append(Home(tmp_path, template, tasks, concurrency))
        return homes[-1]

    yield make
    for one in homes:
        one.rig.close()


def gaps(moments: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(moments)]


def test_a_task_is_asked_for_on_its_beat(home: Callable[..., Home]) -> None:
    ours = home(3)
    ours.rig.live(EVERY * 41)
    for number in (1, 2, 3):
        moments = ours.asked(number)
        assert 40 <= len(moments) <= 42
        assert all(EVERY - 2 * TICK < gap < EVERY + 2 * TICK for gap in gaps(moments))
        assert sum(gaps(moments)) / len(gaps(moments)) == pytest.approx(EVERY, abs=0.002)


def test_who_is_late_does_not_catch_up_and_those_held_up_together_part_again(home: Callable[..., Home]) -> None:
    ours = home(40)
    ours.rig.live(EVERY * 3)
    ours.rig.loop.moment += 3 * EVERY  # nothing runs meanwhile
    ours.rig.live(EVERY * 4)
    after = [[moment for moment in ours.asked(number) if moment >= 6 * EVERY] for number in range(1, 41)]
    assert all(gap > EVERY - 2 * TICK for moments in after for gap in gaps(moments))
    first, second = ([moments[place] for moments in after] for place in (0, 1))
    assert max(first) - min(first) < 1.0
    assert max(second) - min(second) > EVERY / 2


def test_the_start_asks_everybody_once_and_not_all_together(home: Callable[..., Home]) -> None:
    tasks = PAGE + 100
    ours = home(tasks)
    ours.rig.live(EVERY + 1)
    firsts = sorted(ours.asked(number)[0] for number in range(1, tasks + 1))
    assert firsts[-1] - firsts[0] > EVERY * 0.9
    assert max(sum(start <= moment < start + 1 for moment in firsts) for start in firsts) < 2 * tasks / EVERY
    assert ours.rig.scheduler.open_tasks == tasks


def test_an_answer_that_could_not_be_stored_is_not_taken_for_known(home: Callable[..., Home]) -> None:
    ours = home(1)
    ours.rig.live(EVERY * 2)
    ours.rig._connections[0].raw.execute("PRAGMA busy_timeout = 0")
    ours.rig.look("BEGIN IMMEDIATE")
    ours.says["t1"] = FAILED
    ours.rig.live(EVERY * 3)
    ours.rig.look("COMMIT")
    ours.rig.live(EVERY * 3)
    assert ours.rig.look("SELECT ending FROM tasks") == [(Ending.DONE,)]


def test_the_same_answer_after_a_trouble_takes_the_trouble_back(home: Callable[..., Home]) -> None:
    ours = home(1)
    for says, trouble in ((RUNNING, None), ((500, "x"), "transient"), (RUNNING, None)):
        ours.says["t1"] = says
        ours.rig.live(EVERY * 20)
        assert ours.rig.look("SELECT trouble FROM tasks") == [(trouble,)]


def test_a_success_that_still_has_no_media_is_counted_each_time(home: Callable[..., Home]) -> None:
    ours = home(1)
    ours.says["t1"] = (200, {"code": 200, "message": "success", "data": {"task_id": "a", "status": "completed"}})
    ours.rig.live(EVERY * 6)
    assert ours.rig.look("SELECT ending FROM tasks") == [(Ending.DONE,)]


def test_a_task_that_says_the_same_for_ever_is_given_up_in_time(home: Callable[..., Home]) -> None:
    ours = home(1)
    ours.rig.look("UPDATE tasks SET deadline = created_at + 60")
    ours.rig.live(50)
    assert ours.rig.look("SELECT ending FROM tasks") == [(None,)]
    ours.rig.live(20)
    assert ours.rig.look("SELECT ending FROM tasks") == [(Ending.DEADLINE,)]


def test_who_stops_and_follows_again_is_not_asked_for_too_soon(home: Callable[..., Home]) -> None:
    ours = home(1)
    ours.rig.live(EVERY + 1)
    for _ in range(40):
        for change in (ours.unfollow, ours.follow):
            change(1)
            ours.tell(1)
            ours.rig.live(0.1)
    assert min(gaps(ours.asked())) >= HASTE
    ours.unfollow(1)
    ours.tell(1)
    ours.rig.live(10 * EVERY)
    assert list(ours.rig.scheduler._agenda) == []


def test_lanes_know_their_population(home: Callable[..., Home]) -> None:
    ours = home(3)
    ours.rig.live(EVERY)
    lanes = ours.rig.scheduler._lanes
    lane = lanes.of("apipod", 0)
    assert lane.population == 3
    ours.unfollow(1)
    ours.tell(1)
    ours.says["t2"] = FAILED
    ours.rig.live(2 * EVERY)
    assert lane.population == ours.rig.scheduler.open_tasks == 1

    async def track() -> None:
        async with ours.rig.store.transaction() as tx:
            task = await tx.add_task("t4", "", "", ours.rig.now(), ours.rig.now() + GIVE_UP_AFTER)
            await tx.subscribe(task, Subscription(0, 0, 7, 0, 7, 1), ours.rig.now())

    ours.rig.do(track)
    ours.says["t4"] = RUNNING
    ours.rig.live(1)
    assert (lane.population, lanes.of("", NOT_LOCATED).population) == (2, 0)


def test_a_few_are_asked_for_right_after_the_start(home: Callable[..., Home]) -> None:
    ours = home(3)
    ours.rig.live(0.2)
    assert [len(ours.asked(number)) for number in (1, 2, 3)] == [1, 1, 1]


def test_a_stop_starts_no_more_questions(home: Callable[..., Home]) -> None:
    numbers = range(1, 21)
    ours = home(len(numbers), concurrency=1)
    ours.rig.live(2 * EVERY)
    ours.rig.loop.moment += EVERY  # now all are due
    ours.rig.live(LATENCY * 1.5)
    assert ours.rig.scheduler._waiting > 0
    (polling, *_) = ours.rig._workers
    polling.cancel()
    with pytest.raises(asyncio.CancelledError):
        ours.rig.loop.run_until_complete(polling)
    before = sum(len(ours.asked(number)) for number in numbers)
    ours.rig.loop.run_until_complete(asyncio.sleep(EVERY))
    assert sum(len(ours.asked(number)) for number in numbers) == before


def test_a_block_of_the_event_loop_is_seen_wherever_it_falls(home: Callable[..., Home]) -> None:
    loop, tally, blocks = home(0).rig.loop, Tally(), 20
    looking = loop.create_task(measure_lag(tally))

    async def block() -> None:
        loop.moment += 0.1

    for _ in range(blocks):
        loop.run_until_complete(asyncio.sleep(0.333))
        loop.run_until_complete(block())
    loop.run_until_complete(asyncio.sleep(1))
    looking.cancel()
    (reading,) = tally.readings()
    assert isinstance(reading.value, Spread)
    seen = dict(reading.value.up_to())
    assert (reading.metric, seen["+Inf"] - seen["0.025"]) == (LOOP_LAG, blocks)
    assert seen["+Inf"] - seen["0.05"] > blocks / 2
