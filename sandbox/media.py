"""Makes the clips and pictures that the stand-ins hand out: small, real, the same every time. Knows no server."""

import hashlib
import mimetypes
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import av
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

Colour = tuple[int, int, int]
Size = tuple[int, int]

RATE = 24
SECONDS = 3
_SUN_SPAN = 0.8
_RIDGES = ((0.62, 0.10, 3), (0.74, 0.07, 5), (0.86, 0.05, 8))


@dataclass(frozen=True, slots=True)
class Mood:
    """The light of one scene: the sky from top to horizon, the sun, the land."""

    title: str
    top: Colour
    horizon: Colour
    sun: Colour
    land: Colour


_MOODS = MappingProxyType(
    {
        "dawn": Mood("Dawn", (46, 52, 110), (250, 170, 120), (255, 228, 170), (38, 30, 58)),
        "noon": Mood("Noon", (40, 110, 200), (190, 225, 245), (255, 250, 220), (34, 74, 60)),
        "dusk": Mood("Dusk", (52, 24, 84), (240, 96, 88), (255, 190, 120), (28, 16, 44)),
        "night": Mood("Night", (6, 10, 34), (48, 70, 120), (236, 240, 255), (8, 10, 24)),
    }
)


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip. `size` is as shown.

    `turned`: the frames lie on their right side and the file says so; `squeezed`: they are narrower by that factor, and
    the file says so; `grain`: noise that no codec makes smaller, 10 to 20 MB a second.
    """

    mood: str
    size: Size
    turned: bool = False
    squeezed: Fraction = Fraction(1)
    grain: bool = False
    seconds: int = SECONDS

    @property
    def coded(self) -> Size:
        """The size of its frames."""
        width, height = reversed(self.size) if self.turned else self.size
        return round(width / self.squeezed), height


WIDE: Size = (640, 360)
TALL: Size = (360, 640)
STILL: Size = (960, 640)
_CLIPS = MappingProxyType(
    {
        "dawn.mp4": Clip("dawn", WIDE),
        "noon.mp4": Clip("noon", WIDE),
        "dusk.mp4": Clip("dusk", TALL),
        "night.mp4": Clip("night", WIDE),
    }
)
_HEAVY = MappingProxyType(
    {
        "heavy-tall.mp4": Clip("noon", (720, 1280), grain=True, seconds=1),
        "heavy-turned.mp4": Clip("noon", (720, 1280), turned=True, grain=True, seconds=1),
        "heavy-squeezed.mp4": Clip("noon", (1280, 720), squeezed=Fraction(4, 3), grain=True, seconds=1),
    }
)
_BROKEN = "broken.mp4"
_STILLS = MappingProxyType(
    {
        "dawn.png": ("dawn", 0.35),
        "noon.png": ("noon", 0.5),
        "dusk.jpg": ("dusk", 0.65),
        "night.jpg": ("night", 0.5),
        "noon-last-frame.png": ("noon", 1.0),
        "noon.webp": ("noon", 0.2),
    }
)
_BIG = re.compile(r"big-([0-9]{1,9}|[1-3][0-9]{9})\.mp4")
_BOX_HEAD = 8
_GRAIN = 22  # of 255, how far the noise strays
_PLAIN = re.compile(r"plain-([0-9]{1,5})x([0-9]{1,5})\.png")


class Media:
    """A folder of files by name.

    Made on demand: the heavy clips, `broken.mp4`, and two families, `big-<bytes>.mp4` and `plain-<w>x<h>.png`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self) -> None:
        """Write every clip and picture; takes about a second."""
        for name, clip in _CLIPS.items():
            _write_clip(self._folder / name, clip)
        for name, (mood, moment) in _STILLS.items():
            Scene(_MOODS[mood], STILL).frame(moment).save(self._folder / name, quality=90)

    def names(self) -> list[str]:
        """What `make` made."""
        return [*_CLIPS, *_STILLS]

    def path(self, name: str) -> Path | None:
        """Where the file lies, None where there is none of that name."""
        path = self._folder / name
        if not name or Path(name).name != name:
            return None
        if not path.exists():
            self._make_special(name, path)
        return path if path.exists() else None

    def mime(self, name: str) -> str:
        """The Content-Type that suits the name."""
        return mimetypes.guess_type(name)[0] or "application/octet-stream"

    def sha256(self, name: str) -> str:
        """The fingerprint of a file that exists."""
        return hashlib.sha256((self._folder / name).read_bytes()).hexdigest()

    def _make_special(self, name: str, path: Path) -> None:
        if big := _BIG.fullmatch(name):
            if int(big[1]) >= (self._folder / "dawn.mp4").stat().st_size + _BOX_HEAD:
                _pad(self._folder / "dawn.mp4", path, int(big[1]))
        elif plain := _PLAIN.fullmatch(name):
            Image.new("RGB", (int(plain[1]), int(plain[2])), (70, 90, 120)).save(path)
        elif name in _HEAVY:
            _write_clip(path, _HEAVY[name])
        elif name == _BROKEN:
            _blank(self._folder / "dawn.mp4", path)


def _pad(source: Path, target: Path, size: int) -> None:
    """A clip that plays and is exactly `size` bytes long: a `free` box fills it up."""
    shutil.copyfile(source, target)
    room = size - target.stat().st_size
    with target.open("r+b") as file:
        file.seek(0, 2)
        file.write(room.to_bytes(4, "big") + b"free")
        file.truncate(size)


def _blank(source: Path, target: Path) -> None:
    """A clip with a right index and nothing but zeros where it says that the frames are."""
    data = source.read_bytes()
    start = data.index(b"mdat") + 4
    target.write_bytes(data[:start] + bytes(len(data) - start))


class Scene:
    """A landscape under a moving sun; everything that does not move is drawn once."""

    def __init__(self, mood: Mood, size: Size) -> None:
        self._mood = mood
        self._size = size
        self._font = ImageFont.load_default(max(size) // 18)
        self._sky = self._paint_sky()
        self._land = self._paint_land()
        self._glow = self._paint_glow()

    def frame(self, moment: float) -> Image.Image:
        """The picture at `moment`, from 0 (the start) to 1 (the end)."""
        width, height = self._size
        image = self._sky.copy()
        x = (0.1 + _SUN_SPAN * moment) * width
        y = (0.55 - 1.2 * moment * (1 - moment)) * height
        image.paste(self._mood.sun, (int(x) - self._glow.width // 2, int(y) - self._glow.height // 2), self._glow)
        image.paste(self._land, (0, 0), self._land)
        self._write(image, moment)
        return image

    def _write(self, image: Image.Image, moment: float) -> None:
        width, height = self._size
        draw = ImageDraw.Draw(image)
        left, base = width // 16, height - height // 12
        draw.text((left, height // 16), f"RUSHES  {self._mood.title}", font=self._font, fill=(255, 255, 255))
        draw.rectangle((left, base, width - left, base + 3), fill=self._mood.horizon)
        draw.rectangle((left, base, left + int((width - 2 * left) * moment), base + 3), fill=(255, 255, 255))

    def _paint_sky(self) -> Image.Image:
        ramp = Image.linear_gradient("L").resize(self._size)
        horizon, top = (Image.new("RGB", self._size, colour) for colour in (self._mood.horizon, self._mood.top))
        return Image.composite(horizon, top, ramp)

    def _paint_glow(self) -> Image.Image:
        side = min(self._size) // 2
        glow = Image.new("L", (side, side))
        draw = ImageDraw.Draw(glow)
        draw.ellipse((side * 0.2, side * 0.2, side * 0.8, side * 0.8), fill=90)
        glow = glow.filter(ImageFilter.GaussianBlur(side / 12))
        ImageDraw.Draw(glow).ellipse((side * 0.34, side * 0.34, side * 0.66, side * 0.66), fill=255)
        return glow

    def _paint_land(self) -> Image.Image:
        width, height = self._size
        land = Image.new("RGBA", self._size)
        draw = ImageDraw.Draw(land)
        for depth, (base, swing, waves) in enumerate(_RIDGES):
            ridge = [(x, (base + swing * _wave(x * waves / width + depth)) * height) for x in range(0, width + 8, 8)]
            shade = tuple(_mix(self._mood.horizon[i], self._mood.land[i], 0.55 + depth * 0.22) for i in range(3))
            draw.polygon([(0, height), *ridge, (width, height)], fill=shade)
        return land


def _wave(x: float) -> float:
    """A smooth up and down between -1 and 1 without trigonometry: two parabolas per turn."""
    turn = x % 2
    return 4 * turn * (1 - turn) if turn < 1 else -4 * (turn - 1) * (2 - turn)


def _mix(one: int, other: int, share: float) -> int:
    return round(one + (other - one) * min(1.0, share))


def _write_clip(path: Path, clip: Clip) -> None:
    """H.264 in MP4, the index in front, so that it plays while it loads."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        # Without mbtree=0 no two files are the same: that part of x264 reads what lies beyond the picture's edge.
        small = {"preset": "veryfast", "crf": "23", "threads": "1", "x264-params": "mbtree=0"}
        large = {"preset": "ultrafast", "qp": "12", "threads": "1"}
        stream = container.add_stream("libx264", rate=RATE, options=large if clip.grain else small)
        stream.width, stream.height = clip.coded
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, RATE)
        stream.sample_aspect_ratio = clip.squeezed
        if clip.turned:
            stream.set_display_rotation(90)
        for image in _frames(clip):
            container.mux(stream.encode(av.VideoFrame.from_image(image)))  # type: ignore[no-untyped-call]
        container.mux(stream.encode())


def _frames(clip: Clip) -> Iterator[Image.Image]:
    """The pictures as they are coded."""
    scene = Scene(_MOODS[clip.mood], clip.size)
    grain = Image.effect_noise(clip.size, _GRAIN).convert("RGB") if clip.grain else None
    count = RATE * clip.seconds
    for index in range(count):
        image = scene.frame(index / (count - 1))
        if grain:
            image = ImageChops.add(image, ImageChops.offset(grain, 101 * index, 211 * index), offset=-128)
        if clip.turned:
            image = image.transpose(Image.Transpose.ROTATE_270)
        yield image.resize(clip.coded)
