"""Run where `confined.sh` confines: prints, as a JSON list, what is not as it should be. Imports nothing of ours."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

FOLDERS = ("/", "/app", "/app/bot", "/etc", "/usr/lib", "/srv", "/dev")
WRITABLE = ("/data", "/tmp")  # noqa: S108 - as the container has it
PROCESSES = 200
STATUS = {"CapPrm": "0" * 16, "CapEff": "0" * 16, "CapBnd": "0" * 16, "CapAmb": "0" * 16, "NoNewPrivs": "1"}


def main() -> None:
    forbidden: dict[str, Callable[[], object]] = {
        **{f"write in {folder}": partial(write, folder) for folder in (*FOLDERS, sys.prefix)},
        "change the code": lambda: os.open("/app/bot/__main__.py", os.O_WRONLY),
        "become root": lambda: os.setuid(0),
        "give a file away": lambda: os.chown("/data", 0, 0),
        "make a device": lambda: os.mknod("/data/device", 0o020600, os.makedev(1, 3)),
        "change the root": lambda: os.chroot("/data"),
        "listen on port 81": lambda: socket.socket().bind(("127.0.0.1", 81)),
        "open a raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        **{f"run a program from {folder}": partial(run_from, folder) for folder in WRITABLE},
        f"start {PROCESSES} processes": start_many,
    }
    wrong = [what for what, act in forbidden.items() if is_possible(act)]
    wrong += [f"no writing in {folder}" for folder in WRITABLE if not is_possible(partial(write, folder))]
    wrong += [f"{folder} is not read-only" for folder in FOLDERS if not os.statvfs(folder).f_flag & os.ST_RDONLY]
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    wrong += [f"{name} is {told[name].strip()}" for name, wanted in STATUS.items() if told[name].strip() != wanted]
    sys.stdout.write(json.dumps(wrong))


def is_possible(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return False
    return True


def write(folder: str) -> None:
    path = Path(folder) / "written"
    path.write_text("x")
    path.unlink()


def run_from(folder: str) -> None:
    program = Path(folder) / "program"
    shutil.copy("/bin/true", program)
    try:
        program.chmod(0o755)
        subprocess.run([program], check=True)  # noqa: S603 - our own copy of /bin/true
    finally:
        program.unlink()


def start_many() -> None:
    children = []
    try:
        for _ in range(PROCESSES):
            children.append(os.fork())
            if children[-1] == 0:
                os.execv("/bin/sleep", ["sleep", "60"])  # noqa: S606
    finally:
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, 9)
            os.waitpid(child, 0)


if __name__ == "__main__":
    main()
