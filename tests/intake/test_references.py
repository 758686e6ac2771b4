import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake.keys import mask
from bot.intake.meaning import Mistake, Reference, can_be_id
from bot.intake.references import MOST, read_references, read_talk
from bot.text.catalogue import CATALOGUES
from providers import BUILT_IN
from tests.intake.gateways import EVERY

UUID = "2f0392df-7da1-4128-8e30-7ea3d81446b3"
VIDEO = "video_69095b4ce0048190893a01510c0c98b0"
COLON = "sora-2:task_01k74ynm13exf9ha36zz7820hv"
ADDRESS = f"https://api.apipod.ai/v1/videos/status/{UUID}"
AT_APIPOD = Reference(UUID, "apipod", "video")

IDS_GOOD = [
    UUID,
    VIDEO,
    "task_01k6x15vhrff09dkkqjrzwhm60",
    COLON,
    "0",
    "grok:05c8e247",
    "cHJvamVjdHMv" * 12 + "==",
    "a" * 512,
]
IDS_BAD = [
    *("..", ".", "../../v1/models", "a?key=1", "a#frag", "a&id=b", "..%2f..%2f", "a\x00b", "\uff0fx", "-"),
    *("//evil.test/", "@evil.test", "{task_id}", "'; drop table task;--", "\u202eabc", "\uff41\uff42\uff43", "\u0663"),
    *("task\u200b_1", ":x", "a" * 513, "\ud800", "`", "''", '"', ";", "()", "a/b", "a{b}", "<b>"),
]


def read(text: str, *quoted: str) -> tuple[Reference, ...] | Mistake | None:
    return read_references(text, EVERY, quoted)


def refs(*ids: str, provider: str = "", kind: str = "") -> tuple[Reference, ...]:
    return tuple(Reference(one, provider, kind) for one in ids)


def say(found: object) -> str:
    assert isinstance(found, Mistake), found
    return found.say


# IDs


@pytest.mark.parametrize("task_id", IDS_GOOD)
def test_an_id_alone(task_id: str) -> None:
    assert read(task_id) == refs(task_id)


@pytest.mark.parametrize("text", IDS_BAD)
def test_what_can_not_be_an_id_is_refused(text: str) -> None:
    assert say(read_references(text, BUILT_IN)) == "bad_id"
    assert isinstance(read_references(f"v1 {text}", BUILT_IN), Mistake)
    assert isinstance(read_references(f'{{"task_id": {json.dumps(text)}}}', BUILT_IN), Mistake)
    assert read_talk(text, BUILT_IN) is None


def test_one_mistake_refuses_the_whole_message() -> None:
    assert say(read("a\r\nX-Injected: 1")) == "unknown_word"
    assert say(read(f"{UUID}\n{VIDEO}\n../x1")) == "bad_id"
    assert say(read(f"{ADDRESS} https://evil.example/{UUID}")) == "unknown_address"


@pytest.mark.parametrize("text", ["", "   ", "\n", "ID", "apipod", "video apipod", ","])
def test_nothing(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    "text",
    [f"{UUID} {VIDEO}", f"{UUID},{VIDEO}", f"{UUID}，{VIDEO}、", f"{UUID}\n{VIDEO}\n", f"{UUID}；{UUID} {VIDEO};"],
)
def test_many_ids_in_one_message_each_once(text: str) -> None:
    assert read(text) == refs(UUID, VIDEO)


@pytest.mark.parametrize("text", ["`v1`", '"v1"', "'v1'", "“v1”", "v1.", "v1,", '"v1",', "`v1`.", "‘v1’;"])
def test_what_a_paste_puts_around_an_id_is_dropped(text: str) -> None:
    assert read(text) == refs("v1")


@pytest.mark.parametrize(
    "text",
    [
        *("task_id: abc", "Task ID: abc", "taskId=abc", '"task_id": "abc",', "`id`: `abc`", "任务ID：abc"),
        *("视频任务 ID: abc", "request_id:abc", "uuid=abc", "ID abc"),
    ],
)
def test_behind_a_label_stands_an_id(text: str) -> None:
    assert read(text) == refs("abc")


def test_too_many_ids_are_refused_with_their_number() -> None:
    assert read(" ".join(f"v{number}" for number in range(MOST))) == refs(*(f"v{number}" for number in range(MOST)))
    assert read(" ".join(f"v{number}" for number in range(MOST + 3))) == Mistake("too_many_ids", str(MOST + 3))
    assert all(
        re.search(rf"\b{MOST}\b", sentences["reply.too_many_ids"], re.ASCII) for sentences in CATALOGUES.values()
    )


# Words beside IDs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v1 apipod", refs("v1", provider="apipod")),
        ("apipod v1", refs("v1", provider="apipod")),
        ("v1 image", refs("v1", kind="image")),
        ("v1 IMAGE  APIPod", refs("v1", provider="apipod", kind="image")),
        ("v1 AI-Nebula video", refs("v1", provider="ai_nebula", kind="video")),
        ("ai_nebula v1 v2", refs("v1", "v2", provider="ai_nebula")),
        ("v1 apipod apipod", refs("v1", provider="apipod")),
        ("apipod\nv1\nv2", refs("v1", "v2", provider="apipod")),
        ("apipod\nimage\nv1", refs("v1", provider="apipod", kind="image")),
        ("v1\nv2\nai-nebula", refs("v1", "v2", provider="ai_nebula")),
        ("apipod\nv1 token360\nv2", (Reference("v1", "token360"), Reference("v2", "apipod"))),
        ("apipod image\nv1\ntoken360\nv2", (Reference("v1", "apipod", "image"), Reference("v2", "token360"))),
        ("v1 apipod\nv1", refs("v1", provider="apipod")),
        ("v1 apipod\nv1 token360", (Reference("v1", "apipod"), Reference("v1", "token360"))),
        (f"v1 {'a' * 20}", refs("v1", "a" * 20)),
    ],
)
def test_a_provider_and_a_kind_count_for_their_line_or_for_the_lines_below(text: str, expected: Any) -> None:
    assert read(text) == expected


@pytest.mark.parametrize("text", ["v1 video image", "v1 apipod token360"])
def test_one_line_has_one_provider_and_one_kind(text: str) -> None:
    assert say(read(text)) == "one_per_line"


@pytest.mark.parametrize("text", ["v1 nowhere", "v1 please", f"{ADDRESS} please", f"see {ADDRESS}", "id: v1 please"])
def test_a_word_that_means_nothing_here(text: str) -> None:
    assert say(read(text)) == "unknown_word"


def test_a_provider_that_is_not_set_up_is_no_word() -> None:
    assert read_references("v1 apipod", ()) == Mistake("unknown_word", "apipod")


def test_a_key_is_no_id() -> None:
    for text in ("sk-4f9A0bC1dE2fG3hI4jK5", "v1 sk-4f9A0bC1dE2fG3hI4jK5", "Bearer abcdefgh1"):
        assert read(mask(text)) == Mistake("key_for_id")


# Addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ADDRESS, (AT_APIPOD,)),
        (f"<{ADDRESS}>.", (AT_APIPOD,)),
        (f'`{ADDRESS}` ({ADDRESS}); "{ADDRESS}"', (AT_APIPOD,)),
        (f"{ADDRESS}, https://api.token360.ai/v1/videos/v1", (AT_APIPOD, Reference("v1", "token360", "video"))),
        (ADDRESS.removeprefix("https://"), (AT_APIPOD,)),
        (f"{ADDRESS} {UUID}", (AT_APIPOD,)),
        (f"{UUID} {ADDRESS}", (AT_APIPOD,)),
        (f"{ADDRESS} image", (AT_APIPOD,)),
        (f"https://apipod.ai/tasks/{UUID} image", (Reference(UUID, "apipod", "image"),)),
    ],
)
def test_addresses(text: str, expected: Any) -> None:
    assert read(text) == expected


# JSON and curl


def test_the_answer_of_a_create_call() -> None:
    answer = {"code": 200, "message": "success", "data": {"task_id": UUID}}
    assert read(json.dumps(answer)) == refs(UUID)
    assert read(f"apipod image here it is:\n```json\n{json.dumps(answer, indent=2)}\n```") == refs(
        UUID, provider="apipod", kind="image"
    )
    assert read(json.dumps({"id": "log1", "status_url": ADDRESS})) == (AT_APIPOD,)
    assert read(json.dumps({"id": "v1", "url": "https://evil.example/v2"})) == refs("v1")
    assert say(read('{"prompt": "a cat"}')) == "json_without_id"
    assert read('{"prompt": "a cat"}\n{"task_id": "v1"}') == refs("v1")
    assert say(read('{"task_id": "v1"}\n{"task_id": "../x"}')) == "bad_id"


QUERY = (
    f"curl -s '{ADDRESS}' \\\n  -H 'Authorization: Bearer sk-4f9A0bC1dE2fG3hI4jK5' \\\n  -H 'X-Request-Id: 7f3a9c2e1b'"
)
CREATE = (
    "curl -X POST https://api.apipod.ai/v1/videos/generations \\\n"
    ' -H \'Authorization: Bearer sk-4f9A0bC1dE2fG3hI4jK5\' -d \'{"model": "sora-2", "image_id": "img_7f3a9c2e1b"}\''
)
POST_QUERY = 'curl https://api.siliconflow.com.cn/v1/video/status -d \'{"requestId": "v1"}\''


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (QUERY, (AT_APIPOD,)),
        (mask(QUERY), (AT_APIPOD,)),
        (f'{CREATE}\n\nHTTP/2 200\nx-request-id: 7f3a9c2e1b00\n\n{{"data": {{"task_id": "v1"}}}}', refs("v1")),
        (CREATE, Mistake("call_without_id", "api.apipod.ai")),
        ("curl https://api.apipod.ai/v1/models", Mistake("call_without_id", "api.apipod.ai")),
        ("curl https://evil.example/v1/videos/v1?key=1", Mistake("unknown_address", "evil.example")),
        (POST_QUERY, refs("v1", provider="silicon")),
        (f"curl -X POST {ADDRESS}/remix -d '{{\"prompt\": \"x\"}}'", Mistake("call_without_id", "api.apipod.ai")),
    ],
)  # fmt: skip
def test_curl(text: str, expected: Any) -> None:
    assert read(text) == expected


# Replies


def test_a_reply_counts_where_the_command_has_no_id() -> None:
    card = f"seedance-2.0 · Token360\n⏳ In the queue\n{VIDEO}"
    assert read("", card) == refs(VIDEO)
    assert read("Token360 video", card) == refs(VIDEO, provider="token360", kind="video")
    assert read("v1", card) == refs("v1")
    assert read("", "v1 is picked out", card) == refs(VIDEO)
    assert read("", UUID, card) == refs(UUID)
    assert read("", f"look: {ADDRESS} and https://evil.example/{VIDEO}") == (AT_APIPOD,)
    assert read("", QUERY) == (AT_APIPOD,)
    assert read("", json.dumps({"task_id": "v1"})) == refs("v1")
    assert read("", "the task_id: abc, thanks") == refs("abc")
    assert read("", f"好的，任务ID：abc，还有{VIDEO}。") == refs("abc", VIDEO)
    assert read("", f"(see `{UUID}`)") == refs(UUID)


@pytest.mark.parametrize("quoted", ["", "good morning", "seedance-2.0 on 2026-05-01", "https://apipod.ai/pricing"])
def test_a_reply_without_an_id(quoted: str) -> None:
    assert read("", quoted) == Mistake("reply_without_id")
    assert read("apipod", quoted) == Mistake("reply_without_id")
    assert say(read("../x", quoted)) == "bad_id"


# Talk


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (UUID, refs(UUID)),
        (f"{UUID}\n{COLON}", refs(UUID, COLON)),
        (f"{UUID} apipod image", refs(UUID, provider="apipod", kind="image")),
        (f"this video please: {UUID}", refs(UUID)),
        (ADDRESS, (AT_APIPOD,)),
        (json.dumps({"task_id": "v1"}), refs("v1")),
        (QUERY, (AT_APIPOD,)),
        ("hello there", None),
        ("v1", None),
        ("what about seedance-2.0 or Token360?", None),
        ("cgt-20260101-abcde", (Reference("cgt-20260101-abcde"),)),
        ("vid_12 token360", (Reference("vid_12", "token360"),)),
        ("is cgt-20260101-abcde done", None),
        ("2026-11-22", None),
        ("13800138000", None),
        ("hello", None),
        ("4k", None),
        ("https://evil.example/" + UUID, None),
        ('{"prompt": "x"}', None),
        (CREATE, None),
        ("", None),
    ],
)
def test_talk_in_private(text: str, expected: Any) -> None:
    assert read_talk(text, EVERY) == expected


def test_too_many_in_talk() -> None:
    assert say(read_talk("\n".join(f"task_{number:08d}" for number in range(100, 130)), EVERY)) == "too_many_ids"


# Anything


NASTY = st.text(
    alphabet=st.one_of(st.sampled_from("{}[]\"'“”`\\:=,;/?#&%@^$-_. \n\t0aZ"), st.characters()), max_size=300
)
PARTS = [
    *(
        "curl ",
        "curl -H ",
        "https://",
        "http://api.apipod.ai/v1/videos/status/",
        '{"task_id":',
        '"id": "',
        "Bearer sk-",
    ),
    *("apipod", "task_id: ", "\\\n", UUID, VIDEO, "models/a/operations/b", "-d '{"),
]
BLOCKS = st.lists(st.one_of(NASTY, st.sampled_from(PARTS)), max_size=12).map("".join)


@given(BLOCKS, BLOCKS)
def test_any_text_gives_an_answer_and_never_what_is_no_id(text: str, quoted: str) -> None:
    for found in (read(text), read(text, quoted), read_talk(text, EVERY), read_references(text, BUILT_IN, (quoted,))):
        for reference in found if isinstance(found, tuple) else ():
            assert can_be_id(reference.task_id, EVERY)
            assert len(reference.task_id) <= 512
            assert not reference.provider or reference.provider in {provider.name for provider in EVERY}
        if isinstance(found, Mistake):
            assert len(found.text) <= 300
            found.text.encode()


ADVERSARIAL = [
    *(
        "{",
        "[",
        '{"',
        '{"a":',
        "{'a':",
        "curl ",
        "curl -",
        "curl -H '",
        'curl "',
        "\\",
        "'",
        '"',
        "“",
        "https://",
        "a/",
    ),
    *(
        "https://api.apipod.ai/v1/",
        "https://queue.fal.run/a/requests/",
        "id:",
        "任务",
        "sk-",
        "eyJ",
        "Bearer ",
        "1 ",
        "?",
    ),
    *(
        "authorization:",
        "a=b&",
        '"a":"',
        "{'a':'",
        "x\n",
        "\n-",
        "^",
        "`",
        "api_key",
        "a1b2c3d4 ",
        "http://a:",
        '-d {"',
    ),
    *('{"task_id":"a"}', '{"data":[', "\ud800", "curl -d{\n", "https://queue.fal.run/requests/", "%2f", "a.b_c-"),
]


@pytest.mark.parametrize("seed", ADVERSARIAL)
def test_the_longest_message_is_read_at_once(seed: str) -> None:
    text = (seed * 4096)[:4096]
    for variant in (text, f"https://queue.fal.run/{text}", f"curl https://api.apipod.ai/{text}", f'{{"a": "{text}'):
        began = time.process_time()
        masked = mask(variant)
        read(masked, masked)
        read_talk(masked, EVERY)
        assert time.process_time() - began < 1.0
