"""Why a run or a trace is as it is: kept the same in all languages, said in the reader's."""

import json
import zipfile
from io import BytesIO

import pytest

from rnnviz.errors import DivergedError
from rnnviz.settings import Settings
from rnnviz.store.archive_reader import read_archive
from rnnviz.store.run_store import RunStore
from rnnviz.store.states import State
from rnnviz.words import Words, speaking

WHY = DivergedError(
    5, Words("The {name} became {became} at step {step}.", name=Words("loss"), became="x", step=5)
)
SAID = "The loss became x at step 5."


@pytest.fixture
def store(tmp_path):
    kept = RunStore(f"sqlite:///{tmp_path}/runs.sqlite")
    yield kept
    kept.close()


@pytest.fixture
def failed(store):
    run = store.runs.create(Settings(hidden=2, length=3, steps=5), "me")
    store.queue.release(run, State.FAILED, WHY.words)
    return run


def test_a_reason_is_said_in_the_readers_language(store, failed):
    run = store.runs.get(failed)
    assert run.reason == SAID and run.why == WHY.words
    with speaking("qps"):
        assert run.reason.startswith("⟦The ⟦loss ~⟧ became x at step 5.")
    assert not store.runs.get(store.runs.create(run.settings, "me")).why


def test_what_the_owner_wrote_is_a_reason_too(store, failed):
    store.orders.resume(failed, "me")
    assert store.runs.get(failed).reason == ""
    store.orders.pause(failed, "me", "the page was {closed}")
    assert store.runs.get(failed).reason == "the page was {closed}"
    assert store.orders.wanted(failed).reason == Words("the page was {closed}")


def test_a_sentence_of_an_older_store_is_still_told(store, failed):
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET reason = 'The loss became infinite.'")
    assert store.runs.get(failed).reason == "The loss became infinite."


def test_what_is_too_long_is_kept_as_text(store, failed):
    store.orders.resume(failed, "me")
    store.orders.pause(failed, "me", Words("It said {what}.", what="x" * 5000))
    assert store.runs.get(failed).reason == ("It said " + "x" * 5000)[:4000]


def test_a_run_file_keeps_message_and_values(store, failed):
    file = store.files.write(failed)
    again = store.runs.get(store.files.read(file, "you"))
    assert again.why == WHY.words and again.state == State.FAILED
    with speaking("qps"):
        assert again.reason.startswith("⟦The ⟦loss")
    # in Python's words, or in any other program's, it is one line of text
    assert read_archive(file).manifest.reason == WHY.words.to_json()


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("an older run's", "an older run's"),
        (Words("{x}", x="a\x00\x07b").to_json(), "ab"),
        (json.dumps({"message": "{x.__class__}", "values": {"x": 1}}), None),
    ],
)
def test_a_foreign_files_reason_is_plain_text(store, failed, reason, said):
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(store.files.write(failed))) as ours:
        with zipfile.ZipFile(made, "w") as theirs:
            for name in ours.namelist():
                data = ours.read(name)
                if name == "manifest.json":
                    data = json.dumps(json.loads(data) | {"reason": reason}).encode()
                theirs.writestr(name, data)
    assert store.runs.get(store.files.read(made.getvalue(), "you")).reason == (said or reason)


def test_a_trace_says_why_it_ended(store):
    id = store.traces.begin("a")
    store.traces.end(id, State.FAILED, Words("It broke at step {step}.", step=3))
    kept = store.traces.get(id)
    assert kept.reason == "It broke at step 3." and kept.why.values == {"step": 3}
    with speaking("qps"):
        assert kept.reason.startswith("⟦It broke")
