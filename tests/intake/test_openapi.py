import json
import re
from pathlib import Path

from bot import __version__
from bot.intake import openapi
from bot.intake.meaning import can_be_id
from bot.tracking.gateways import Gateway, Gateways
from providers import BUILT_IN

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def test_the_document_in_docs_is_the_one_that_is_handed_out() -> None:
    """`python -m tests.intake.test_openapi` writes it anew."""
    assert DOCUMENT.read_bytes() == openapi.as_bytes(BUILT_IN, __version__, None)


def test_every_reference_of_the_document_leads_somewhere() -> None:
    document = openapi.document(BUILT_IN, __version__, "https://bot.example")
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        place = document
        for name in reference.split("/"):
            place = place[name]
    operations = [
        operation for path in document["paths"].values() for operation in path.values() if "responses" in operation
    ]
    assert len({operation["operationId"] for operation in operations}) == len(operations) == 5
    assert document["servers"] == [{"url": "https://bot.example"}]


def test_the_pattern_of_ids_is_the_rule() -> None:
    schema = openapi.document(BUILT_IN, __version__, None)["components"]["schemas"]["TrackRequest"]["properties"]["id"]
    gateways = Gateways(Gateway(provider, ("k",)) for provider in BUILT_IN)
    for text in ("a", "sora-2:task_1", "a.b", "x=", "-a", "a-", ".", "..", "a/b", "a b", "é", "", "a" * 512, "a" * 513):
        is_right = bool(re.fullmatch(schema["pattern"], text)) and len(text) <= schema["maxLength"]
        assert is_right == can_be_id(text, gateways.providers), text


if __name__ == "__main__":
    DOCUMENT.write_bytes(openapi.as_bytes(BUILT_IN, __version__, None))
