"""`make hardened`: the bot at work under the restrictions of its container, without one; needs root and util-linux.

The Dockerfile's own commands run in `confined.sh`, against the stand-ins: a video to its thumbnail and cover, which a
helper decodes, a chart that a helper draws, the health check, the end. Then it is tried what must not be possible.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiohttp.test_utils import unused_port

from sandbox.bot_process import CHECKOUT
from sandbox.player import Player
from sandbox.servers import OPERATOR, PERSON, Origins, serving
from tests.acceptance.world import waited

Json = dict[str, Any]

HERE = CHECKOUT / "tests" / "acceptance"
USER = 10001
PATIENCE, STOP_SECONDS = 60.0, 15.0
TOOLS = ("unshare", "setpriv", "prlimit", "chroot", "mount")
NAMESPACES = ("unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation", "private")


class Confinement:
    """A place to run commands in; `data` is what they may write to."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.data = folder / "data"
        self.data.mkdir(mode=0o711)
        os.chown(self.data, USER, USER)
        self._root = folder / "root"
        self._root.mkdir()
        python = f"{sys.prefix}/bin"
        ours = {"PATH": f"{python}:/usr/bin:/bin", "PYTHONPATH": "/app", "PYTHONDONTWRITEBYTECODE": "1"}
        self._environment = {**environment, **ours}

    async def start(self, command: Sequence[str], **how: Any) -> Process:
        script = (HERE / "confined.sh", self._root, self.data, CHECKOUT, f"{sys.base_prefix}:{sys.prefix}")
        return await asyncio.create_subprocess_exec(
            *NAMESPACES, *map(str, script), *command, env=self._environment, stdin=DEVNULL, **how
        )

    async def outcome(self, command: Sequence[str]) -> tuple[int | None, str]:
        """The exit status, and what it printed."""
        process = await self.start(command, stdout=PIPE)
        printed, _ = await process.communicate()
        return process.returncode, printed.decode()


class Report:
    """One line for each thing that was tried."""

    def __init__(self) -> None:
        self.is_good = True

    def note(self, what: str, *, holds: bool, details: object = "") -> None:
        self.is_good &= holds
        sys.stdout.write(f"{'ok    ' if holds else 'WRONG '} {what}{f': {details}' if details else ''}\n")
        sys.stdout.flush()


async def main() -> int:
    """The exit status: 1 if something is not as it should be."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing or os.geteuid() != 0:
        sys.stdout.write(f"skipped: needs {'root' if not missing else ', '.join(missing)}; nothing was tried\n")
        return 0
    report = Report()
    with tempfile.TemporaryDirectory(prefix="rushes-confined-") as folder:
        async with serving() as origins:
            port = unused_port()
            settings = {**origins.environment(Path("/data/rushes.db")), "HTTP_PORT": str(port)}
            place = Confinement(Path(folder), settings)
            with (place.data / "log").open("wb") as log:
                bot = await place.start([*from_dockerfile("ENTRYPOINT"), *from_dockerfile("CMD")], stderr=log)
            try:
                await try_out(place, origins, bot, report)
            finally:
                if bot.returncode is None:
                    bot.kill()
                    await bot.wait()
            if not report.is_good:
                sys.stderr.write((place.data / "log").read_text(errors="replace"))
    return 0 if report.is_good else 1


async def try_out(place: Confinement, origins: Origins, bot: Process, report: Report) -> None:
    async with Player(origins.sim, PERSON) as person, Player(origins.sim, OPERATOR) as operator:
        await person.tell("tasks", provider="token360", id="t1", pace=1)
        await person.say("/track t1")
        media = (await shown(person, "video")).get("media") or {}
        report.note("a video is delivered", holds=bool(media))
        if not media:
            return
        report.note("with a thumbnail and a cover", holds=bool(media.get("thumbnail") and media.get("cover")))
        await operator.say("/stats")
        report.note("the picture of /stats is drawn", holds=bool(await shown(operator, "photo")))
    status, _ = await place.outcome(from_dockerfile("  CMD"))
    report.note("the health check is content", holds=status == 0)
    status, printed = await place.outcome(["python", "-c", (HERE / "confined_attempts.py").read_text()])
    wrong = json.loads(printed) if status == 0 else printed
    report.note("what must not be possible is not", holds=wrong == [], details=wrong or "")
    database = (place.data / "rushes.db").stat()
    kept = (database.st_uid, oct(database.st_mode & 0o777))
    report.note("the database is the bot's alone", holds=kept == (USER, "0o600"), details=kept)
    os.kill(child_of(bot), signal.SIGTERM)
    try:
        ended = await asyncio.wait_for(bot.wait(), STOP_SECONDS)
    except TimeoutError:
        ended = None
    report.note("it ends when it is asked to", holds=ended == 0, details=ended or "")


async def shown(player: Player, kind: str) -> Json:
    """The first message of the bot with such media; {} if none comes."""

    async def look() -> Json:
        found = [m for m in await player.messages() if m["from_bot"] and m["media"] and m["media"]["kind"] == kind]
        return found[0] if found else {}

    return await waited(look, PATIENCE)


def from_dockerfile(instruction: str) -> list[str]:
    """The list that follows the instruction, the last one of its kind."""
    lists = re.findall(rf"^{instruction} (\[.*\])$", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
    return [str(word) for word in json.loads(lists[-1])]


def child_of(process: Process) -> int:
    """The command itself, to which `unshare` hands on no signals."""
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
