"""What an account is spared, and what it is not: its lane against gateways that limit, refuse and go away."""

from collections.abc import Callable
from random import Random
from statistics import quantiles

import pytest

from bot.polling.breaker import FAILURES, TASKS, Breaker
from bot.polling.cadence import ACCOUNT_PAUSE
from bot.polling.limiter import Lane, Lanes
from bot.polling.throttle import FADES_AFTER, FLOOR, Throttle
from bot.polling.window import FIRST, MOST
from providers.base import QueryError, QueryErrorKind, Snapshot
from tests.limits import BUSY, KEY, RUNNING, SILENT, Account, Answer, Bucket, Clock, Hours, busy

NOTHING = QueryError(SILENT, "x")


def lane(concurrency: int | None = 64, rps: float | None = None, ceiling: float | None = None) -> Lane:
    return Lane(concurrency, rps, ceiling, lambda: 0.0)


def ask(lane: Lane, answer: Answer, now: float, seconds: float = 0.1) -> int | None:
    """The lane's next task is asked about and answered at once."""
    task_id = lane.next(now)
    if task_id is not None and not lane.refusal(task_id, now, is_queued=True):
        lane.hear(task_id, answer, now, now + seconds)
    if task_id is not None:
        lane.leave()
    return task_id


def test_a_lane_lets_so_many_through_at_once() -> None:
    narrow = lane(2)
    for task_id in (1, 2, 3):
        narrow.join(task_id, 0)
    assert [narrow.next(0), narrow.next(0), narrow.next(0)] == [1, 2, None]
    assert narrow.retry_at() is None
    narrow.leave()
    assert narrow.next(0) == 3


def test_a_lane_keeps_its_rate() -> None:
    slow = lane(rps=2.0)
    for task_id in range(4):
        slow.join(task_id, 10.0)
    assert slow.next(10.0) == 0
    assert slow.next(10.0) is None
    assert slow.retry_at() == pytest.approx(10.5)
    assert slow.next(10.5) == 1
    assert slow.next(60.0) == 2
    assert slow.next(60.0) is None


def test_who_comes_late_to_start_them_keeps_a_quick_rate_all_the_same() -> None:
    quick = lane(concurrency=9999, rps=500.0)
    for task_id in range(2000):
        quick.join(task_id, 0.0)
    gone = 0
    for tick in range(100):
        while quick.next(tick / 50) is not None:
            gone += 1
    assert 980 <= gone <= 1030


def test_a_resting_lane_lets_nobody_through_and_says_why() -> None:
    resting, reason = lane(), QueryError(KEY, "x")
    resting.join(1, 99.0)
    resting.rest(100.0, reason)
    resting.rest(50.0, busy())
    assert resting.next(99.0) is None
    assert resting.refusal(0, 99.0, is_queued=False) == reason
    assert resting.refusal(2, 99.0, is_queued=False) == reason
    assert resting.retry_at() == resting.rests_until == 100.0
    assert resting.next(100.0) == 1
    assert resting.refusal(0, 100.0, is_queued=False) is None


def test_what_people_ask_for_goes_first() -> None:
    busy_one = lane()
    for task_id in range(5):
        busy_one.join(task_id, 0.0)
    busy_one.join(7, 0.0, first=True)
    busy_one.join(8, 0.0, first=True)
    busy_one.hurry(3)
    busy_one.hurry(99)
    assert busy_one.first == 7
    assert [busy_one.next(0.0) for _ in range(8)] == [7, 8, 3, 0, 1, 2, 4, None]


def test_accounts_have_lanes_of_their_own() -> None:
    lanes = Lanes(1, 5.0)
    assert lanes.of("p", 0) is lanes.of("p", 0)
    assert lanes.of("p", 0) is not lanes.of("p", 1)
    assert lanes.of("", -1) is lanes.of("p", -1)


# The pace that is learned


def judged(gateways: list[Account], rate: float, since: float, until: float) -> tuple[float, float]:
    """The share of what the gateway allows that was used, and the share of the questions that it refused."""
    answers = [answer for one in gateways for moment, answer in one.answers if since <= moment < until]
    good = sum(isinstance(answer, Snapshot) for answer in answers)
    return good / rate / (until - since), 1 - good / len(answers)


@pytest.mark.parametrize(
    ("gateway", "since", "until"),
    [
        (Bucket(10, 1), 100, 400),
        (Bucket(10, 10), 60, 300),
        (Bucket(10, 100, advises=True), 60, 300),
        (Bucket(1, 1, advises=True), 200, 1200),
        (Bucket(0.2, 5), 1200, 6000),
        (Bucket(100, 50), 30, 90),
        (Hours(60, 60), 300, 1800),
        (Hours(600, 60, advises=True), 180, 720),
        (Hours(10, 1), 60, 240),
        (Hours(10, 60, advises=True), 600, 6000),
    ],
    ids=repr,
)
def test_what_a_gateway_allows_is_used_and_hardly_ever_refused(gateway: Bucket, since: float, until: float) -> None:
    account = Account(gateway, tasks=int(gateway.rate * 20) + 5)
    Clock([account]).run(until)
    used, refused = judged([account], gateway.rate, since, until)
    assert used >= 0.85
    assert refused <= 0.05
    assert account.least_gap() > account.interval - 1e-6


def test_two_that_share_a_limit_use_it_together() -> None:
    gateway = Bucket(10, 20)
    accounts = [Account(gateway, tasks=100) for _ in range(2)]
    Clock(accounts).run(500)
    used, refused = judged(accounts, gateway.rate, 100, 500)
    assert used >= 0.85
    assert refused <= 0.05


def test_a_limit_that_changes_is_found_again() -> None:
    gateway = Bucket(10, 20)
    account = Account(gateway, tasks=250)
    clock = Clock([account])
    clock.at(150, lambda: setattr(gateway, "rate", 30))
    clock.at(450, lambda: setattr(gateway, "rate", 5))
    clock.run(700)
    for rate, since, until in ((10, 60, 150), (30, 330, 450), (5, 510, 700)):
        used, refused = judged([account], rate, since, until)
        assert used >= 0.85, rate
        assert refused <= 0.05, rate


def test_who_is_never_refused_has_no_pace() -> None:
    free = Throttle(None)
    for moment in range(100):
        free.accept(moment, is_pressed=True)
    assert free.rate(100) == float("inf")
    assert Throttle(3.0).rate(0) == 3.0


def test_a_pace_fades_when_nobody_waits_for_it_any_more() -> None:
    throttle = Throttle(None)
    for moment in range(10):
        throttle.accept(moment, is_pressed=True)
    throttle.refuse(10.0, 1.0, 1.0)
    assert throttle.rate(10.0) < 1
    assert throttle.rate(9 + FADES_AFTER) < 1
    assert throttle.rate(11 + FADES_AFTER) == float("inf")


def test_a_pace_is_never_slower_than_its_floor() -> None:
    throttle = Throttle(None)
    throttle.accept(0.0, is_pressed=True)
    throttle.refuse(9999.0, 1.0, 1.0)
    assert throttle.rate(9999.0) == FLOOR


def test_pauses_grow_while_even_the_first_question_is_refused_and_are_as_long_as_the_gateway_says() -> None:
    refused, now, pauses = lane(ceiling=20.0), 0.0, []
    for task_id in range(9):
        refused.join(task_id, 0.0)
    for _ in range(7):
        assert ask(refused, busy(), now, 0.0) is not None
        pauses.append(refused.rests_until - now)
        now = refused.rests_until
    assert pauses == pytest.approx([0.2, 2, 4, 8, 16, 20, 20])
    ask(refused, busy(retry_after=90.0), now, 0.0)
    assert refused.rests_until == now + 90
    ask(refused, busy(retry_after=1e9), now + 90, 0.0)
    assert refused.rests_until == now + 90 + 3600


def test_after_repeated_refusals_one_question_tries_it_first() -> None:
    refused = lane()
    for task_id in range(9):
        refused.join(task_id, 0.0)
    ask(refused, busy(), 0.0, 0.0)
    ask(refused, busy(), 1.0, 0.0)
    probe = refused.next(5.0)
    assert probe is not None
    assert refused.next(5.0) is None
    assert refused.refusal(99, 5.0, is_queued=False) is not None
    assert refused.rests_until > 5.0
    refused.hear(probe, RUNNING, 5.0, 5.1)
    refused.leave()
    assert refused.next(5.1) is not None


def test_what_was_sent_before_a_refusal_says_nothing_new() -> None:
    crowd = lane()
    for task_id in range(20):
        crowd.join(task_id, 0.0)
    sent = [crowd.next(0.0) for _ in range(20)]
    for number in sent:
        assert number is not None
        crowd.hear(number, busy(), 0.0, 0.1)
        crowd.leave()
    assert crowd.rests_until == pytest.approx(0.3)


def test_one_task_that_is_always_refused_is_a_matter_of_its_own() -> None:
    """Else it would slow down all others of its account to nothing."""
    account = Account(lambda _now: RUNNING, tasks=5, interval=1.0)
    hear = account.lane.hear

    def refusing(task_id: int, answer: Answer, asked: float, now: float) -> bool:
        return hear(task_id, busy() if task_id == 0 else answer, asked, now)

    account.lane.hear = refusing  # type: ignore[method-assign]
    Clock([account]).run(60)
    assert len(account.asked) > 200


def test_the_only_task_of_an_account_learns_its_pace_too() -> None:
    gateway = Bucket(0.1, 3)
    account = Account(gateway, tasks=1)
    Clock([account]).run(6000)
    used, refused = judged([account], gateway.rate, 1200, 6000)
    assert used >= 0.85
    assert refused <= 0.05


# As many at once as it takes


def test_a_queue_of_our_own_making_is_not_slowed_down() -> None:
    """Ten thousand tasks that are all due at the start: nobody has refused anything, so nothing holds them back."""
    account = Account(lambda _now: RUNNING, tasks=5000, lane=lane(1000))
    Clock([account], spread=0.0).run(8)
    assert len(account.asked) > 8 * 900


def test_two_thousand_tasks_are_asked_in_time_without_any_setting() -> None:
    account = Account(lambda _now: RUNNING, tasks=2000)
    Clock([account], spread=10.0).run(20)
    assert quantiles(account.late[-2000:], n=100)[98] < 0.05


def test_an_operators_number_stands() -> None:
    account = Account(lambda _now: RUNNING, tasks=200, interval=0.5, lane=lane(8))
    Clock([account]).run(5)
    assert len(account.asked) <= 5 * 8 / (0.75 * 0.2)


def test_a_gateway_that_gets_slower_is_not_pressed() -> None:
    """It answers a hundred a second whatever comes: more at once would only wait there."""
    account = Account(lambda _now: RUNNING, tasks=1500)
    clock, free_at = Clock([account]), 0.0

    def queueing(now: float) -> Answer:
        nonlocal free_at
        free_at = max(free_at, now) + 0.01
        account.latency = 0.1 + free_at - now
        return RUNNING

    account.gateway = queueing
    clock.run(30)
    assert account.lane._window.size <= 2 * FIRST


def test_what_is_lost_makes_the_window_smaller() -> None:
    wide = lane(None)
    for task_id in range(400):
        wide.join(task_id, 0.0)
    for now in range(1, 6):
        while (asked := wide.next(float(now))) is not None:
            wide.hear(asked, RUNNING, now - 0.1, float(now))
        for _ in range(wide._in_flight):
            wide.leave()
    before = wide._window.size
    assert FIRST < before <= MOST
    for task_id in range(2 * before):
        wide.join(task_id, 6.0)
    last = 0
    while (asked := wide.next(6.0)) is not None:
        last = asked
    wide.hear(last, NOTHING, 6.0, 6.1)
    wide.hear(last, NOTHING, 6.0, 6.1)
    assert wide._window.size == before // 2


# A gateway that is away


def broken(longest: float = 60.0, tasks: int = TASKS) -> Breaker:
    """One that has just heard of so many failures that its gateway counts as away."""
    breaker = Breaker(longest, lambda: 0.0)
    rests = [breaker.fail(number % tasks, is_news=True) for number in range(FAILURES)]
    assert not any(rests[:-1])
    return breaker


def test_a_gateway_that_is_away_is_tried_ever_more_rarely() -> None:
    breaker = broken()
    assert breaker.fail(9, is_news=False) == 0, "under way since before"
    assert [breaker.fail(7, is_news=True) for _ in range(5)] == [10, 20, 40, 60, 60]
    assert breaker.succeed()
    assert not breaker.succeed()
    assert breaker.fail(7, is_news=True) == 0


def test_few_tasks_and_other_answers_make_no_gateway_away() -> None:
    assert broken(tasks=TASKS - 1).fail(1, is_news=True) == 0
    breaker = Breaker(60.0, lambda: 0.0)
    for number in range(99):
        if number % FAILURES:
            assert breaker.fail(number, is_news=True) == 0
        else:
            breaker.succeed()


def away(began: float, ended: float, other: Answer = NOTHING) -> Callable[[float], Answer]:
    return lambda now: other if began <= now < ended else RUNNING


def test_after_an_outage_no_second_carries_much_more_than_is_usual() -> None:
    account = Account(away(20, 620), tasks=200)
    Clock([account]).run(700)
    steady = account.tasks / account.interval
    meanwhile = [moment for moment, _ in account.asked if 30 < moment < 620]
    assert len(meanwhile) < 20, "one question now and then"
    assert account.busiest(since=620) <= 2 * steady
    first = min(moment for moment, _ in account.asked if moment > 620)
    assert first < 620 + 60 * 1.3
    assert sum(moment > 690 for moment, _ in account.asked) >= 9 * steady, "as before"


@pytest.mark.parametrize("population", [0, 200])
def test_after_a_pause_neither(population: int) -> None:
    account = Account(away(20, 21, busy(retry_after=30.0)), tasks=200)
    clock = Clock([account])
    account.lane.population = population
    clock.run(100)
    assert account.busiest(since=49) <= 2 * account.tasks / account.interval
    assert sum(moment > 90 for moment, _ in account.asked) >= 9 * account.tasks / account.interval


def test_everybody_is_told_once_of_a_long_trouble_and_nobody_of_a_short_one() -> None:
    account = Account(away(20, 25), tasks=60)
    Clock([account]).run(60)
    assert account.told == set()
    account = Account(away(20, 200), tasks=60)
    Clock([account]).run(190)
    assert len(account.told) > 50, "all but those that tried it"
    assert len(account.late) - len(account.asked) == len(account.told)


def test_those_that_wait_are_told_one_after_another_and_wait_on() -> None:
    rejected, reason = lane(), QueryError(KEY, "x")
    for task_id in range(4):
        rejected.join(task_id, 0.0)
    ask(rejected, reason, 0.0, 0.0)
    told = rejected.next(0.0)
    assert told == 1
    assert rejected.next(0.0) is None
    assert rejected.refusal(told, 0.0, is_queued=True) == reason
    assert rejected.is_ill(0.0)
    assert rejected.retry_at() == pytest.approx(0.02)
    rejected.leave()
    rejected.join(told, 1.0)
    assert [rejected.next(1.0), rejected.next(2.0), rejected.next(3.0)] == [2, 3, None]
    assert rejected.retry_at() == ACCOUNT_PAUSE


def test_a_rejected_key_is_tried_with_one_question_every_ten_minutes() -> None:
    account = Account(away(20, 1500, QueryError(KEY, "x")), tasks=100)
    Clock([account]).run(1600)
    meanwhile = [moment for moment, _ in account.asked if 20 + account.latency < moment < 1500]
    assert len(meanwhile) == int((1500 - 20) / ACCOUNT_PAUSE)
    assert len(account.told) > 80
    assert [moment for moment, _ in account.asked if moment > 1500] == [], "the next try comes after thirty minutes"


def test_the_account_rests_as_long_as_it_says_it_does() -> None:
    gone = lane()
    for task_id in range(20):
        gone.join(task_id, 0.0)
    for _ in range(FAILURES):
        ask(gone, NOTHING, 0.0, 0.0)
    assert gone.rests_until == 5.0
    assert gone.refusal(0, 4.9, is_queued=False) == NOTHING
    assert not gone.is_ill(4.9)
    probe = gone.next(5.0)
    assert probe is not None
    assert gone.rests_until > 5.0
    assert gone.hear(probe, RUNNING, 5.0, 5.2), "it is back"
    assert gone.rests_until <= 5.2


def test_a_question_that_nobody_heard_of_again_does_not_keep_the_gateway_away() -> None:
    gone = lane(ceiling=0.5)
    for task_id in range(20):
        gone.join(task_id, 0.0)
    for _ in range(FAILURES):
        ask(gone, NOTHING, 0.0, 0.0)
    assert gone.refusal(98, 0.5, is_queued=False) is None, "one that did not wait may be the one"
    assert gone.refusal(99, 59.0, is_queued=False) == NOTHING
    assert gone.refusal(99, 61.0, is_queued=False) is None
    gone = lane(ceiling=0.5)
    for task_id in range(20):
        gone.join(task_id, 0.0)
    for _ in range(FAILURES):
        ask(gone, NOTHING, 0.0, 0.0)
    assert gone.next(0.5) is not None
    gone.leave()  # its last follower has just gone
    assert gone.next(0.6) is not None


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_answered_nobody_is_forgotten_and_nobody_asked_twice(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - no secret
    kinds = [None, None, None, *QueryErrorKind]

    def gateway(now: float) -> Answer:
        kind = None if now > 60 else chance.choice(kinds[: 3 + int(now) // 10])
        advice = chance.choice([None, 0.0, 2.0]) if kind is BUSY else None
        return QueryError(kind, "x", retry_after=advice) if kind and chance.random() < 0.4 else RUNNING

    account = Account(gateway, tasks=12, interval=1.0, lane=lane(chance.choice([None, 3]), None, 5.0))
    Clock([account], seed=seed).run(60 + 2 * ACCOUNT_PAUSE)
    assert account.least_gap() > account.interval - 1e-6
    latest = {task_id: moment for moment, task_id in account.asked}
    assert min(latest.values()) > 60 + 2 * ACCOUNT_PAUSE - 60
