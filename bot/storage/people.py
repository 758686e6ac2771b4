"""Changes to who is let in: verdicts on people and chats, and the links that let somebody in."""

from bot.storage import rows
from bot.storage.changes import Changes
from bot.tracking.guests import Guest, Verdict

# A request that nobody decides about is forgotten after so many seconds.
ASKED_KEPT = 30 * 86_400.0


class People(Changes):
    """What the commands and buttons about access change, and what they ask before."""

    async def guest(self, ident: int) -> Guest | None:
        """What was decided about that person or chat."""
        row = await self._one(f"SELECT {rows.GUEST} FROM guests WHERE id = ?", (ident,))
        return rows.to_guest(row) if row else None

    async def judge(self, ident: int, verdict: Verdict, name: str, now: float) -> None:
        """From now on this holds for the person or chat; without a `name` the one that is known stays."""
        await self._change(
            "INSERT INTO guests (id, verdict, name, since) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " verdict = excluded.verdict, since = excluded.since,"
            " name = CASE excluded.name WHEN '' THEN name ELSE excluded.name END",
            (ident, verdict, name, now),
        )
        await self._change("DELETE FROM guests WHERE verdict = 'asked' AND since < ?", (now - ASKED_KEPT,))
        self.touched_guests = True

    async def requests_since(self, moment: float) -> int:
        """How many people have asked to be let in since then and are not decided about."""
        row = await self._one("SELECT count(*) FROM guests WHERE verdict = 'asked' AND since > ?", (moment,))
        return int(row[0])

    async def add_invite(self, digest: str, uses: int, expires_at: float, made_by: int, now: float) -> None:
        """A link that lets so many people in until then; those of no more use are forgotten."""
        await self._change("DELETE FROM invites WHERE uses_left <= 0 OR expires_at <= ?", (now,))
        await self._change(
            "INSERT INTO invites (digest, uses_left, expires_at, made_by) VALUES (?, ?, ?, ?)",
            (digest, uses, expires_at, made_by),
        )

    async def use_invite(self, digest: str, now: float) -> bool:
        """Takes one use of the link; False where it is unknown, expired or used up."""
        sql = "UPDATE invites SET uses_left = uses_left - 1 WHERE digest = ? AND uses_left > 0 AND expires_at > ?"
        return bool(await self._change(sql, (digest, now)))
