from providers.base import Output, OutputKind, QueryError, QueryErrorKind, Snapshot, State, TaskError
from providers.echoes import without_key

KEY = "plain/looking+key"
QUOTED = "plain%2Flooking%2Bkey"
BASE = "https://relay.example"


def told(url: str, key: str = KEY) -> Output:
    snapshot = Snapshot(State.SUCCEEDED, outputs=(Output(OutputKind.VIDEO, url),))
    return without_key(snapshot, key, BASE).outputs[0]


def test_the_key_is_in_nothing_that_an_answer_says() -> None:
    answer = Snapshot(
        State.FAILED,
        raw_status=f"failed {KEY}",
        task_id=KEY,
        error=TaskError(f"{KEY} is unknown", KEY),
        model=f"m-{KEY}",
        prompt=f"{KEY} and {QUOTED}",
        handles={"x": KEY},
    )
    assert KEY in repr(answer)
    found = repr(without_key(answer, KEY, BASE))
    assert KEY not in found
    assert QUOTED not in found
    error = without_key(QueryError(QueryErrorKind.AUTH, f"no {KEY}", code=KEY), KEY, BASE)
    assert error == QueryError(QueryErrorKind.AUTH, "no …", code="…")


def test_each_half_of_a_pair_is_a_secret() -> None:
    error = QueryError(QueryErrorKind.AUTH, "access-half and secret-half")
    assert without_key(error, "access-half:secret-half", BASE).message == "… and …"


def test_a_link_to_the_provider_is_fetched_with_the_key_instead() -> None:
    found = told(f"{BASE}/files/1?alt=media&key={QUOTED}&x=1")
    assert found == Output(OutputKind.VIDEO, f"{BASE}/files/1?alt=media&x=1", needs_auth=True)


def test_a_link_to_somebody_else_goes_without_the_key() -> None:
    assert told(f"https://cdn.example/1?key={QUOTED}&x=1") == Output(OutputKind.VIDEO, "https://cdn.example/1?x=1")
    assert KEY not in told(f"https://cdn.example/{KEY}/1").url


def test_what_is_no_echo_stays_as_it_is() -> None:
    data = f"data:text/plain,{KEY}"
    assert told(data).url == data
    assert told("https://cdn.example/1?b=2&a=1").url == "https://cdn.example/1?b=2&a=1"
    short = Snapshot(State.RUNNING, model="a test", prompt="test")
    assert without_key(short, "test", BASE) == short
    assert without_key(short, "", BASE) == short
