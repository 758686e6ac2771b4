"""The secrets that every bot of the tests is started with, and where one may have spilled."""

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sandbox.scenarios import PROVIDERS
from sandbox.servers import TOKEN, key_of

PROXY_PASSWORD = "pr0xy:p@ss/w0rd"
# In every bot's environment beside what the stand-ins want; nothing goes through this proxy.
SETTINGS: Mapping[str, str] = {"HTTPS_PROXY": f"http://planted:{quote(PROXY_PASSWORD, safe='')}@proxy.invalid:3128"}
# Of a signed link, which stands in the database and behind a button, and nowhere else.
SIGNATURE = b"signature=c0ffee"


def _tell_tales() -> Iterable[bytes]:
    whole = [TOKEN, PROXY_PASSWORD, *map(key_of, PROVIDERS)]
    for secret in whole:
        yield secret.encode()
        yield quote(secret, safe="").encode()
        yield base64.b64encode(secret.encode())[:-4]
    # Halves tell enough.
    yield TOKEN.partition(":")[2].encode()
    yield TOKEN.encode()[-12:]
    yield b"sesame."


TELL_TALES = tuple(dict.fromkeys(_tell_tales()))


def spilled(name: str, content: bytes, *, is_public: bool = True) -> list[str]:
    """What stands in `content` and should not, one line each. `is_public`: no signature may be in it either."""
    wanted = (*TELL_TALES, SIGNATURE) if is_public else TELL_TALES
    return [f"{name} holds {secret.decode()}" for secret in wanted if secret in content]


def spilled_in(folder: Path) -> list[str]:
    """The same for every file in there: log, database with what lies beside it, media that were left behind."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "sandbox.log")
    return [
        line for path in files for line in spilled(path.name, path.read_bytes(), is_public=path.name.endswith(".log"))
    ]


def spilled_to_telegram(calls: Iterable[Mapping[str, Any]]) -> list[str]:
    """The same for what the Bot API was sent: texts, captions, buttons, answers, names of files."""
    return spilled("a call", json.dumps([call["params"] for call in calls]).encode(), is_public=False)
