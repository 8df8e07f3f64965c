"""How a run stands, in words and in what follows from its state."""

import pytest

from rnnviz.store.states import FORWARD, OVER, RULES, Order, State
from rnnviz.views.standing import NEW, NOT_YET, SAYS, standing


def test_every_state_has_words_and_one_is_silent():
    assert set(SAYS) == set(State)
    assert [state for state in State if not standing(state)["says"]] == [State.RUNNING]
    assert standing("")["says"] == "" and standing(NEW, NOT_YET)["says"] == NOT_YET


@pytest.mark.parametrize("state", State)
def test_what_follows_is_what_the_table_allows(state):
    found = standing(state)
    assert found["begun"] and not standing(NEW)["begun"]
    assert found["going"] == (state in RULES[Order.DELETE].moves)
    assert found["waits"] == (state in RULES[Order.RESUME_STUDY].moves)
    assert found["ended"] == (state in RULES[Order.STEP].refused)
    assert found["trains"] == (state in RULES[Order.FINISH].moves)
    assert (state in FORWARD) == (state not in OVER)


def test_reason_and_place_are_told():
    assert standing(State.FAILED, reason="It diverged.")["says"] == "Ended early: It diverged."
    assert standing(State.RUNNING, reason="It goes.")["says"] == ""
    assert standing(State.QUEUED, place=2)["says"] == "Waiting for a free worker, place 2 in line"
