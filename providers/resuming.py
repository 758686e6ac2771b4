"""Goes on with a transfer that was cut: which rest to ask for, and whether an answer is that rest. Pure."""

import re
from http import HTTPStatus
from typing import NamedTuple, Self

import aiohttp

# So many times a transfer is taken up again, each time after so many seconds.
RESUMES = 5
RESUME_PAUSE = 0.3
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class Source(NamedTuple):
    """What tells whether a rest belongs to a beginning: the file's tag, "" for none, and its size in bytes."""

    tag: str
    size: int | None

    @classmethod
    def of(cls, response: aiohttp.ClientResponse) -> Self:
        """The file that this answer is the beginning of."""
        tag = response.headers.get("ETag", "")
        return cls("" if tag.startswith("W/") else tag, response.content_length)

    def rest(self, size: int) -> dict[str, str]:
        """Headers that ask for what is missing behind the first `size` bytes."""
        return {"Range": f"bytes={size}-", **({"If-Range": self.tag} if self.tag else {})}

    def continues(self, response: aiohttp.ClientResponse, size: int) -> bool:
        """Whether the answer is what is missing behind the first `size` bytes of this very file."""
        match = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
        if response.status != HTTPStatus.PARTIAL_CONTENT or match is None or int(match[1]) != size:
            return False
        return match[2] == "*" or self.size is None or int(match[2]) == self.size
