import json

from bot.doctor.report import Group, Report, bad, ok, warn

LONG = "a sentence that goes on and on and on " * 6
REPORT = Report((Group("One", [ok("well"), warn(LONG, LONG)]), Group("Two", [bad("wrong: sk-secret", "sk-secret?")])))


def test_lines_fit_a_terminal_and_say_their_mark_in_words() -> None:
    lines = REPORT.as_text().splitlines()
    assert max(map(len, lines)) <= 100
    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "] == ["ok", "warn", "bad"]
    assert lines[-1] == "1 thing is wrong, 1 thing is worth a look. Put right what is marked bad, then ask again."


def test_colours_change_no_word() -> None:
    coloured = REPORT.as_text(coloured=True)
    for code in ("\x1b[32m", "\x1b[33m", "\x1b[31;1m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == REPORT.as_text()


def test_the_sum_tells_what_there_is() -> None:
    assert Report((Group("One", [ok("well")]),)).as_text().endswith("\n\nAll is well.")
    assert (
        Report((Group("One", [warn("a"), warn("b")]),))
        .as_text()
        .endswith("Nothing is wrong; 2 things are worth a look.")
    )


def test_scripts_get_one_object() -> None:
    found = json.loads(REPORT.as_json())
    assert (found["ok"], found["bad"], found["warn"]) == (False, 1, 1)
    assert found["findings"][2] == {"group": "Two", "mark": "bad", "what": "wrong: sk-secret", "cure": "sk-secret?"}


def test_secrets_are_blanked_in_both() -> None:
    report = REPORT.without(["sk-secret", "", "w"])
    assert "sk-secret" not in report.as_text() + report.as_json()
    assert "wrong: ***" in report.as_text()
