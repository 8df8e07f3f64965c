"""The streams of grammars: what is written, and how well the next symbol can be known."""

import re
from itertools import product
from math import log

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from rnnviz.tasks import TASKS
from rnnviz.tasks.grammar import GrammarTask
from rnnviz.tasks.strings import DEEPEST, MOST

KEYS = [key for key, kind in TASKS.items() if issubclass(kind, GrammarTask)]
GRAMMAR = pytest.mark.parametrize("key", KEYS)


def streams(key, length=200, size=200):
    task = TASKS[key](length)
    batch = task.batch(size, 1)
    whole = torch.cat([batch.inputs, batch.targets[-1:]]).T.tolist()
    return ["".join(task.symbols[token] for token in row) for row in whole]


def test_counting_writes_as_many_b_as_a():
    sizes = []
    for stream in streams("anbn"):
        for a, b in re.findall(r"(a+)(b+)(?=a)", stream):
            assert len(a) == len(b) <= MOST
            sizes.append(len(a))
    # the first strings of long streams: n is uniform
    first = [len(re.match("a+", stream)[0]) for stream in streams("anbn", 40, 20_000)]
    assert set(sizes) == set(range(1, MOST + 1))
    np.testing.assert_allclose(np.bincount(first)[1:] / len(first), 1 / MOST, atol=0.01)


def test_brackets_are_nested_and_bounded():
    deepest = 0
    for stream in streams("brackets"):
        stack = []
        for bracket in stream:
            if bracket in "([{":
                stack.append(bracket)
                deepest = max(deepest, len(stack))
            else:
                assert stack.pop() + bracket in ("()", "[]", "{}")
    assert deepest == DEEPEST


def test_reber_strings_are_those_of_the_grammar_and_end_as_they_began():
    inner = "B(?:T(?:S*X(?:(?:XT*V(?:PXT*V)*(?:V|PS))|S))|PT*V(?:PXT*V)*(?:V|PS))E"
    string = re.compile(f"B(?:T{inner}T|P{inner}P)E")
    lengths = set()
    for stream in streams("reber"):
        end = 0
        while (found := string.match(stream, end)) is not None:
            lengths.add(found.end() - end)
            end = found.end()
        assert len(stream) - end < 60  # but for the last one, which is cut
    assert min(lengths) == 9 and len(lengths) > 10


def brute_best(automaton, length):
    """Return the mean entropy of the next symbol over all streams, one by one."""
    total, live = 0.0, [(1.0, 0)]
    for step in range(length + 1):
        following = []
        for probability, state in live:
            shares = automaton.share[state]
            if step:
                total -= probability * sum(p * log(p) for p in shares if p)
            following += [
                (probability * p, automaton.next[state, symbol])
                for symbol, p in enumerate(shares)
                if p
            ]
        live = following
    return total / length


@GRAMMAR
def test_the_best_possible_loss_is_the_entropy_over_all_streams(key):
    task = TASKS[key](6)
    assert task.best == pytest.approx(brute_best(task.automaton, 6), rel=1e-12)


@GRAMMAR
def test_one_who_knows_the_grammar_scores_the_best_and_all_from_memory(key):
    task = TASKS[key](60)
    batch = task.batch(4000, 1)
    states = task.automaton.states(batch.inputs.numpy())
    assert (states >= 0).all()
    output = torch.tensor(np.log(task.automaton.share[states] + 1e-30), dtype=torch.float32)
    assert task.mean_loss(output, batch.targets).item() == pytest.approx(task.best, rel=0.01)
    assert task.metric(output, batch) == 100
    assert task.best < 0.7 * task.baseline.loss


@GRAMMAR
def test_the_frequencies_score_the_baseline(key):
    task = TASKS[key](60)
    batch = task.batch(4000, 1)
    share = np.bincount(batch.targets.flatten().numpy(), minlength=task.outputs) / 240_000
    output = torch.tensor(np.log(share), dtype=torch.float32).expand(60, 4000, -1)
    assert task.mean_loss(output, batch.targets).item() == pytest.approx(
        task.baseline.loss, rel=0.005
    )
    constants = [
        task.metric(one_hot(torch.full((60, 4000), token), task.outputs).float(), batch)
        for token in (task.symbols.index(each) for each in task.options)
    ]
    assert max(constants) == pytest.approx(task.baseline.metric, abs=1)


def test_a_stream_against_the_rules_is_read_and_said():
    task = TASKS["brackets"](10)
    assert not task.read("([])").note
    probe = task.read("([)]")
    assert str(probe.note) == "The grammar does not allow ) at t = 2."
    assert probe.labels == [["(", "[", ")"]] and probe.targets == [["[", ")", "]"]]
    assert str(task.edit(probe, 0, 2, "]").note) == "The grammar does not allow ] at t = 3."
    assert TASKS["reber"](10).edit(TASKS["reber"](10).probe(), 2, 1, "e").note


def test_brackets_of_one_depth_are_equally_likely():
    task = TASKS["brackets"](3)
    first = [stream[:2] for stream in streams("brackets", 3, 30_000)]
    for opened, following in product("([{", "([{"):
        share = first.count(opened + following) / len(first)
        assert share == pytest.approx(1 / 18, abs=0.006)
    assert task.baseline.metric == pytest.approx(100 / 3)
