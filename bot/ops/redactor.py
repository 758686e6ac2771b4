"""Blanks the operator's own secrets, in whatever form they appear, and everything else that looks like one. Pure."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote, urlsplit

from providers.redaction import without_secrets

BLANK = "***"
# Blanking what is shorter would make ordinary words unreadable. What only a variable's name calls secret may be "true".
_SHORTEST, _SHORTEST_PART, _SHORTEST_BY_NAME = 4, 6, 8
# Letters of base64 that also depend on what stands before the secret, by how many bytes it begins behind a group.
_SHARED_LETTERS = (0, 2, 3)
_SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD")


class Redactor:
    """`secrets` are values that have to stay unseen; one of less than four characters is none."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {
            form for secret in secrets if len(secret) >= _SHORTEST for part in _parts(secret) for form in _forms(part)
        }
        # The longest first: what contains another one goes as a whole.
        self._forms = tuple(sorted(forms, key=len, reverse=True))

    def blanked(self, text: str) -> str:
        """`text` without any secret."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, BLANK)
        return without_secrets(text, BLANK)


def secrets_in(variables: Mapping[str, str]) -> Iterator[str]:
    """The values that look secret by the names of their variables, and the passwords in addresses such as a proxy's."""
    for name, value in variables.items():
        if name.upper().endswith(_SECRET_NAMES):
            yield from (word.strip() for word in value.split(",") if len(word.strip()) >= _SHORTEST_BY_NAME)
        if "://" in value and "@" in value:
            yield from _password(value)


def _password(address: str) -> Iterator[str]:
    try:
        password = urlsplit(address).password
    except ValueError:
        return  # what can not be read is found by its looks
    if password:
        yield password
        yield unquote(password)


def _parts(secret: str) -> Iterator[str]:
    """The whole, and of `ACCESS:SECRET` each half; a bot's token begins with its number, which is no secret."""
    yield secret
    yield from (part for part in secret.split(":") if len(part) >= _SHORTEST_PART and not part.isdigit())


def _forms(secret: str) -> Iterator[str]:
    """As it stands, in addresses, in JSON and in Python's own quotes, and as a part of something in base64."""
    yield from (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1])
    if len(secret) < _SHORTEST_PART:
        return
    for before, shared in enumerate(_SHARED_LETTERS):
        raw = bytes(before) + secret.encode("utf-8", "replace")
        whole = len(raw) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(raw).decode()[shared:whole]
