"""What the bot asks gateways: the only place that uses their keys; knows nothing of schedules or chats."""

import asyncio
import ssl
import time
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from providers import fetching, requests
from providers.base import Endpoint, Output, Provider, QueryError, QueryErrorKind, Snapshot, State, TaskError
from providers.echoes import without_key
from providers.fetching import Order
from providers.files import FileWriter
from providers.inline import decode, marker
from providers.own_links import on_own_origin
from providers.parse import ADVICE, parse
from providers.requests import Question
from providers.transport import HttpAnswer, Transport, trouble

_MIB = 1 << 20
_MOST_QUESTIONS = 1000
# The gateway has understood the second question and says that there will never be a file.
_NO_FILE = frozenset({400, 422})


class Known(NamedTuple):
    """A usable answer, and a digest of what it was read from; it holds for one endpoint and within one process."""

    snapshot: Snapshot
    digest: int


class GatewayClient:
    """Asks gateways, and fetches the files that they only give out against the key. One for the whole process.

    `timeout` and `fetch_timeout` bound a whole call in seconds, the last byte included; `max_answer_bytes` bounds an
    answer to `query`. How many calls run at once is the caller's business.
    """

    def __init__(
        self,
        *,
        version: str = "dev",
        timeout: float = 20.0,
        fetch_timeout: float = 300.0,
        max_answer_bytes: int = 160 * _MIB,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout = timeout
        self._fetch_timeout = fetch_timeout
        self._max_answer_bytes = max_answer_bytes
        self._questions: dict[tuple[int, int, str], Question] = {}
        self._transport = Transport(f"rushes/{version}", ssl_context)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.__aexit__(kind, error, trace)

    async def query(self, provider: Provider, endpoint: Endpoint, key: str, task_id: str) -> Snapshot | QueryError:
        """One question about one task. Network trouble is a QueryError; ValueError for what `provider.accepts` not.

        Of a `data:` URL of more than 64 KiB only the head is there; `fetch_inline` gets its bytes.
        """
        answer = await self._exchange(provider, endpoint, key, task_id)
        return self._understood(provider, endpoint, key, answer)

    async def query_again(
        self, provider: Provider, endpoint: Endpoint, key: str, task_id: str, known: Known | None
    ) -> Known | QueryError:
        """As `query`; `known` itself if the answer is word for word the one before: it need not be read again.

        Only an answer that said something can be known; an error is always read.
        """
        answer = await self._exchange(provider, endpoint, key, task_id)
        if isinstance(answer, QueryError):
            return answer
        digest = hash((answer.status, *map(answer.headers.get, ADVICE), answer.body))
        if known is not None and known.digest == digest:
            return known
        found = self._understood(provider, endpoint, key, answer)
        return found if isinstance(found, QueryError) else Known(found, digest)

    async def knock(
        self, provider: Provider, endpoint: Endpoint, key: str, task_id: str
    ) -> tuple[Snapshot | QueryError, float | None]:
        """As `query`, for whoever examines an account: also what the gateway's clock shows (epoch seconds), if told."""
        answer = await self._exchange(provider, endpoint, key, task_id)
        clock = None if isinstance(answer, QueryError) else _clock(answer.headers.get("Date", ""))
        return self._understood(provider, endpoint, key, answer), clock

    async def _exchange(
        self, provider: Provider, endpoint: Endpoint, key: str, task_id: str
    ) -> HttpAnswer | QueryError:
        request = self._question(provider, endpoint, key).about(task_id, time.time())
        return await self._transport.exchange(request, self._timeout, self._max_answer_bytes)

    def _question(self, provider: Provider, endpoint: Endpoint, key: str) -> Question:
        """What is asked again and again is put together once."""
        # The question keeps both, so that no other provider can have their place in memory.
        name = (id(provider), id(endpoint), key)
        question = self._questions.get(name)
        if question is None:
            if len(self._questions) >= _MOST_QUESTIONS:
                self._questions.clear()
            question = self._questions[name] = Question(provider, endpoint, key)
        return question

    @staticmethod
    def _understood(
        provider: Provider, endpoint: Endpoint, key: str, answer: HttpAnswer | QueryError
    ) -> Snapshot | QueryError:
        if isinstance(answer, QueryError):
            return answer
        has_fetch = provider.fetch is not None
        found = parse(endpoint.kind, *answer, reading=endpoint.reading, has_fetch=has_fetch, now=time.time())
        if isinstance(found, QueryError):
            return without_key(found, key, provider.base_url)
        return without_key(on_own_origin(found, provider.base_url), key, provider.base_url)

    async def complete(self, provider: Provider, key: str, task_id: str, snapshot: Snapshot) -> Snapshot | QueryError:
        """The snapshot with its links, where a second request names them (`Fetch.gives_links`); else as it is."""
        fetch = provider.fetch
        if fetch is None or not fetch.gives_links or not snapshot.needs_fetch:
            return snapshot
        try:
            request = requests.second_question(provider, key, task_id, snapshot.handles, time.time())
        except ValueError as error:
            return QueryError(QueryErrorKind.PROTOCOL, str(error))
        answer = await self._transport.exchange(request, self._timeout, _MIB)
        if isinstance(answer, QueryError):
            return answer
        found = parse(provider.endpoints[0].kind, *answer, reading=fetch.reading, now=time.time())
        if isinstance(found, Snapshot) and found.outputs:
            full = replace(snapshot, outputs=found.outputs, needs_fetch=False)
            return without_key(on_own_origin(full, provider.base_url), key, provider.base_url)
        refusal = without_key(fetching.not_there(found), key, provider.base_url)
        if refusal.http in _NO_FILE and refusal.kind is QueryErrorKind.PROTOCOL:
            reason = TaskError(refusal.message, refusal.code)
            return replace(snapshot, state=State.FAILED, needs_fetch=False, error=reason)
        return refusal

    async def fetch(
        self, provider: Provider, key: str, task_id: str, snapshot: Snapshot, destination: Path, max_bytes: int
    ) -> Path | Output | QueryError:
        """The file of a finished task: `destination` once it is complete, or where to get it without the key.

        Nothing is left at `destination` otherwise. Raises TooLarge past `max_bytes`, OSError as the file system does,
        ValueError for what `provider.accepts` not, or a provider without a second request.
        """
        request = requests.second_question(provider, key, task_id, snapshot.handles, time.time())
        is_json = provider.fetch is not None and provider.fetch.mode == "json"
        reading = provider.fetch.reading if provider.fetch else None
        order = Order(request, provider.endpoints[0].kind, is_json, reading)
        return _unsaid(await self._fetch(order, destination, max_bytes), provider, key)

    async def fetch_own(
        self, provider: Provider, key: str, output: Output, destination: Path, max_bytes: int
    ) -> Path | Output | QueryError:
        """As `fetch`, for a result whose link wants the key. ValueError if it is not on the provider's own origin."""
        request = requests.own_file(provider, key, output.url, time.time())
        order = Order(request, provider.endpoints[0].kind)
        return _unsaid(await self._fetch(order, destination, max_bytes), provider, key)

    async def fetch_inline(
        self,
        provider: Provider,
        endpoint: Endpoint,
        key: str,
        task_id: str,
        place: int,
        destination: Path,
        max_bytes: int,
    ) -> Path | Output | QueryError:
        """As `fetch`, for a result that the answer itself holds as a `data:` URL at `place`."""
        answer = await self.query(provider, endpoint, key, task_id)
        if isinstance(answer, QueryError):
            return answer
        url = answer.outputs[place].url if place < len(answer.outputs) else ""
        number = marker(url)
        if number is not None:
            request = self._question(provider, endpoint, key).about(task_id, time.time())
            order = Order(request, endpoint.kind, is_json=True, number=number)
            return await self._fetch(order, destination, max_bytes)
        async with FileWriter(destination, max_bytes) as file:
            await file.write(decode(url) or b"")
            return await file.keep() if file.size else QueryError(QueryErrorKind.TRANSIENT, "the result is not there")

    async def _fetch(self, order: Order, destination: Path, max_bytes: int) -> Path | Output | QueryError:
        try:
            async with asyncio.timeout(self._fetch_timeout):
                return await fetching.fetch(self._transport, order, destination, max_bytes)
        except TimeoutError as error:
            return trouble(error)


def _unsaid(found: Path | Output | QueryError, provider: Provider, key: str) -> Path | Output | QueryError:
    return without_key(found, key, provider.base_url) if isinstance(found, QueryError) else found


def _clock(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
