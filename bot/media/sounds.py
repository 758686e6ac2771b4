"""Reads how long MP3, WAV, FLAC and Ogg sounds last out of their headers; decodes no sample.

Source: ISO/IEC 11172-3 and 13818-3 (MP3), RFC 9639 (FLAC), RFC 3533 and 7845 (Ogg, Opus), RIFF WAVE.
"""

from typing import NamedTuple

from bot.media.source import Malformed, Source

# kbit/s by the header's four bits, for layer III of MPEG 1 and of its successors.
_BITRATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
)
_RATES = (44100, 48000, 32000)
_MPEG_1, _MPEG_25, _LAYER_3, _MONO = 3, 0, 1, 3
_ID3_HEAD = 10
_OPUS_RATE = 48000
_PAGE_TAIL = 2**16


class Frame(NamedTuple):
    """One MP3 frame's header: kbit/s, samples per second, samples and bytes in it, bytes before its data."""

    bitrate: int
    rate: int
    samples: int
    length: int
    side: int


def mp3_duration(source: Source) -> float:
    """Seconds, exact where the encoder noted the number of frames. Raises `Malformed`."""
    start = _after_id3(source)
    frame = _frame(source, start)
    _frame(source, start + frame.length)  # two in a row: no accident
    note = start + 4 + frame.side
    kind, flags, frames = source.unpack(">4sII", note)
    if kind in {b"Xing", b"Info"} and flags & 1:
        return float(frames * frame.samples / frame.rate)
    return (source.size - start) * 8 / (frame.bitrate * 1000)


def _after_id3(source: Source) -> int:
    if source.read(0, 3) != b"ID3":
        return 0
    size = 0
    for seven_bits in source.read(6, 4):
        size = size << 7 | seven_bits & 0x7F
    return _ID3_HEAD + size


def _frame(source: Source, offset: int) -> Frame:
    bits = source.number(">I", offset)
    version, layer, rate = bits >> 19 & 3, bits >> 17 & 3, bits >> 10 & 3
    is_first = version == _MPEG_1
    bitrate = _BITRATES[0 if is_first else 1][bits >> 12 & 15]
    if bits >> 21 != 0x7FF or layer != _LAYER_3 or rate == len(_RATES) or not bitrate:  # noqa: PLR2004 - the sync word
        raise Malformed("no frame")
    hertz = _RATES[rate] >> (0 if is_first else 2 if version == _MPEG_25 else 1)
    samples = 1152 if is_first else 576
    is_mono = bits >> 6 & 3 == _MONO
    side = (17 if is_mono else 32) if is_first else (9 if is_mono else 17)
    return Frame(bitrate, hertz, samples, samples * bitrate * 125 // hertz + (bits >> 9 & 1), side)


def wav_duration(source: Source) -> float:
    """Seconds. Raises `Malformed`."""
    offset, bytes_a_second = 12, 0
    while True:
        kind, length = source.unpack("<4sI", offset)
        if kind == b"fmt ":
            bytes_a_second = source.number("<I", offset + 16)
        if kind == b"data":
            break
        offset += 8 + length + length % 2
    if not bytes_a_second:
        raise Malformed("no format")
    return float(min(length, source.size - offset - 8) / bytes_a_second)


def flac_duration(source: Source) -> float:
    """Seconds. Raises `Malformed`."""
    bits = source.number(">Q", 18)
    rate, samples = bits >> 44, bits & (2**36 - 1)
    if not rate:
        raise Malformed("no rate")
    return samples / rate


def ogg_duration(source: Source) -> float:
    """Seconds of an Opus or Vorbis stream, by the position on its last page. Raises `Malformed`."""
    start = 27 + source.read(26, 1)[0]
    kind = source.read(start, 8)
    if kind == b"OpusHead":
        rate, skipped = _OPUS_RATE, source.number("<H", start + 10)
    elif kind[:7] == b"\x01vorbis":
        rate, skipped = source.number("<I", start + 12), 0
    else:
        raise Malformed("neither Opus nor Vorbis")
    if not rate:
        raise Malformed("no rate")
    return max(_last_position(source) - skipped, 0) / rate


def _last_position(source: Source) -> int:
    length = min(source.size, _PAGE_TAIL)
    tail = source.read(source.size - length, length)
    page = tail.rfind(b"OggS")
    if page < 0:
        raise Malformed("no last page")
    return source.number("<q", source.size - length + page + 6)
