import struct
import time
import wave
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.media.probe import Format, Media, MediaKind, probe

FRAMES, RATE = 12, 10
SECONDS = FRAMES / RATE


@dataclass(frozen=True)
class Film:
    """What a test asks the encoder for."""

    codec: str = "libx264"
    size: tuple[int, int] = (64, 48)
    turned: int = 0
    pixel: Fraction | None = None
    audio: str | None = None
    container: str | None = None
    movflags: str = ""


def shoot(path: Path, film: Film) -> Path:
    options = {"movflags": film.movflags} if film.movflags else {}
    with av.open(str(path), "w", format=film.container, options=options) as out:
        video = out.add_stream(film.codec, rate=RATE)
        assert isinstance(video, av.VideoStream)
        video.width, video.height = film.size
        video.pix_fmt = "yuv420p"
        if film.codec == "libx265":
            video.options = {"x265-params": "log-level=none"}
        if film.pixel:
            video.sample_aspect_ratio = film.pixel
        if film.turned:
            video.set_display_rotation(film.turned)
        sound = speaker(out, film.audio) if film.audio else None
        for index in range(FRAMES):
            frame = av.VideoFrame(*film.size, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([index * 20]) * plane.buffer_size)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if sound is not None:
            hum(out, sound)
    return path


def speaker(out: av.container.OutputContainer, codec: str) -> av.AudioStream:
    stream = out.add_stream(codec, rate=48000)
    assert isinstance(stream, av.AudioStream)
    return stream


def hum(out: av.container.OutputContainer, sound: av.AudioStream) -> None:
    for index in range(int(SECONDS * 48)):
        frame = av.AudioFrame(format="s16", layout="stereo", samples=1000)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = 48000, index * 1000, Fraction(1, 48000)
        out.mux(sound.encode(frame))
    out.mux(sound.encode(None))


def seen_by_av(path: Path) -> tuple[int, int, float]:
    """Width and height as shown, and seconds, by another reader's judgement."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        pixel = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 1
        width, height = round(stream.width * pixel), stream.height
        if frame.rotation % 180:
            width, height = height, width
        return width, height, (container.duration or 0) / av.time_base


FILMS = {
    "landscape.mp4": Film(),
    "portrait.mp4": Film(size=(48, 64)),
    "quarter.mp4": Film(turned=90),
    "half.mp4": Film(turned=180),
    "three-quarters.mp4": Film(turned=270),
    "wide-pixels.mp4": Film(pixel=Fraction(4, 3)),
    "tall-pixels-turned.mp4": Film(pixel=Fraction(3, 4), turned=90),
    "sound.mp4": Film(audio="aac"),
    "faststart.mp4": Film(audio="aac", movflags="faststart"),
    "hevc.mp4": Film(codec="libx265"),
    "mpeg4.mp4": Film(codec="mpeg4"),
    "fragmented.mp4": Film(movflags="frag_keyframe+empty_moov"),
    "fragmented-sound.mp4": Film(audio="aac", movflags="frag_keyframe+empty_moov+default_base_moof"),
    "fragmented-late.mp4": Film(movflags="frag_every_frame"),
    "dash.mp4": Film(movflags="dash+frag_keyframe+empty_moov"),
    "quicktime.mov": Film(audio="aac"),
    "turned.mov": Film(turned=270),
    "vp9.webm": Film(codec="libvpx-vp9"),
    "vp8-opus.webm": Film(codec="libvpx", audio="libopus"),
    "wide-pixels.webm": Film(codec="libvpx", pixel=Fraction(4, 3)),
    "turned.mkv": Film(turned=90, audio="libmp3lame"),
    "hevc.mkv": Film(codec="libx265"),
}


@pytest.mark.parametrize("name", FILMS)
def test_films_are_seen_as_another_reader_sees_them(name: str, tmp_path: Path) -> None:
    film = FILMS[name]
    path = shoot(tmp_path / name, film)
    media = probe(path)
    width, height, seconds = seen_by_av(path)
    assert (media.width, media.height) == (width, height)
    # Readers differ over the frames that a fragmented file delays.
    assert media.duration == pytest.approx(seconds, abs=0.25 if "frag" in film.movflags else 0.06)
    assert media.duration == pytest.approx(SECONDS, abs=0.25)
    assert (media.format, media.kind) == (Format(path.suffix[1:]), MediaKind.VIDEO)
    assert media.has_audio == bool(film.audio)
    assert media.size == path.stat().st_size
    codecs = {"libx264": "h264", "libx265": "hevc", "libvpx-vp9": "vp9", "libvpx": "vp8", "mpeg4": "mpeg4"}
    assert media.video_codec == codecs[film.codec]


@pytest.mark.parametrize(
    ("movflags", "faststart"), [("", False), ("faststart", True), ("frag_keyframe+empty_moov", True)]
)
def test_faststart_means_that_the_index_comes_first(movflags: str, faststart: bool, tmp_path: Path) -> None:
    media = probe(shoot(tmp_path / "a.mp4", Film(movflags=movflags)))
    assert media.faststart is faststart


def test_a_cut_file_with_its_index_first_is_still_measured(tmp_path: Path) -> None:
    path = shoot(tmp_path / "a.mp4", Film(movflags="faststart"))
    path.write_bytes(path.read_bytes()[:-200])
    media = probe(path)
    assert (media.kind, media.width, media.height) == (MediaKind.VIDEO, 64, 48)


def test_a_cut_file_with_its_index_last_is_a_document(tmp_path: Path) -> None:
    path = shoot(tmp_path / "a.mp4", Film())
    path.write_bytes(path.read_bytes()[:-700])
    media = probe(path)
    assert (media.format, media.kind, media.width) == (Format.MP4, MediaKind.DOCUMENT, None)


def test_boxes_with_64_bit_sizes_are_followed(tmp_path: Path) -> None:
    path = shoot(tmp_path / "a.mp4", Film())
    data = path.read_bytes()
    at = data.index(b"mdat") - 4
    (length,) = struct.unpack_from(">I", data, at)
    long = struct.pack(">I4sQ", 1, b"mdat", length + 8)
    path.write_bytes(data[:at] + long + data[at + 8 :])
    assert probe(path).width == 64


def test_the_track_header_serves_where_the_pixels_shape_is_unknown(tmp_path: Path) -> None:
    path = shoot(tmp_path / "a.mp4", Film())
    data = bytearray(path.read_bytes())
    struct.pack_into(">I", data, data.index(b"tkhd") + 80, 128 << 16)
    path.write_bytes(data)
    assert seen_by_av(path)[:2] == (128, 48)
    assert (probe(path).width, probe(path).height) == (128, 48)


def test_an_mp4_with_sound_only_is_audio(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        hum(out, speaker(out, "aac"))
    media = probe(path)
    assert (media.format, media.kind, media.mime) == (Format.M4A, MediaKind.AUDIO, "audio/mp4")
    assert media.duration == pytest.approx(SECONDS, abs=0.06)


@pytest.mark.parametrize(
    ("name", "codec", "container", "expected"),
    [
        ("a.mp3", "libmp3lame", "mp3", Format.MP3),
        ("a.flac", "flac", "flac", Format.FLAC),
        ("a.opus", "libopus", "ogg", Format.OGG),
        ("a.m4a", "aac", "ipod", Format.M4A),
        ("a.weba", "libopus", "webm", Format.WEBM),
    ],
)
def test_sounds(name: str, codec: str, container: str, expected: Format, tmp_path: Path) -> None:
    path = tmp_path / name
    with av.open(str(path), "w", format=container) as out:
        hum(out, speaker(out, codec))
    media = probe(path)
    assert (media.format, media.kind, media.has_audio) == (expected, MediaKind.AUDIO, True)
    assert media.duration == pytest.approx(SECONDS, abs=0.1)


def test_wav(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as out:
        out.setparams((2, 2, 8000, 0, "NONE", ""))
        out.writeframes(bytes(4 * 12000))
    media = probe(path)
    assert (media.format, media.kind, media.duration) == (Format.WAV, MediaKind.AUDIO, 1.5)


@pytest.mark.parametrize("suffix", ["jpeg", "png", "webp", "gif"])
@pytest.mark.parametrize("size", [(40, 30), (31, 200)])
def test_pictures(suffix: str, size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.new("RGB", size, "teal").save(path)
    media = probe(path)
    assert (media.format, media.kind, media.mime) == (Format(suffix), MediaKind.PHOTO, f"image/{suffix}")
    assert ((media.width, media.height), media.duration) == (size, None)


@pytest.mark.parametrize("options", [{"lossless": True}, {"exif": b"Exif\0\0MM"}])
def test_webp_in_its_other_codings(options: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    Image.new("RGBA", (300, 20), (1, 2, 3, 4)).save(path, **options)
    assert (probe(path).kind, probe(path).width, probe(path).height) == (MediaKind.PHOTO, 300, 20)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_turned_as_its_exif_says(orientation: int, progressive: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "a description", orientation
    Image.new("RGB", (40, 30)).save(path, exif=exif, progressive=progressive)
    expected = (40, 30) if orientation < 5 else (30, 40)
    assert (probe(path).width, probe(path).height) == expected


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_moving_pictures_are_animations(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    first, *rest = (Image.new("RGB", (40, 30), (80 * index, 0, 0)) for index in range(3))
    first.save(path, save_all=True, append_images=rest, duration=250)
    media = probe(path)
    assert (media.kind, media.width, media.height) == (MediaKind.ANIMATION, 40, 30)
    assert media.duration == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", Format.HTML),
        (b"\xef\xbb\xbf\r\n  <HTML>", Format.HTML),
        (b"<!-- a CDN --><html lang=en>", Format.HTML),
        (b'{"error": {"code": "NotFound"}}', Format.TEXT),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', Format.TEXT),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', Format.SVG),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", Format.AVIF),
        (b"\0\0\0\x18ftypheic\0\0\0\0", Format.HEIC),
        (b"", Format.UNKNOWN),
        (b"\0" * 4096, Format.UNKNOWN),
        (b"%PDF-1.7", Format.UNKNOWN),
    ],
)
def test_what_is_no_media_is_a_document_whatever_its_name(data: bytes, expected: Format, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    media = probe(path)
    assert (media.format, media.kind, media.size) == (expected, MediaKind.DOCUMENT, len(data))


def test_a_lie_about_the_duration_is_dropped(tmp_path: Path) -> None:
    path = shoot(tmp_path / "a.mp4", Film())
    data = bytearray(path.read_bytes())
    struct.pack_into(">II", data, data.index(b"mvhd") + 16, 1, 2**32 - 2)
    path.write_bytes(data)
    assert (probe(path).kind, probe(path).duration) == (MediaKind.VIDEO, None)


BOMBS = {
    "tiny-boxes": b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x08free" * 500_000,
    "nested-boxes": b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\x7f\xff\xffmoov" * 100_000,
    "no-progress": b"\0\0\0\x10ftypisom\0\0\0\0" + struct.pack(">I4sQ", 1, b"free", 2**64 - 1) + bytes(64),
    "tiny-elements": b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff" + b"\xec\x80" * 1_000_000,
    "tiny-blocks": b"GIF89a" + b"\1\0\1\0\0\0\0" + b"\x2c" + bytes(9) + b"\x02" + b"\1\1" * 1_000_000,
    "tiny-segments": b"\xff\xd8" + b"\xff\xe0\0\2" * 1_000_000,
    "filling": b"\xff\xd8" + b"\xff" * 2_000_000,
    "standing-still": b"\xff\xd8" + b"\xff\xe0\0\0" * 1_000_000,
    "tiny-chunks": b"RIFF\0\0\0\0WEBPVP8X" + b"\x0a\0\0\0\2" + bytes(9) + b"ANMF\0\0\0\0" * 500_000,
    "wave-chunks": b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 500_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_file_costs_little(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(BOMBS[name])
    before = time.process_time()
    media = probe(path)
    assert time.process_time() - before < 2
    assert media.duration is None


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One small real file of each kind, for the fuzzers to break."""
    folder = tmp_path_factory.mktemp("seeds")
    films = ("faststart.mp4", "fragmented-sound.mp4", "turned.mkv", "wide-pixels.webm")
    paths = [shoot(folder / name, FILMS[name]) for name in films]
    frames = [Image.new("RGB", (9, 9), (80 * index, 0, 0)) for index in range(2)]
    for suffix in ("gif", "webp", "png", "jpeg"):
        paths.append(folder / f"a.{suffix}")
        exif = Image.Exif()
        exif[0x0112] = 6
        extra: dict[str, Any] = {"exif": exif}
        if suffix in {"gif", "webp"}:
            extra = {"save_all": True, "append_images": frames[1:]}
        frames[0].save(paths[-1], **extra)
    for name, codec in (("a.mp3", "libmp3lame"), ("a.flac", "flac"), ("a.ogg", "libopus"), ("a.wav", "pcm_s16le")):
        paths.append(folder / name)
        with av.open(str(paths[-1]), "w") as out:
            hum(out, speaker(out, codec))
    return [path.read_bytes()[:20_000] for path in paths]


FUZZ = settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZ
@given(data=st.data())
def test_broken_files_never_raise(data: st.DataObject, seeds: list[bytes], tmp_path: Path) -> None:
    body = bytearray(data.draw(st.sampled_from(seeds)))
    # Headers are where it hurts: most of the damage falls on the first and the last few hundred bytes.
    near = st.integers(0, 1500) | st.integers(-1500, -1) | st.integers(0, len(body) - 1)
    for at in data.draw(st.lists(near, max_size=12)):
        patch = data.draw(st.binary(min_size=1, max_size=8) | st.sampled_from([b"\0" * 4, b"\xff" * 8, b"\0\0\0\1"]))
        start = at % len(body)
        body[start : start + len(patch)] = patch
    check(bytes(body[: data.draw(st.just(len(body)) | st.integers(0, len(body)))]), tmp_path)


@FUZZ
@given(
    start=st.sampled_from(
        [
            b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\x10\0moov",
            b"\x1a\x45\xdf\xa3\x84\x42\x82\x81w\x18\x53\x80\x67\xff\x16\x54\xae\x6b\xff",
            b"\xff\xd8\xff\xe1\0\x40Exif\0\0",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\0\0\0\0WEBP",
            b"RIFF\0\0\0\0WAVE",
            b"GIF89a",
            b"ID3",
            b"OggS",
            b"fLaC",
            b"<",
            b"",
        ]
    ),
    rest=st.binary(max_size=300),
)
def test_random_bytes_never_raise(start: bytes, rest: bytes, tmp_path: Path) -> None:
    check(start + rest, tmp_path)


def check(body: bytes, folder: Path) -> None:
    path = folder / "a"
    path.write_bytes(body)
    media = probe(path)
    assert isinstance(media, Media)
    assert media.size == len(body)
    assert media.duration is None or 0 < media.duration < 7 * 86400
    assert all(side is None or 0 < side < 2**32 for side in (media.width, media.height))


def test_a_missing_file_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "none")
