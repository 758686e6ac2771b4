"""Answers made to hurt: nothing raises, nothing ends a task wrongly, and neither time nor memory runs away."""

import asyncio
import gzip
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.base import QueryError, Snapshot, State
from providers.parse import parse

MIB = 1 << 20
FRAGMENTS = [
    b"[],",
    b"{},",
    b"[[[[]]]],",
    b'{"data":',
    b'"",',
    b'{"url":"x"},',
    b'{"message":"x"},',
    b'"https://a.example/b",',
    b"1,",
    b"-1e999,",
    b"\\u202e",
    b"A",
    b" ",
    b"\xff",
    b"\\",
    b'\\"a\\":',
    b"9",
    b"not found ",
]
HEADS = [
    b"",
    b"[",
    b"{",
    b'{"data":[',
    b'{"result":[',
    b'{"error":"',
    b'{"errors":[',
    b'{"status":"completed","result":[',
]
TAILS = [b"", b"1]}", b"]}", b'"}', b"}", b'1],"status":"failed"}', b']],"b":' + b"9" * 5000 + b"}"]


# CPU milliseconds for decoding REFERENCE on the class of machine that the bound is meant for.
REFERENCE, USUAL = b"[" + b'{"a":1},' * (MIB // 8 - 1) + b"1]", 24.0


def cost(work: Callable[[], object]) -> float:
    """CPU milliseconds, the best of three: others share this machine."""
    spent = []
    for _ in range(3):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent) * 1000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(HEADS), st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=4), st.sampled_from(TAILS))
def test_a_mebibyte_of_anything_costs_little(head: bytes, fragments: list[bytes], tail: bytes) -> None:
    unit = b"".join(fragments)
    body = head + unit * (MIB // len(unit)) + tail
    spent = cost(lambda: parse("video", 200, {}, body, has_fetch=True)) * MIB / len(body)
    # 50 ms, or as much more as this machine is slower or busier right now.
    assert spent < 50 or spent < 50 * cost(lambda: json.loads(REFERENCE)) / USUAL


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=100), st.integers(1, 3000), st.binary(max_size=20))
def test_repetition_ends_nothing(unit: bytes, times: int, tail: bytes) -> None:
    found = parse("video", 200, {}, unit * times + tail)
    assert isinstance(found, QueryError) or not found.state.is_terminal


BODIES = [
    (b"[" * 100_000 + b"]" * 100_000, None),
    (b'{"status":"a","progress":' + b"9" * 5000 + b"}", None),
    (b'{"status":"a","progress":1e999}', None),
    (b'{"status":"a","progress":NaN}', None),
    (b'{"status":"a","progress":-50}', None),
    (b'{"status":"\\ud800"}', None),
    (b'{"status":"a\\u0000b"}', None),
    (b'\xef\xbb\xbf{"status":"queued"}', State.QUEUED),
    (b"<html><body>502 Bad Gateway</body></html>", None),
    (b"", None),
    (b"[]", None),
    (b'"completed"', None),
    (b"true", None),
    (b'{"status":1}', None),
    (b'{"status":{"$ne":1}}', None),
    (b'{"status":["completed"]}', None),
    (b'{"status":"constructor"}', None),
    (b'{"status":"completed","url":null}', State.SUCCEEDED),
    (b'{"status":"completed","url":["http://127.0.0.1/"]}', State.SUCCEEDED),
    (b'{"code":200,"data":{"status":"completed","result":{}}}', State.SUCCEEDED),
    (b'{"code":401,"message":"bad key sk-LEAKME1234567890"}', None),
]


@pytest.mark.parametrize(("body", "end"), BODIES)
def test_only_a_named_end_is_an_end(body: bytes, end: State | None) -> None:
    found = parse("video", 200, {}, body)
    state = found.state if isinstance(found, Snapshot) else State.UNKNOWN
    assert state is end or (end is None and not state.is_terminal)
    assert "LEAKME" not in repr(found)


# The transport, from a process of its own whose memory is watched.

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n" % len(data) + data + b"\r\n"


def sized(body: bytes, more: bytes = b"") -> list[bytes]:
    return [HEAD + more + b"Content-Length: %d\r\n\r\n" % len(body), body]


def flood(head: bytes, unit: bytes, mebibytes: int, tail: bytes) -> Iterable[bytes]:
    piece = unit * (MIB // len(unit))
    yield HEAD + b"Content-Length: %d\r\n\r\n" % (len(head) + mebibytes * len(piece) + len(tail))
    yield head
    for _ in range(mebibytes):
        yield piece
    yield tail


def endless() -> Iterable[bytes]:
    yield CHUNKED
    while True:
        yield chunk(b"[],")


ATTACKS: dict[str, list[Iterable[bytes]]] = {
    "one string of 64 MiB": [flood(b'{"x":"', b"A", 64, b'"}')],
    "a film inside the answer": [flood(b'{"status":"completed","url":"data:video/mp4;base64,', b"AAAA", 64, b'"}')],
    "64 MiB of lists": [flood(b"[", b"[],", 64, b"1]")],
    "64 MiB of keys": [flood(b"{", b'"k":{},', 64, b'"z":1}')],
    "64 MiB of space": [flood(b"", b" ", 64, b'{"status":"completed"}')],
    "64 MiB that are no JSON": [flood(b"", b'\\"', 64, b"")],
    "as many lists as are read": [sized(b"[" + b"[]," * (MIB // 6 - 9) + b"1]")],
    "as many objects as are read": [sized(b"[" + b'{"":0},' * (MIB // 14 - 9) + b"1]")],
    "gzip of 200 MiB": [sized(gzip.compress(b" " * (200 * MIB), 1), b"Content-Encoding: gzip\r\n")],
    "gzip of 200 MiB of lists": [sized(gzip.compress(b"[]," * (66 * MIB), 1), b"Content-Encoding: gzip\r\n")],
    "a header of 64 KiB": [[HEAD + b"X: " + b"a" * 65536 + b"\r\n\r\n{}"]],
    "1000 headers": [[HEAD + b"".join(b"X-%d: 1\r\n" % n for n in range(1000)) + b"\r\n{}"]],
    "chunks without end": [endless()],
    "nothing at all": [[b""]],
    "half an answer": [[HEAD + b"Content-Length: 900\r\n\r\n{"]],
    "a redirect": [[b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"]],
}

# What is a terminal answer all the same, however it came.
END = {"a film inside the answer": "succeeded"}
KIB = 1024

WATCHED = """
import asyncio, re, sys
from pathlib import Path
from providers.base import Endpoint, Provider
from providers.client import GatewayClient

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

async def main():
    provider = Provider("x", "X", sys.argv[1], (Endpoint("video", "/{id}"),))
    async with GatewayClient(timeout=4) as client:
        await client.query(provider, provider.endpoints[0], "k", "warm-up")
        before = peak()
        found = await client.query(provider, provider.endpoints[0], "k", "x")
        grown = peak() - before
    print(grown, getattr(found, "state", "") or found.kind)

asyncio.run(main())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a process's peak of memory is read from /proc")
@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_ends_in_time_and_in_little_memory(name: str) -> None:
    answers = iter([[*sized(b'{"status":"queued"}')], *ATTACKS[name]])

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                for piece in next(answers, []):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    began = time.monotonic()
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            WATCHED,
            url,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    assert err == b""
    grown, outcome = out.decode().split()
    assert int(grown) * KIB < 32 * MIB
    assert outcome == END.get(name, outcome)
    assert outcome in {"protocol", "transient", END.get(name)}
    assert time.monotonic() - began < 40
