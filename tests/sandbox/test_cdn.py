import asyncio

import aiohttp
import pytest

from sandbox.media import Media
from sandbox.player import Player
from sandbox.servers import Origins, key_of


async def result(origins: Origins, person: Player, web: aiohttp.ClientSession, life: float | None) -> str:
    """The address under which a finished task's video lies."""
    await person.tell("tasks", provider="ai_nebula", id="t", pace=0, link_life=life)
    headers = {"Authorization": f"Bearer {key_of('ai_nebula')}"}
    async with web.get(f"{origins.gateways['ai_nebula']}/v1/video/generations/t", headers=headers) as answer:
        return str((await answer.json())["url"])


async def test_files_come_whole_and_in_parts(origins: Origins, media: Media, web: aiohttp.ClientSession) -> None:
    path = media.path("dawn.mp4")
    assert path is not None
    whole = path.read_bytes()
    address = f"{origins.cdn}/files/dawn.mp4"
    async with web.get(address) as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, "video/mp4", whole)
    async with web.get(address, headers={"Range": "bytes=100-"}) as answer:
        assert (answer.status, await answer.read()) == (206, whole[100:])
        assert answer.headers["Content-Range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
    async with web.get(address, headers={"Range": f"bytes={len(whole)}-"}) as answer:
        assert answer.status == 416


@pytest.mark.parametrize("name", ["none.mp4", "..%2f..%2fetc%2fpasswd", "big-10.mp4"])
async def test_there_is_no_such_file(origins: Origins, web: aiohttp.ClientSession, name: str) -> None:
    async with web.get(f"{origins.cdn}/files/{name}") as answer:
        assert answer.status == 404


async def test_a_link_without_a_life_needs_no_signature(
    origins: Origins, person: Player, web: aiohttp.ClientSession
) -> None:
    assert await result(origins, person, web, None) == f"{origins.cdn}/files/dawn.mp4"


async def test_a_signed_link_works_until_it_dies(origins: Origins, person: Player, web: aiohttp.ClientSession) -> None:
    address = await result(origins, person, web, 60)
    async with web.get(address) as answer:
        assert answer.status == 200
    for forged in (address[:-1] + "?", address.replace("expires=", "expires=9"), address.partition("&")[0]):
        async with web.get(forged) as answer:
            assert (answer.status, await answer.text()) == (403, "bad signature")
    async with web.get(await result(origins, person, web, -2)) as answer:
        assert (answer.status, await answer.text()) == (403, "Request has expired")


async def test_a_redirect_leads_where_it_is_told(origins: Origins, web: aiohttp.ClientSession) -> None:
    target = f"{origins.cdn}/files/dawn.png"
    async with web.get(f"{origins.cdn}/redirect", params={"to": target}) as answer:
        assert (answer.status, str(answer.url), answer.content_type) == (200, target, "image/png")


async def test_the_log_tells_who_brought_a_key(origins: Origins, person: Player, web: aiohttp.ClientSession) -> None:
    for headers in ({}, {"Authorization": "Bearer sk-secret"}):
        async with web.get(f"{origins.cdn}/files/dawn.png", headers=headers) as answer:
            assert answer.status == 200
    calls = (await person.ask("gateway-calls"))["calls"]
    assert [(call["provider"], call["authorization"]) for call in calls] == [("cdn", False), ("cdn", True)]
    assert "sk-secret" not in str(calls)


async def test_a_download_breaks_off_half_way(
    origins: Origins, person: Player, media: Media, web: aiohttp.ClientSession
) -> None:
    path = media.path("dawn.mp4")
    assert path is not None
    await person.tell("gateway-faults", provider="cdn", id="dawn.mp4", kind="truncate")
    async with web.get(f"{origins.cdn}/files/dawn.mp4") as answer:
        assert answer.content_length == path.stat().st_size
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
    async with web.get(f"{origins.cdn}/files/dawn.mp4") as answer:
        assert len(await answer.read()) == path.stat().st_size


async def test_the_file_server_is_unwell_too(origins: Origins, person: Player, web: aiohttp.ClientSession) -> None:
    await person.tell("gateway-faults", provider="cdn", kind="status", status=503)
    await person.tell("gateway-faults", provider="cdn", kind="hang", seconds=5)
    async with web.get(f"{origins.cdn}/files/dawn.mp4") as answer:
        assert answer.status == 503
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), web.get(f"{origins.cdn}/files/dawn.mp4"):
            pass
