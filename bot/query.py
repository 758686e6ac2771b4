"""The commands that look instead of running the bot: one question by hand, and what is set up.

They go the way that polling goes, so what they print is what the bot would have understood. Nothing is stored.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot import __version__
from bot.polling.inquiry import Answer, Heard, Inquiry
from bot.polling.limiter import Lanes
from bot.tracking.gateways import Gateway, Gateways, fold_name
from bot.tracking.model import NOT_LOCATED, Task
from providers.base import Endpoint, Provider, QueryError, Snapshot
from providers.client import GatewayClient

AT_ONCE = 8
_SHOWN_OF_KEY = 4
_LONG_ENOUGH = 12


class CannotAsk(Exception):
    """There is nobody to ask this; the text is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one question brought, ready to be printed."""

    task_id: str
    provider: str
    answer: Answer

    @property
    def is_answer(self) -> bool:
        return isinstance(self.answer, Snapshot)

    def as_json(self) -> str:
        """One object: the normalised answer, or `query_error` and why."""
        return json.dumps(_record(self), ensure_ascii=False)

    def as_table(self) -> str:
        """The same for people: times as dates, without what is not known."""
        rows = [(name, text) for name, value in _record(self).items() if (text := _shown(name, value))]
        return _aligned(rows)


async def query(gateways: Gateways, task_id: str, provider: str = "", kind: str = "") -> Found:
    """Asks everybody who may know the task, once. Raises `CannotAsk` before anything is sent."""
    named = _named(gateways, provider)
    if not any(one.accepts(task_id) for one in named):
        raise CannotAsk(f"{task_id[:80]!r} cannot be a task ID; copy it again from where the task was made.")
    task = Task(0, named[0].name if provider else "", NOT_LOCATED, kind, task_id, 0.0, 0.0, 0.0)
    if not gateways.candidates(task.provider, task.kind, task_id):
        raise CannotAsk(f"No provider here is asked for a task of kind {kind}; leave --kind out.")
    async with GatewayClient(version=__version__) as client:
        heard: Heard = (await Inquiry(gateways, client, Lanes(AT_ONCE, None)).ask(task))[0]
    return Found(task_id, heard.address.provider, heard.answer)


def listing(gateways: tuple[Gateway, ...]) -> str:
    """What is set up: each provider with its addresses, its accounts (masked) and what it can do."""
    return "\n\n".join(_described(gateway) for gateway in gateways)


def _named(gateways: Gateways, name: str) -> tuple[Provider, ...]:
    if not gateways.providers:
        raise CannotAsk(
            "No provider has a key: put at least one, such as APIPOD_API_KEY, into .env or the environment."
        )
    named = tuple(one for one in gateways.providers if fold_name(name) in {"", fold_name(one.name)})
    if not named:
        known = ", ".join(gateways.names)
        raise CannotAsk(f"No provider {name} with a key; there is {known} (python -m bot providers shows all).")
    return named


def _record(found: Found) -> dict[str, Any]:
    head = {"provider": found.provider, "task_id": found.task_id}
    answer = found.answer
    if isinstance(answer, QueryError):
        return {**head, "query_error": answer.kind.value, "http": answer.http, "message": answer.message}
    error = answer.error
    return {
        **head,
        "state": answer.state.value,
        "raw_status": answer.raw_status,
        "progress": answer.progress,
        "outputs": [{"kind": output.kind.value, "url": _head(output.url)} for output in answer.outputs],
        "needs_fetch": answer.needs_fetch,
        "error": {"code": error.code, "message": error.message} if error else None,
        "model": answer.model,
        "prompt": answer.prompt,
        "created_at": _seconds(answer.created_at),
        "updated_at": _seconds(answer.updated_at),
        "completed_at": _seconds(answer.completed_at),
    }


def _seconds(moment: float | None) -> int | None:
    return None if moment is None else int(moment)


def _head(url: str) -> str:
    """A link as it is; of a `data:` URL only what it says about the bytes."""
    return url[: url.index(",") + 1] if url.startswith("data:") else url


def _shown(name: str, value: Any) -> str:
    if value is None or value == [] or value is False or value == "":
        return ""
    if name == "outputs":
        return "\n".join(f"{output['kind']}  {output['url']}" for output in value)
    if name == "error":
        return f"{value['message']} (code {value['code']})" if value["code"] else str(value["message"])
    if name.endswith("_at"):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if name == "progress":
        return f"{value} %"
    return "yes, its file comes by a second request" if name == "needs_fetch" else str(value)


def _aligned(rows: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows) + 2
    return "\n".join(
        f"{name if first else '':<{width}}{line}"
        for name, text in rows
        for first, line in ((number == 0, line) for number, line in enumerate(text.splitlines()))
    )


def _described(gateway: Gateway) -> str:
    provider = gateway.provider
    rows = [
        ("accounts", _accounts(gateway)),
        *(
            (f"{endpoint.kind} tasks", f"{endpoint.method} {_address(provider, endpoint)}")
            for endpoint in provider.endpoints
        ),
    ]
    if provider.fetch:
        rows.append(("files", f"GET {provider.base_url}{provider.fetch.path} ({provider.fetch.mode}), or by link"))
    body = _aligned(rows)
    return f"{provider.name} · {provider.title}\n" + "\n".join(f"  {line}" for line in body.splitlines())


def _address(provider: Provider, endpoint: Endpoint) -> str:
    query_part = "&".join(f"{name}={value}" for name, value in endpoint.params.items())
    return f"{provider.base_url}{endpoint.path}" + (f"?{query_part}" if query_part else "")


def _accounts(gateway: Gateway) -> str:
    if not gateway.setting:
        return "needs no key"
    if not gateway.keys:
        return f"off: {gateway.setting} is not set"
    return f"{', '.join(_masked(key) for key in gateway.keys)} ({gateway.setting})"


def _masked(key: str) -> str:
    """Enough to tell two keys apart, too little to use one."""
    return f"…{key[-_SHOWN_OF_KEY:]}" if len(key) >= _LONG_ENOUGH else "…"
