"""What an upstream can do to a question: refuse, hang, drip, break off. Knows no gateway and no task."""

import asyncio

from aiohttp import web

from sandbox.faults import Fault

_WALL = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
_HALF = b'{"id":"x","status":"completed","url":"https://example.com/'
_DRIP = b'{"code":200,"message":"success","data":{"task_id":"'


async def disturb(request: web.Request, fault: Fault) -> web.StreamResponse:
    """The troubled answer: kinds status, 429, html, raw, hang, drip, cut, reset."""
    match fault.kind:
        case "429":
            seconds = fault.details.get("retry_after")
            return web.Response(status=429, headers={"Retry-After": str(seconds)} if seconds is not None else {})
        case "html":
            return web.Response(status=int(fault.number("status", 200)), text=_WALL, content_type="text/html")
        case "raw":
            headers = {str(name): str(value) for name, value in fault.details.get("headers", {}).items()}
            text = str(fault.details.get("body", ""))
            return web.Response(status=int(fault.number("status", 200)), text=text, headers=headers)
        case "hang":
            await asyncio.sleep(fault.number("seconds", 60))
            return _cut(request)
        case "drip":
            return await _drip(request, fault.number("seconds", 10))
        case "cut":
            return await _break_off(request)
        case "reset":
            return _cut(request)
        case _:
            body = fault.details.get("body", {"error": {"message": "upstream is unwell", "code": "sandbox"}})
            return web.json_response(body, status=int(fault.number("status", 500)))


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _break_off(request: web.Request) -> web.StreamResponse:
    """More is promised than comes."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "900"})
    await answer.prepare(request)
    await answer.write(_HALF)
    return _cut(request)


async def _drip(request: web.Request, seconds: float) -> web.StreamResponse:
    """A body that trickles in byte by byte and is never whole."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    for index in range(len(_DRIP)):
        await answer.write(_DRIP[index : index + 1])
        await asyncio.sleep(seconds / len(_DRIP))
    return _cut(request)
