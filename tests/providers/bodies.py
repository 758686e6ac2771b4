"""How test bodies become bytes."""

import json
from typing import Any


def as_bytes(body: Any) -> bytes:
    """JSON for everything that is not bytes already; lone surrogates included."""
    return body if isinstance(body, bytes) else json.dumps(body).encode("utf-8", "surrogatepass")
