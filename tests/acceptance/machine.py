"""`make machine`: random histories of the bot, made by Hypothesis, each held against what is promised.

What people, gateways, Telegram and the machine below do comes in any order, with the process dying at any edge.
"""

import argparse
import logging
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.intake import buttons
from bot.intake.asks import Ask, Press
from bot.intake.commands import Commands
from bot.intake.following import Following
from sandbox.chats import Chat, Message, Person
from sandbox.entities import Formatted
from tests.acceptance.rig import GIVE_UP_AFTER, Rig, make_template

Json = dict[str, Any]

PERSON, OTHER, GROUP, FORUM, SUPERGROUP = 7, 8, -9, -1_000_000_000_010, -1_000_000_000_011
PLACES = ((PERSON, 0), (OTHER, 0), (GROUP, 0), (FORUM, 5), (FORUM, 6), (FORUM, 0))
IDS = ("img_a", "img_b", "img_c")
OUTPUTS = 2
# Seconds within which what was on its way to a chat that turned out to be closed may still arrive there.
ON_ITS_WAY = 2.0
# By then everything that goes wrong for a while has been made up for.
LONG = 4 * GIVE_UP_AFTER
ENDED = 1000

places, ids = st.sampled_from(PLACES), st.sampled_from(IDS)


class Machine(RuleBasedStateMachine):
    """One bot, its chats, one gateway. `make` sets where it lives."""

    folder: Path
    template: Path

    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp(dir=self.folder))
        self.rig = Rig(self.home, self.template)
        self.commands = Commands(self.rig.gateways, Following(self.rig.gateways, GIVE_UP_AFTER, 100))
        self.blocked: set[int] = set()
        self.asked: Counter[tuple[int, int, str]] = Counter()
        self.spoke: dict[int, float] = {}
        self.reopened: dict[str, float] = {}
        self.seen_calls = 0
        self.set_back = 0.0
        self.refused: dict[int, float] = {}
        self.rank: dict[tuple[int, int], int] = {}
        for chat_id in (PERSON, OTHER, GROUP):
            self.rig.chats.state.chats.put(Chat(chat_id, "private" if chat_id > 0 else "group", "x", "x"))
        self.rig.chats.state.chats.put(Chat(FORUM, "supergroup", "x", topics=frozenset({5, 6})))
        for name in IDS:
            for number in range(OUTPUTS):
                held = (name, number, self._picture(f"{name}-{number}"))
                self.rig.look("INSERT INTO pictures VALUES (?, ?, ?)", *held)
            self._say(name, "processing", progress=10)

    def _picture(self, name: str) -> str:
        facts = {"sha256": name, "name": f"{name}.png", "mime": "image/png", "width": 400, "height": 400}
        return self.rig.chats.state.files.add("photo", self.home / name, size=5000, **facts).file_id

    def _say(self, name: str, status: str, **more: Any) -> None:
        body = {"code": 200, "message": "success", "data": {"task_id": name, "status": status, **more}}
        self.rig.wares.says[name] = (200, body)

    def teardown(self) -> None:
        if not hasattr(self, "rig"):
            return
        try:
            self._settle()
        finally:
            self.rig.close()
            shutil.rmtree(self.home, ignore_errors=True)

    # What people do

    def _write(self, chat_id: int, thread_id: int) -> int:
        """Somebody speaks there; who speaks in a private chat has not blocked the bot."""
        chats = self.rig.chats.state.chats
        if chat_id in self.blocked:
            self.allow(chat_id)
        person = Person(abs(chat_id), "x")
        message = chats.post(chat_id, person, Formatted("x"), thread_id=thread_id or None, is_editable=False)
        self.spoke[chat_id] = self.rig.loop.moment
        return int(message.message_id)

    def _ask(self, place: tuple[int, int], name: str, more: str, command: str) -> None:
        chat_id, thread_id = self._home_of(place)
        ask = Ask(
            chat_id=chat_id,
            thread_id=thread_id,
            user_id=abs(chat_id),
            message_id=self._write(chat_id, thread_id),
            is_chat_admin=True,
            command=command,
            arguments=f"{name} {more}".strip(),
        )
        self.asked[chat_id, thread_id, name] += 1
        self.reopened[name] = self.rig.loop.moment

        async def work() -> None:
            async with self.rig.store.transaction() as tx:
                await getattr(self.commands, command)(ask, tx, self.rig.now())

        self.rig.do(work)

    def _home_of(self, place: tuple[int, int]) -> tuple[int, int]:
        """Where that place is by now."""
        chat = self.rig.chats.state.chats.find(place[0])
        assert chat is not None
        if chat.migrated_to:
            return chat.migrated_to, 0
        return place if not place[1] or place[1] in chat.topics else (place[0], 0)

    @rule(place=places, name=ids, more=st.sampled_from(["apipod image", ""]))
    def track(self, place: tuple[int, int], name: str, more: str) -> None:
        self._ask(place, name, more, "track")

    @rule(place=places, name=ids)
    def untrack(self, place: tuple[int, int], name: str) -> None:
        self._ask(place, name, "", "untrack")

    @rule(place=places, name=ids)
    def resend(self, place: tuple[int, int], name: str) -> None:
        self._ask(place, name, "", "resend")

    @rule(number=st.integers(0, 5), again=st.booleans())
    def press(self, number: int, again: bool) -> None:
        """Refresh, or Check again, below one of the cards."""
        known = self.rig.look(
            "SELECT s.id, s.chat_id, s.thread_id, t.external_id FROM subscriptions s JOIN tasks t ON t.id = s.task_id"
        )
        if not known:
            return
        ident, chat_id, thread_id, name = known[number % len(known)]
        if chat_id in self.blocked or self._is_moved(chat_id):
            return
        press = Press(
            chat_id=chat_id,
            thread_id=thread_id,
            user_id=abs(chat_id),
            query_id="1",
            verb="again" if again else "refresh",
            argument=str(ident),
        )
        self.spoke[chat_id] = self.rig.loop.moment
        if again:
            self.asked[chat_id, thread_id, name] += 1
            self.reopened[name] = self.rig.loop.moment

        async def work() -> None:
            async with self.rig.store.transaction() as tx:
                button = self.commands.check_again if again else buttons.refresh
                await button(press, tx, self.rig.now())

        self.rig.do(work)

    @rule(
        place=places,
        field=st.sampled_from(
            [
                ("notify", "silent"),
                ("notify", "all"),
                ("notify", None),
                ("deliver", "link"),
                ("deliver", "media"),
                ("spoiler", True),
            ]
        ),
    )
    def choose(self, place: tuple[int, int], field: tuple[str, Any]) -> None:
        where = self._home_of(place)

        async def work() -> None:
            async with self.rig.store.transaction() as tx:
                await tx.choose(*where, *field)

        self.rig.do(work)

    @rule(place=places, number=st.integers(0, 3))
    def delete(self, place: tuple[int, int], number: int) -> None:
        """Somebody deletes one of the bot's messages."""
        own = [m for m in self.rig.chats.state.chats.messages(self._home_of(place)[0]) if m.sender.is_bot]
        if own:
            self.rig.chats.state.chats.delete(own[-1 - number % len(own)])

    @rule(chat_id=st.sampled_from([PERSON, OTHER]))
    def block(self, chat_id: int) -> None:
        self.blocked.add(chat_id)
        self.rig.chats.state.chats.put(Chat(chat_id, "private", None, "x", blocked=True))

    def allow(self, chat_id: int) -> None:
        self.blocked.discard(chat_id)
        self.refused.pop(chat_id, None)
        self.rig.chats.state.chats.put(Chat(chat_id, "private", None, "x"))

    @rule()
    def upgrade(self) -> None:
        """The group becomes a supergroup."""
        chats = self.rig.chats.state.chats
        if not self._is_moved(GROUP):
            chats.put(Chat(SUPERGROUP, "supergroup", "x"))
            chats.put(Chat(GROUP, "group", "x", migrated_to=SUPERGROUP))

    def _is_moved(self, chat_id: int) -> bool:
        chat = self.rig.chats.state.chats.find(chat_id)
        return bool(chat and chat.migrated_to)

    @rule()
    def close_topic(self) -> None:
        self.rig.chats.state.chats.put(Chat(FORUM, "supergroup", "x", topics=frozenset({5})))

    # What gateways, Telegram and the machine do

    @rule(name=ids, status=st.sampled_from(["pending", "processing", "NEW_WORD"]), progress=st.integers(0, 100))
    def go_on(self, name: str, status: str, progress: int) -> None:
        self._say(name, status, progress=progress)

    @rule(name=ids, status=st.sampled_from(["completed", "completed", "failed", "cancelled"]))
    def end(self, name: str, status: str) -> None:
        self._say(name, status, result=[f"https://cdn.example/{name}-{n}.png" for n in range(OUTPUTS)])

    @rule(
        name=ids,
        answer=st.sampled_from(
            [
                (404, {"code": 404, "message": "task not found"}),
                (500, "<html>"),
                (200, "<html>"),
                (429, ""),
                (401, {"message": "bad key"}),
            ]
        ),
    )
    def fail(self, name: str, answer: tuple[int, Any]) -> None:
        self.rig.wares.says[name] = answer

    @rule(faults=st.lists(st.sampled_from(["", "429", "drop_before", "drop_after", "502_after"]), max_size=4))
    def trouble(self, faults: list[str]) -> None:
        self.rig.chats.faults += faults

    @rule(seconds=st.sampled_from([0.02, 0.3, 3.0, 30.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.rig.live(seconds)

    @rule(edges=st.integers(1, 60))
    def die(self, edges: int) -> None:
        self.rig.power.dies_in = edges
        self.rig.live(2.0)

    @rule()
    def restart(self) -> None:
        self.rig.kill()
        self.rig.start()

    @rule(seconds=st.sampled_from([-3600.0, -30.0, 30.0, 3600.0]))
    def set_clock(self, seconds: float) -> None:
        self.rig.jump += seconds
        self.set_back += max(0.0, -seconds)

    # What always holds

    @invariant()
    def nothing_is_orphaned(self) -> None:
        if hasattr(self, "rig"):
            assert self.rig.look("PRAGMA foreign_key_check") == []
            assert self.rig.look("SELECT id FROM tasks WHERE id NOT IN (SELECT task_id FROM subscriptions)") == []
            # Two who follow the same in different places must not come to tell it in one.
            astray = "SELECT o.id FROM outbox o JOIN subscriptions s ON s.id = o.subscription_id"
            assert self.rig.look(f"{astray} WHERE (o.chat_id, o.thread_id) <> (s.chat_id, s.thread_id)") == []

    @invariant()
    def an_end_is_an_end(self) -> None:
        """Only who asks for it has an ended task watched again, and nobody a success."""
        if hasattr(self, "rig"):
            changed = self.rig.look("SELECT task_id, before, after, snapshot FROM log_endings")
            assert [row for row in changed if row[2] is not None or '"succeeded"' in (row[3] or "")] == []

    @invariant()
    def calls_are_as_they_should_be(self) -> None:
        if not hasattr(self, "rig"):
            return
        for call in self.rig.chats.calls[self.seen_calls :]:
            if call["status"] is None:
                break
            self.seen_calls += 1
            self._judge_dead_chat(call)
            self._judge_card(call)

    def _judge_dead_chat(self, call: Json) -> None:
        chat_id = call["params"].get("chat_id")
        since = self.refused.get(chat_id)
        if since is not None and chat_id in self.blocked and call["time"] > since + ON_ITS_WAY:
            excused = [at for at in (*self.rig.deaths, self.spoke.get(chat_id, 0.0)) if since - 1 < at <= call["time"]]
            assert excused, f"{call['method']} to a closed chat after {call['time'] - since:.1f} s"
        # A reaction is comfort: that it is refused tells the bot nothing.
        if call["status"] == 403 and call["method"] != "setMessageReaction":
            self.refused[chat_id] = call["time"]

    def _judge_card(self, call: Json) -> None:
        """On one card nothing goes backwards, unless somebody had the task watched anew."""
        text = str(call["params"].get("text", ""))
        rank = _rank(text)
        result = (call.get("answer") or {}).get("result")
        if rank is None or call["status"] != 200 or not isinstance(result, dict):
            return
        message = (result["chat"]["id"], result["message_id"])
        name = next((name for name in IDS if name in text), "")
        if rank < self.rank.get(message, 0):
            assert call["time"] - self.reopened.get(name, -LONG) < GIVE_UP_AFTER, f"{text!r} after {self.rank[message]}"
        self.rank[message] = rank

    @invariant()
    def nothing_is_told_twice(self) -> None:
        if not hasattr(self, "rig"):
            return
        for chat_id in {place[0] for place in PLACES} | {SUPERGROUP}:
            self._judge_media(chat_id)
        told = Counter(
            (chat_id, name)
            for chat_id, part, name in self.rig.look(
                "SELECT l.chat_id, l.part, t.external_id FROM log_results l JOIN subscriptions s"
                " ON s.id = l.subscription_id JOIN tasks t ON t.id = s.task_id WHERE l.part = 0"
            )
        )
        asked = Counter[tuple[int, str]]()
        for (chat_id, _, name), count in self.asked.items():
            asked[chat_id, name] += count
            if chat_id in {GROUP, SUPERGROUP}:
                asked[SUPERGROUP + GROUP - chat_id, name] += count
        for (chat_id, name), count in told.items():
            assert count <= asked[chat_id, name], f"{name} was to be told {count} times in {chat_id}"

    def _judge_media(self, chat_id: int) -> None:
        """As often as rows were made for it at most, however often they were tried."""
        chats = self.rig.chats.state.chats
        shown: Counter[str] = Counter(m.attachment.file.sha256 for m in _with_media(chats.messages(chat_id)))
        for name in IDS:
            most = sum(
                count
                for (where, _, known), count in self.asked.items()
                if known == name and where in {chat_id, *({GROUP} if chat_id == SUPERGROUP else ())}
            )
            for number in range(OUTPUTS):
                count = shown[f"{name}-{number}"]
                assert count <= most, f"{name}-{number} stands {count} times in {chat_id}, asked for {most} times"

    # At the end

    def _settle(self) -> None:
        """Once all is well again, everything is told, or it is known why not."""
        self.rig.chats.faults.clear()
        self.rig.power.dies_in = None
        for name in IDS:
            self._say(name, "completed", result=[f"https://cdn.example/{name}-{n}.png" for n in range(OUTPUTS)])
        # What waits for its time waits longer by as much as the clock was set back.
        self.rig.live(LONG + self.set_back)
        self.calls_are_as_they_should_be()
        self.nothing_is_told_twice()
        self.nothing_is_orphaned()
        left = self.rig.look(
            "SELECT id, kind, state, attempts, reason, chat_id FROM outbox WHERE state NOT IN ('sent', 'dead')"
            " OR (state = 'dead' AND reason = '')"
        )
        assert left == [], "rows that nobody sent"
        open_tasks = self.rig.look(
            "SELECT external_id FROM tasks t WHERE ending IS NULL AND EXISTS"
            " (SELECT 1 FROM subscriptions s WHERE s.task_id = t.id AND NOT s.stopped)"
        )
        assert open_tasks == [], "tasks that nobody asked for again"
        for row in self._untold():
            raise AssertionError(f"never told: {row}")

    def _untold(self) -> Iterator[Any]:
        """Who follows a success and has no row that tells it."""
        return iter(
            self.rig.look(
                "SELECT s.id, s.chat_id, t.external_id FROM subscriptions s JOIN tasks t ON t.id = s.task_id"
                " WHERE NOT s.stopped AND t.ending = 'done' AND NOT EXISTS (SELECT 1 FROM outbox o"
                " WHERE o.subscription_id = s.id AND o.kind IN ('header', 'album', 'result') AND o.state = 'sent')"
                " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.subscription_id = s.id AND o.state = 'dead')"
            )
        )


def _with_media(messages: list[Message]) -> Iterator[Any]:
    return (m for m in messages if m.attachment is not None)


def _rank(text: str) -> int | None:
    """How far the card says that the task is; None where it says nothing of that."""
    if any(word in text for word in ("Done", "Failed", "Cancelled", "Expired")):
        return ENDED
    found = re.search(r"(\d+) %", text)
    return 1 + int(found[1]) if found else None


def run(examples: int, steps: int, number: int | None = None) -> None:
    """So many histories; fails with the shortest one that breaks a promise."""
    with tempfile.TemporaryDirectory(prefix="rushes-machine-", dir=_quick_place()) as name:
        folder = Path(name)
        make_template(folder / "empty.db")
        machine: Any = type("Machine", (Machine,), {"folder": folder, "template": folder / "empty.db"})
        chosen = settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=number is None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        test = machine if number is None else seed(number)(machine)
        run_state_machine_as_test(test, settings=chosen)


def _quick_place() -> str | None:
    """Where files live in memory, if there is such a place."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made there
    return str(memory) if memory.is_dir() else None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.machine", description=__doc__)
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)  # more troubles than anybody would read
    run(chosen.examples, chosen.steps, chosen.seed)
    sys.stdout.write(f"{chosen.examples} histories of up to {chosen.steps} steps: nothing broken\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
