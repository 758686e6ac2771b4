"""Programs that may act for a chat: their tokens, what gateways called back with, and what is asked about both."""

import json
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from bot.storage import rows
from bot.storage.changes import Changes
from bot.tracking.guests import Verdict
from bot.tracking.model import Task
from bot.tracking.programs import Program

Read = Callable[[str, tuple[Any, ...]], Awaitable[list[Any]]]


class Programs(Changes):
    """The changes to tokens and hints."""

    async def add_program(self, digest: str, wish: Program) -> Program:
        """A token of that digest works from now on; what is returned has its number."""
        row = await self._one(
            "INSERT INTO tokens (digest, seed, chat_id, thread_id, user_id, created_at) VALUES (?, ?, ?, ?, ?, ?)"
            f" RETURNING {rows.PROGRAM}",
            (digest, wish.seed, wish.chat_id, wish.thread_id, wish.user_id, wish.created_at),
        )
        return rows.to_program(row)

    async def count_programs(self, chat_id: int, thread_id: int) -> int:
        """How many tokens the chat (or topic) has."""
        row = await self._one("SELECT count(*) FROM tokens WHERE chat_id = ? AND thread_id = ?", (chat_id, thread_id))
        return int(row[0])

    async def revoke(self, program_id: int, chat_id: int) -> bool:
        """That token of the chat works no more; False if there is none."""
        return bool(await self._change("DELETE FROM tokens WHERE id = ? AND chat_id = ?", (program_id, chat_id)))

    async def revoke_all(self, chat_id: int, thread_id: int) -> int:
        """None of the chat's (or topic's) tokens works any more; returns how many there were."""
        return await self._change("DELETE FROM tokens WHERE chat_id = ? AND thread_id = ?", (chat_id, thread_id))

    async def take_hint(self, task_id: int, digest: str, most: int) -> bool | None:
        """A gateway called back about the task: it is to be asked for soon.

        False where the same call was taken before, None where `most` have been; then nothing is done.
        """
        known = {row[0] for row in await self._all("SELECT digest FROM hints WHERE task_id = ?", (task_id,))}
        if digest in known:
            return False
        if len(known) >= most:
            return None
        await self._change(
            "INSERT INTO hints (task_id, digest) SELECT id, ? FROM tasks WHERE id = ?", (digest, task_id)
        )
        self.touched_tasks.append(task_id)
        return True


class ProgramQuestions:
    """What is asked about programs, and for them about the chat they act for; `read` runs a question."""

    def __init__(self, read: Read) -> None:
        self._read = read

    async def with_digest(self, digest: str) -> Program | None:
        """Whose token has that digest."""
        found = await self._read(f"SELECT {rows.PROGRAM} FROM tokens WHERE digest = ?", (digest,))
        return rows.to_program(found[0]) if found else None

    async def numbered(self, program_id: int) -> Program | None:
        found = await self._read(f"SELECT {rows.PROGRAM} FROM tokens WHERE id = ?", (program_id,))
        return rows.to_program(found[0]) if found else None

    async def of_chat(self, chat_id: int, thread_id: int) -> list[Program]:
        """The programs of the chat (or topic), the oldest first."""
        sql = f"SELECT {rows.PROGRAM} FROM tokens WHERE chat_id = ? AND thread_id = ? ORDER BY id"
        return [rows.to_program(row) for row in await self._read(sql, (chat_id, thread_id))]

    async def verdicts_on(self, program: Program) -> dict[int, Verdict]:
        """What was decided from inside the bot about the person and the chat."""
        sql = "SELECT id, verdict FROM guests WHERE id IN (?, ?)"
        return {row[0]: Verdict(row[1]) for row in await self._read(sql, (program.user_id, program.chat_id))}

    async def task(self, program: Program, external_id: str) -> Task | None:
        """What its chat follows under that ID; of several tasks one that is open, else the newest."""
        found = await self._read(
            f"SELECT {rows.TASK} FROM tasks t JOIN subscriptions s ON s.task_id = t.id"
            " WHERE t.external_id = ? AND s.chat_id = ? AND s.thread_id = ? AND NOT s.stopped"
            " ORDER BY t.ending IS NULL DESC, s.id DESC LIMIT 1",
            (external_id, program.chat_id, program.thread_id),
        )
        return rows.to_task(found[0]) if found else None

    async def tasks(self, program: Program, before: int, limit: int) -> list[tuple[int, Task]]:
        """What its chat follows, the newest first, each with a number; `before`: only what has a lower one."""
        found = await self._read(
            f"SELECT s.id, {rows.TASK} FROM subscriptions s JOIN tasks t ON t.id = s.task_id"
            " WHERE s.chat_id = ? AND s.thread_id = ? AND NOT s.stopped AND s.id < ? ORDER BY s.id DESC LIMIT ?",
            (program.chat_id, program.thread_id, before, limit),
        )
        return [(row[0], rows.to_task(row[1:])) for row in found]

    async def open_among(self, program: Program, external_ids: Collection[str]) -> list[int]:
        """The numbers of the open tasks that its chat follows under one of these IDs."""
        found = await self._read(
            "SELECT t.id FROM tasks t JOIN subscriptions s ON s.task_id = t.id"
            " WHERE t.external_id IN (SELECT value FROM json_each(?)) AND t.ending IS NULL"
            " AND s.chat_id = ? AND s.thread_id = ? AND NOT s.stopped ORDER BY t.id",
            (json.dumps(list(external_ids)), program.chat_id, program.thread_id),
        )
        return [row[0] for row in found]
