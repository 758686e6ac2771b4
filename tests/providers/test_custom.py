"""The operator's file: what it can say, what is refused, and that a mistake names file, provider and key."""

from pathlib import Path
from typing import Any

import pytest

from providers.base import Output, OutputKind, QueryError, QueryErrorKind, Snapshot, State
from providers.custom import CustomProvider, ProvidersFileError, load
from providers.parse import parse
from tests.providers.bodies import as_bytes

BASE = 'base_url = "https://api.example"\napi_key_env = "ACME_KEY"\n'
QUERY = 'query = { path = "/v1/tasks/{id}" }\n'


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def make(text: str, name: str = "acme") -> Path:
        path = tmp_path / "providers.toml"
        path.write_text(f"[providers.{name}]\n{text}", encoding="utf-8")
        return path

    return make


def one(path: Path) -> CustomProvider:
    (found,) = load(path)
    return found


def read(path: Path, body: Any, status: int = 200) -> Snapshot | QueryError:
    provider = one(path).provider
    endpoint = provider.endpoints[0]
    has_fetch = provider.fetch is not None
    return parse(endpoint.kind, status, {}, as_bytes(body), reading=endpoint.reading, has_fetch=has_fetch)


def snapshot(path: Path, body: Any, status: int = 200) -> Snapshot:
    found = read(path, body, status)
    assert isinstance(found, Snapshot)
    return found


def error(path: Path, body: Any, status: int = 200) -> QueryError:
    found = read(path, body, status)
    assert isinstance(found, QueryError)
    return found


def test_little_is_enough_and_the_rest_is_read_by_itself(write: Any) -> None:
    path = write(BASE + QUERY)
    found = one(path)
    assert found.setting == "ACME_KEY"
    assert (found.provider.name, found.provider.title) == ("acme", "acme")
    assert found.provider.endpoints[0].reading is None
    assert snapshot(path, {"data": {"task_id": "x", "status": "SUCCESS", "video_url": "https://c.example/v"}}).outputs


@pytest.mark.parametrize(
    ("preset", "paths"),
    [("newapi", ["/v1/video/generations/{id}", "/v1/videos/{id}"]), ("openai", ["/v1/videos/{id}"])],
)
def test_a_preset_needs_an_address_and_a_key(write: Any, preset: str, paths: list[str]) -> None:
    provider = one(write(f'preset = "{preset}"\n{BASE}')).provider
    assert [endpoint.path for endpoint in provider.endpoints] == paths
    assert provider.fetch is not None
    assert provider.fetch.path == "/v1/videos/{id}/content"


def test_what_the_file_says_wins_over_the_preset(write: Any) -> None:
    provider = one(write(f'preset = "openai"\n{BASE}query = {{ path = "/mine/{{id}}" }}')).provider
    assert (provider.base_url, provider.endpoints[0].path) == ("https://api.example", "/mine/{id}")


SPOKEN = (
    BASE
    + QUERY
    + """
root = "payload.job"
ok = "result == 'fine'"
json_strings = ["made"]
progress_unit = "fraction"
states = { succeeded = [3, "all good"], failed = [4], running = ["cooking"] }
outputs = [
    { kind = "video", urls = "made.clips[].href" },
    { kind = "thumbnail", urls = "made.cover" },
    { kind = "auto", urls = "made.extras" },
]
[providers.acme.map]
status = "phase"
progress = "part"
model = "engine.name"
prompt = "ask"
created_at = "born"
completed_at = "gone"
error_message = "why"
error_code = "why_code"
"""
)


def job(**fields: Any) -> dict[str, Any]:
    return {"result": "fine", "payload": {"job": fields}}


def test_everything_can_be_said(write: Any) -> None:
    made = (
        '{"clips": [{"href": "https://c.example/1"}, {"href": "https://c.example/2"}], "cover": "https://c.example/t",'
    )
    made += ' "extras": [["https://c.example/a.mp3"], "not a link"]}'
    path = write(SPOKEN)
    found = snapshot(
        path,
        job(phase=3, part=1.0, engine={"name": "m1"}, ask="a cat", born=1760000000000, gone=1760000060, made=made),
    )
    assert (found.state, found.raw_status, found.model, found.prompt) == (State.SUCCEEDED, "3", "m1", "a cat")
    assert (found.created_at, found.completed_at, found.progress) == (1760000000.0, 1760000060.0, 100)
    assert found.outputs == (
        Output(OutputKind.VIDEO, "https://c.example/1"),
        Output(OutputKind.VIDEO, "https://c.example/2"),
        Output(OutputKind.THUMBNAIL, "https://c.example/t"),
        Output(OutputKind.AUDIO, "https://c.example/a.mp3"),
    )


def test_states_are_translated_and_the_usual_words_still_known(write: Any) -> None:
    path = write(SPOKEN)
    for word, state in (
        ("Cooking", State.RUNNING),
        ("ALL-GOOD", State.SUCCEEDED),
        ("queued", State.QUEUED),
        (7, State.UNKNOWN),
        (True, State.UNKNOWN),
        (None, State.UNKNOWN),
    ):
        assert snapshot(path, job(phase=word, part=0.5)).state is state
    assert snapshot(path, job(phase="cooking", part=0.5)).progress == 50


def test_a_failure_in_the_gateways_words(write: Any) -> None:
    found = snapshot(write(SPOKEN), job(phase=4, why="too many cats sk-abcdefghijk", why_code=17))
    assert found.state is State.FAILED
    assert found.error is not None
    assert (found.error.message, found.error.code) == ("too many cats sk-…", "17")


def test_a_question_that_is_not_ok_ends_nothing_but_a_named_end_does(write: Any) -> None:
    path = write(SPOKEN)
    body = {"result": "sorry", "message": "task not found", "payload": None}
    assert error(path, body).kind is QueryErrorKind.NOT_FOUND
    assert error(path, {**job(phase="cooking"), "result": "sorry"}).kind is QueryErrorKind.TRANSIENT
    assert snapshot(path, {**job(phase=4), "result": "sorry"}).state is State.FAILED


def test_a_good_code_of_its_own_is_good(write: Any) -> None:
    path = write(BASE + QUERY + 'ok = "code == `1000`"\n')
    assert snapshot(path, {"code": 1000, "message": "processed", "data": {"task_id": "x", "status": "running"}})
    assert error(path, {"code": 1001, "message": "invalid api key"}).kind is QueryErrorKind.AUTH


VEO = BASE + QUERY + "[providers.acme.map]\nstatus = \"(error && 'failed') || (done && 'succeeded') || 'running'\"\n"


def test_a_word_that_the_expression_makes_up_does_not_outweigh_http(write: Any) -> None:
    path = write(VEO)
    assert snapshot(path, {"name": "x", "done": True, "error": {"code": 3, "message": "bad"}}).state is State.FAILED
    assert snapshot(path, {"name": "x"}).state is State.RUNNING
    for status, kind in ((401, QueryErrorKind.AUTH), (404, QueryErrorKind.NOT_FOUND), (500, QueryErrorKind.TRANSIENT)):
        assert error(path, {"error": {"code": status, "message": "no"}}, status).kind is kind


def test_base64_is_a_result_too(write: Any) -> None:
    rule = 'kind = "image"\noutputs = [{ kind = "image", data_urls = "images[].b64" }]\n'
    found = snapshot(write(BASE + QUERY + rule), {"id": "x", "status": "done", "images": [{"b64": "iVBORw0KGgo="}]})
    assert [output.url for output in found.outputs] == ["data:image/png;base64,iVBORw0KGgo="]


def test_no_outputs_means_a_second_request_that_knows_what_the_first_said(write: Any) -> None:
    path = write(
        BASE
        + QUERY
        + """outputs = []
[providers.acme.fetch]
path = "/files"
params = { id = "{body.file.id}" }
mode = "json"
outputs = [{ kind = "video", urls = "url" }]
"""
    )
    found = snapshot(path, {"status": "Success", "file": {"id": 77}, "url": "https://c.example/input.png"})
    assert found.needs_fetch
    assert found.outputs == ()
    assert found.handles == {"body.file.id": "77"}
    fetch = one(path).provider.fetch
    assert fetch is not None
    assert fetch.gives_links


def test_variants_inherit_what_they_do_not_say(write: Any) -> None:
    provider = one(
        write(
            BASE
            + QUERY
            + """
root = "data"
[providers.acme.variants.image]
query = { path = "/v1/images/{id}" }
[providers.acme.variants.old]
query = { method = "POST", path = "/old", json = { ids = ["{id}"] } }
root = "old"
"""
        )
    ).provider
    video, image, old = provider.endpoints
    assert [endpoint.kind for endpoint in provider.endpoints] == ["video", "image", "video"]
    assert (image.path, old.method, old.json) == ("/v1/images/{id}", "POST", {"ids": ["{id}"]})
    assert video.reading is not None
    assert image.reading is not None
    assert old.reading is not None
    assert video.reading.root is not None
    assert image.reading.root is not None
    assert old.reading.root is not None
    assert old.reading.root({"old": 1, "data": 2}) == 1
    assert image.reading.root({"old": 1, "data": 2}) == 2


def test_poll_hints_and_ids(write: Any) -> None:
    provider = one(
        write(
            BASE
            + """
query = { path = "/{app}/requests/{id}" }
poll = { first = 2, max = "90s", give_up_after = "6h" }
task_id = { pattern = "(?P<app>[a-z/]+):(?P<id>[0-9a-f]+)" }
"""
        )
    ).provider
    assert (provider.min_interval, provider.max_interval, provider.give_up_after) == (2, 90, 21600)
    assert provider.task_ids.parts("a/b:0f") == {"app": "a/b", "id": "0f"}
    for bad in ("a/b", "a//b:0f", "/a:0f", "a/b:0f\n", "../b:0f", "a/b:" + "0" * 600):
        assert not provider.accepts(bad)


def test_slashes_only_where_they_are_declared(write: Any) -> None:
    assert not one(write(BASE + QUERY)).provider.accepts("models/veo/operations/1")
    provider = one(write(BASE + QUERY + "task_id = { slashes = true }\n")).provider
    assert provider.accepts("models/veo-3.0/operations/1")
    for bad in ("models/../x", "/models", "models/", "a//b", "models/./x", "a/b?c", "a/%2e%2e/b"):
        assert not provider.accepts(bad)


def test_an_expression_that_does_not_fit_an_answer_finds_nothing(write: Any) -> None:
    path = write(
        BASE + QUERY + 'map = { progress = "sum(parts)", model = "join(\',\', names)", prompt = "abs(text)" }\n'
    )
    found = snapshot(path, {"id": "x", "status": "running", "parts": "no", "names": [1], "text": {}})
    assert (found.progress, found.model, found.prompt) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "acme.query: is missing"),
        (BASE, "acme.query: is missing"),
        ('api_key_env = "K"\n' + QUERY, "acme.base_url: is missing"),
        (BASE + QUERY + "colour = 1\n", "acme.colour: is no key of the schema"),
        (BASE + QUERY + 'map = { status = "a[" }\n', "acme.map.status: is not JMESPath"),
        (BASE + QUERY + 'map = { status = "shout(a)" }\n', "there is no function shout()"),
        (BASE + QUERY + 'map = { stat = "a" }\n', "acme.map.stat: is no key of the schema"),
        (BASE + QUERY + "root = 7\n", "acme.root: must be a JMESPath expression"),
        (BASE + QUERY + 'ok = "code = 1"\n', "acme.ok: is not JMESPath"),
        (BASE + QUERY + 'states = { finished = ["x"] }\n', "acme.states.finished"),
        (BASE + QUERY + 'outputs = [{ kind = "film", urls = "a" }]\n', "acme.outputs.0.kind"),
        (BASE + QUERY + 'outputs = [{ kind = "video" }]\n', "needs either urls or data_urls"),
        (BASE + QUERY + 'fetch = { path = "/x", outputs = [] }\n', 'mode = "json"'),
        (BASE + QUERY + 'fetch = { path = "/x/{body.a[}" }\n', "acme: fetch: is not JMESPath"),
        (BASE + QUERY + 'fetch = { path = "https://elsewhere.example/x" }\n', "must begin with /"),
        (BASE + 'query = { path = "/x" }\n', "{id}"),
        (BASE + 'query = { path = "/x/{task}" }\n', "acme: query: {task} stands for nothing"),
        (BASE + 'query = { path = "/x/{id}", params = { a = "{body.a}" } }\n', "{body.a} stands for nothing"),
        (BASE + 'query = { path = "x/{id}" }\n', "acme.query.path: must begin with /"),
        (BASE + 'query = { path = "/x?id={id}" }\n', "params"),
        (BASE + 'query = { method = "PUT", path = "/x/{id}" }\n', "acme.query.method"),
        (BASE.replace("https://api.example", "api.example") + QUERY, "acme.base_url: must be an address"),
        (BASE.replace("https://api", "https://me:pw@api") + QUERY, "acme.base_url: must be an address"),
        ('base_url = "https://a.example"\n' + QUERY, "needs api_key_env"),
        (BASE.replace("ACME_KEY", "sk-1234") + QUERY, "acme.api_key_env: must be the name"),
        (BASE + QUERY + 'auth = { name = "X Key" }\n', "acme.auth.name"),
        (BASE + QUERY + 'auth = { in = "cookie" }\n', "acme.auth.in"),
        (BASE + QUERY + 'headers = { "A:" = "x" }\n', "acme.headers"),
        (BASE + QUERY + 'headers = { A = "x\\r\\ny" }\n', "acme.headers.A"),
        (BASE + QUERY + 'task_id = { pattern = "(" }\n', "acme.task_id.pattern: is not a regular expression"),
        (BASE + QUERY + 'poll = { first = "soon" }\n', "acme.poll.first: must be seconds"),
        (BASE + QUERY + "poll = { max = 0 }\n", "acme.poll.max: must be seconds"),
        (BASE + QUERY + 'variants = { image = { root = "[" } }\n', "variants.image.root: is not JMESPath"),
        (BASE + QUERY + "variants = { image = { colour = 1 } }\n", "variants.image.colour: is no key of the schema"),
        (BASE + QUERY + 'preset = "oldapi"\n', "acme.preset: there is no preset oldapi"),
    ],
)
def test_a_mistake_names_file_provider_and_key(write: Any, text: str, said: str) -> None:
    path = write(text)
    with pytest.raises(ProvidersFileError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: providers.acme")
    assert said in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[providers.a", "is not TOML"),
        ("provider = 1", "provider belongs into a table"),
        ("providers = 1", "must be tables"),
        ("[providers]\na = 1", "must be tables"),
        ('[providers.video]\nbase_url = "https://a.example"', "a name is"),
        ('[providers."a b"]\nbase_url = "https://a.example"', "a name is"),
    ],
)
def test_a_file_that_is_no_list_of_providers(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(ProvidersFileError, match=r"p\.toml") as caught:
        load(path)
    assert said in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(f"[providers.a]\n{BASE}{QUERY}root = 1\nok = 2\n[providers.b]\n{BASE}{QUERY}[providers.c]\n")
    with pytest.raises(ProvidersFileError) as caught:
        load(path)
    places = [line.split(": ")[1] for line in str(caught.value).splitlines()]
    assert places == ["providers.a.root", "providers.a.ok", "providers.c.query", "providers.c.base_url"]


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(ProvidersFileError, match=r"none\.toml can not be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "latin").write_bytes(b"# \xff\n")
    with pytest.raises(ProvidersFileError, match="not UTF-8"):
        load(tmp_path / "latin")


def test_an_empty_file_has_no_providers(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("")
    assert load(tmp_path / "p.toml") == ()
