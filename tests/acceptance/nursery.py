"""Starts the bot as often as it is told to, each time as a fork of this process, which has imported everything already.

A line on standard input starts it; the next line is the number of the signal that it gets, and its exit status is the
answer. It inherits the environment, the working directory and standard error, which is its log; nothing runs here that
it could inherit besides: no loop, no thread, no connection. When the input ends, so does the bot.
"""

import os
import signal
import sys
from typing import NoReturn

from bot.__main__ import main


def nurse() -> None:
    while sys.stdin.readline():
        pid = os.fork()
        if pid == 0:
            _be_the_bot()
        os.kill(pid, int(sys.stdin.readline() or signal.SIGKILL))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        sys.stdout.flush()


def _be_the_bot() -> NoReturn:
    """What `python -m bot run` does, with the same input and output as the sandbox gives it."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.exit(main(["run"]))


if __name__ == "__main__":
    nurse()
