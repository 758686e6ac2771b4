import asyncio
import io
import logging
import os
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from bot.media.probe import Format, probe
from bot.media.stills import Stills, stills

RED, GREEN, BLUE, YELLOW = (220, 20, 20), (20, 200, 20), (20, 20, 220), (220, 220, 20)
Corners = list[tuple[int, int, int]]
Size = tuple[int, int]


@dataclass(frozen=True)
class Film:
    """What a test asks the encoder for; the first `black` frames of 24 are black."""

    name: str = "a.mp4"
    size: Size = (160, 96)
    codec: str = "libx264"
    pixels: str = "yuv420p"
    colours: Colorspace = Colorspace.ITU601
    tagged: bool = True
    turned: int = 0
    mirrored: bool = False
    shape: Fraction = Fraction(1)
    black: int = 0


def card(size: Size = (160, 96)) -> Image.Image:
    """A quarter each of red and green, below them blue and yellow."""
    width, height = size
    image = Image.new("RGB", size, RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(YELLOW, (width // 2, height // 2, width, height))
    return image


def shoot(folder: Path, film: Film) -> Path:
    path = folder / film.name
    with av.open(str(path), "w") as out:
        stream = out.add_stream(film.codec, rate=24)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = film.size
        stream.pix_fmt = film.pixels
        stream.sample_aspect_ratio = film.shape
        stream.options = {"x265-params": "log-level=none"} if film.codec == "libx265" else {}
        if film.tagged:
            stream.codec_context.colorspace = 1 if film.colours is Colorspace.ITU709 else 6
        if film.turned or film.mirrored:
            stream.set_display_rotation(film.turned, hflip=film.mirrored)
        for index in range(24):
            image = Image.new("RGB", film.size) if index < film.black else card(film.size)
            frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            full = ColorRange.JPEG if "j" in film.pixels else ColorRange.MPEG
            made = frame.reformat(format=film.pixels, dst_colorspace=film.colours, dst_color_range=full)
            made.pts, made.time_base = index, Fraction(1, 24)
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return path


async def pictures(path: Path, format_: Format | None = None) -> tuple[Image.Image, Image.Image]:
    """The thumbnail and the cover, opened, within the bounds that Telegram sets."""
    made = await stills(path, format_ or probe(path).format, path.parent)
    assert made.thumbnail
    assert made.cover
    thumbnail, cover = (Image.open(io.BytesIO(path.read_bytes())) for path in (made.thumbnail, made.cover))
    assert (thumbnail.format, cover.format) == ("JPEG", "JPEG")
    assert made.thumbnail.stat().st_size < 200_000
    assert made.cover.stat().st_size < 2_000_000
    assert max(thumbnail.size) <= 320
    assert max(cover.size) <= 1280
    return thumbnail, cover


def events(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """What was logged, with its values."""
    return [record.msg for record in caplog.records]


def corners(image: Image.Image) -> Corners:
    width, height = image.size
    places = [(x * width // 8, y * height // 8) for y in (1, 7) for x in (1, 7)]
    return [image.convert("RGB").getpixel(place) for place in places]  # type: ignore[misc]


def alike(found: Corners, wanted: Corners, tolerance: int = 6) -> bool:
    pairs = zip((c for corner in found for c in corner), (c for corner in wanted for c in corner), strict=True)
    return all(abs(one - other) <= tolerance for one, other in pairs)


FILMS = (
    Film(),
    Film("full-range.mp4", pixels="yuvj420p"),
    Film("hd-colours.mp4", colours=Colorspace.ITU709),
    Film("hd.mp4", size=(1280, 720), colours=Colorspace.ITU709),
    Film("hd-untagged.mp4", size=(1280, 720), colours=Colorspace.ITU709, tagged=False),
    Film("untagged.mp4", tagged=False),
    Film("ten-bits.mp4", codec="libx265", pixels="yuv420p10le"),
    Film("all-colours.mp4", pixels="yuv444p"),
    Film("a.mov"),
    Film("hevc.mkv", codec="libx265"),
    Film("vp9.webm", codec="libvpx-vp9"),
    Film("av1.mp4", codec="libsvtav1"),
)


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.name)
async def test_colours_are_right_in_every_coding(film: Film, tmp_path: Path) -> None:
    thumbnail, cover = await pictures(shoot(tmp_path, film))
    assert cover.size == film.size
    assert alike(corners(thumbnail), [RED, GREEN, BLUE, YELLOW])
    assert alike(corners(cover), [RED, GREEN, BLUE, YELLOW])


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.jpeg", "a.gif", "a.avif"])
@pytest.mark.parametrize("size", [(160, 96), (1500, 900)])
async def test_still_pictures(name: str, size: Size, tmp_path: Path) -> None:
    card(size).save(tmp_path / name)
    thumbnail, cover = await pictures(tmp_path / name)
    assert alike(corners(thumbnail), [RED, GREEN, BLUE, YELLOW])
    assert thumbnail.size == ((160, 96) if size[0] < 320 else (320, 192))
    assert cover.size == ((160, 96) if size[0] < 1280 else (1280, 768))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
async def test_the_picture_is_upright(turned: int, mirrored: bool, tmp_path: Path) -> None:
    path = shoot(tmp_path, Film(turned=turned, mirrored=mirrored))
    wanted = card().rotate(turned, expand=True)
    if mirrored:
        wanted = wanted.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for picture in await pictures(path):
        assert picture.size == wanted.size
        assert alike(corners(picture), corners(wanted))
    assert (probe(path).width, probe(path).height) == wanted.size


@pytest.mark.parametrize(
    ("film", "size"),
    [
        (Film(size=(960, 720), shape=Fraction(4, 3)), (1280, 720)),
        (Film(size=(720, 960), shape=Fraction(3, 4), turned=90), (960, 540)),
        (Film(name="a.mov", size=(96, 96), shape=Fraction(16, 9)), (171, 96)),
    ],
)
async def test_pixels_are_square(film: Film, size: Size, tmp_path: Path) -> None:
    path = shoot(tmp_path, film)
    thumbnail, cover = await pictures(path)
    assert cover.size == size == (probe(path).width, probe(path).height)
    assert thumbnail.width / thumbnail.height == pytest.approx(size[0] / size[1], rel=0.02)


async def test_a_black_beginning_is_passed_over(tmp_path: Path) -> None:
    (thumbnail, _) = await pictures(shoot(tmp_path, Film(black=20)))
    assert alike(corners(thumbnail), [RED, GREEN, BLUE, YELLOW])


async def test_a_film_that_stays_black_has_black_pictures(tmp_path: Path) -> None:
    (thumbnail, _) = await pictures(shoot(tmp_path, Film(black=24)))
    assert alike(corners(thumbnail), [(0, 0, 0)] * 4)


async def test_what_shrinks_worst_stays_within_the_bounds(tmp_path: Path) -> None:
    for side in (320, 1280):
        Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(tmp_path / "a.png", compress_level=0)
        await pictures(tmp_path / "a.png")


async def test_a_cut_file_shows_what_is_left(tmp_path: Path) -> None:
    path = shoot(tmp_path, Film(name="a.mkv"))
    path.write_bytes(path.read_bytes()[:-100])
    (thumbnail, _) = await pictures(path)
    assert alike(corners(thumbnail), [RED, GREEN, BLUE, YELLOW])


@pytest.mark.parametrize(
    ("format_", "data"),
    [
        (Format.MP4, b""),
        (Format.MP4, b"\0\0\0\x18ftypisom" + b"\0" * 5000),
        (Format.MP4, b"<!doctype html>"),
        (Format.MKV, b"\x1a\x45\xdf\xa3" * 500),
        (Format.GIF, b"GIF89a"),
        (Format.JPEG, b"\xff\xd8\xff\xe0" * 500),
    ],
)
async def test_what_can_not_be_read_has_no_pictures(
    format_: Format, data: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a").write_bytes(data)
    assert await stills(tmp_path / "a", format_, tmp_path) == Stills()
    (event,) = events(caplog)
    assert event["format"] == format_
    assert event["reason"].startswith("status 1, ")


async def test_sounds_and_unknown_things_are_not_even_tried(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for format_ in (Format.MP3, Format.SVG, Format.HEIC, Format.UNKNOWN):
        assert await stills(tmp_path / "missing", format_, tmp_path) == Stills()
    assert not caplog.messages


async def test_a_picture_too_large_for_the_limits_costs_no_more_than_them(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 6, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "a.png").write_bytes(data + struct.pack(">I", 2**20) + b"IDAT" + bytes(2**20))
    assert await stills(tmp_path / "a.png", Format.PNG, tmp_path) == Stills()


# Files that name other files


def external(clip: Path) -> bytes:
    """A film without pictures of its own, whose index says that they are in that other file."""
    data = clip.read_bytes()
    moov = bytearray(data[data.rindex(b"moov") - 4 :])
    name = str(clip).encode()
    name += b"\0" * (len(name) % 2)
    alias = struct.pack(">10xB27s12xB63s16xhh16x", 1, b"v", 1, b"f", 0, 0)
    entry = alias + struct.pack(">HH", 2, len(name)) + name + b"\xff\xff\0\0"
    entry = struct.pack(">I4sI", len(entry) + 12, b"alis", 0) + entry
    at = moov.index(b"url \0\0\0\1") - 4
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        place = moov.index(kind) - 4
        struct.pack_into(">I", moov, place, struct.unpack_from(">I", moov, place)[0] + len(entry) - 12)
    return b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(moov[:at]) + entry + bytes(moov[at + 12 :])


def frames_in(path: Path, format_: str, **options: str) -> int:
    with av.open(str(path), format=format_, options=options) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.fixture
def bait(tmp_path: Path) -> Path:
    (tmp_path / "bait").mkdir()
    return shoot(tmp_path / "bait", Film())


def playlists(target: str) -> Iterator[str]:
    yield f"ffconcat version 1.0\nfile '{target}'\n"
    yield f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n"


def test_the_bait_is_good(bait: Path, tmp_path: Path) -> None:
    concat, hls = playlists(str(bait))
    path = tmp_path / "a"
    path.write_text(concat)
    assert frames_in(path, "concat", safe="0") == 24
    path.write_text(hls)
    assert frames_in(path, "hls", allowed_extensions="ALL", extension_picky="0") == 24
    path.write_bytes(external(bait))
    assert frames_in(path, "mov", enable_drefs="1", use_absolute_path="1") == 24


@pytest.mark.parametrize("format_", [Format.MP4, Format.MKV])
async def test_a_list_of_other_files_opens_none_of_them(format_: Format, bait: Path, tmp_path: Path) -> None:
    visits: list[str] = []

    async def visit(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append("somebody came")
        writer.close()

    async with await asyncio.start_server(visit, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for target in (str(bait), "/etc/hostname", f"http://127.0.0.1:{port}/a.mp4"):
            for text in playlists(target):
                (tmp_path / "a.mp4").write_text(text)
                assert await stills(tmp_path / "a.mp4", format_, tmp_path) == Stills()
    assert not visits


async def test_an_index_without_pictures_gets_none_from_elsewhere(bait: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mov").write_bytes(external(bait))
    assert probe(tmp_path / "a.mov").width == 160
    assert await stills(tmp_path / "a.mov", Format.MOV, tmp_path) == Stills()


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/hostname')",
        "import _socket; _socket.socket()",
        "import av; av.open('LIST', format='concat', options={'safe': '0'})",
        "__import__('os').fork() or __import__('os').execv('/bin/sh', ['sh', '-c', 'true < /etc/hostname'])",
    ],
)
def test_a_confined_process_opens_nothing_whoever_asks(attempt: str, bait: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(next(playlists(str(bait))))
    code = "import _socket, av; from bot.media import stills_child as c; c._confine(); " + attempt
    result = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code.replace("LIST", str(tmp_path / "list"))],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert "Too many open files" in result.stderr or "Error 24" in result.stderr


# The process


class SlowPython:
    """An interpreter that writes down its environment and its number, and then takes its time."""

    def __init__(self, folder: Path) -> None:
        self._note, self._environment = folder / "number", folder / "environment"
        self.path = folder / "python"
        self.path.write_text(f"#!/bin/sh\nenv > {self._environment}\necho $$ > {self._note}\nexec sleep 60\n")
        self.path.chmod(0o755)

    def has_started(self) -> bool:
        return self._note.exists() and self._note.read_text().endswith("\n")

    def is_running(self) -> bool:
        try:
            os.kill(int(self._note.read_text()), 0)
        except ProcessLookupError:
            return False
        return True

    def environment(self) -> set[str]:
        return {line.partition("=")[0] for line in self._environment.read_text().splitlines()}


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SlowPython:
    slow = SlowPython(tmp_path)
    monkeypatch.setattr(sys, "executable", str(slow.path))
    return slow


async def test_a_child_that_hangs_is_ended(
    python: SlowPython, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = shoot(tmp_path, Film())
    start = time.monotonic()
    assert await stills(path, Format.MP4, tmp_path, deadline=1.0) == Stills()
    assert time.monotonic() - start < 5
    assert events(caplog) == [{"event": "no pictures of a file", "format": "mp4", "reason": "it took too long"}]
    assert not python.is_running()


async def test_whoever_stops_waiting_leaves_no_process_behind(python: SlowPython, tmp_path: Path) -> None:
    task = asyncio.create_task(stills(shoot(tmp_path, Film()), Format.MP4, tmp_path))
    for _ in range(1000):
        await asyncio.sleep(0.01)
        if python.has_started():
            break
    assert python.is_running()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not python.is_running()


async def test_the_child_gets_none_of_our_secrets(
    python: SlowPython, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APIPOD_API_KEY", "a-secret")
    await stills(shoot(tmp_path, Film()), Format.MP4, tmp_path, deadline=1.0)
    assert python.environment() <= {"LD_LIBRARY_PATH", "PWD", "SHLVL", "_", "OLDPWD"}


async def test_without_an_interpreter_there_are_no_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = shoot(tmp_path, Film())
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    assert await stills(path, Format.MP4, tmp_path) == Stills()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_the_bots_own_process_never_loads_the_decoder() -> None:
    code = "import bot.app, bot.__main__, sys; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
