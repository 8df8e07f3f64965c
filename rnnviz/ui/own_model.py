"""Bring a model of one's own: a file of weights or a trace, what goes in, and what is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from rnnviz.errors import RnnvizError
from rnnviz.files.feed import Feed, look_into, number_feed, random_feed, text_feed, token_feed
from rnnviz.files.find_layers import Stack, build_stack, embeddings_of, find_stacks
from rnnviz.files.torch_file import Stored
from rnnviz.files.weights import KNOWN, is_trace, read_weights
from rnnviz.networks.cells import CELLS
from rnnviz.recording.packed_trace import accept_trace, pack_trace
from rnnviz.recording.rebuild import has_weights, network_of, parted
from rnnviz.recording.trace import Trace
from rnnviz.store.traces import HERE, KeptTrace, plain_name
from rnnviz.ui import session, traces
from rnnviz.ui.choices import WHOLE, fit
from rnnviz.words import N_, language, t

ENDINGS = ["safetensors", "pt", "pth", "ckpt", "bin", "zip", "npz"]
FEEDS = {
    "random": N_("random numbers"),
    "text": N_("characters"),
    "words": N_("words"),
    "rows_of": N_("characters, embedded"),
    "numbers": N_("rows of numbers"),
    "tokens": N_("token numbers"),
}
LOSSES = {
    "last": N_("the last state, squared"),
    "all": N_("all outputs, squared"),
    "unit": N_("one unit at the end"),
}
SHORT = 8
"""Letters of a button that has a third of the form's width."""
SAMPLE_TEXT = "The quick brown fox jumps over the lazy dog."


@dataclass(frozen=True)
class OwnModel:
    """Recurrent parts that something can be fed to.

    Attributes
    ----------
    parts : sequence of str
        Their paths.
    weights : dict, optional
        All tensors of the file; None for the layers of a trace.
    """

    name: str
    parts: Sequence[str]
    stacks: Mapping[str, Stack]
    weights: Mapping[str, Stored] | None = None
    trace: Trace | None = None

    def title(self, path: str) -> str:
        """Return what a part is, in words."""
        if path in self.stacks:
            return self.stacks[path].title
        assert self.trace is not None
        return _described(self.trace, path)


def bring() -> None:
    """Draw the place for a file, and look into what was dropped there."""
    file = st.file_uploader(
        t("Weights or a trace"),
        type=ENDINGS,
        key="own_file",
        help=t(
            "Bring {known}, or the zip that the Runs page gives. Nothing in it is run.",
            known=KNOWN,
        ),
    )
    if file is None:
        if st.session_state.pop("own_seen", None):
            st.session_state.pop("own_source", None)
            st.session_state.pop("own_refused", None)
        return
    if st.session_state.get("own_seen") == file.file_id:
        return
    st.session_state["own_seen"] = file.file_id
    st.session_state["own_refused"] = ""
    st.session_state.pop("own_source", None)
    try:
        _take(plain_name(file.name), file.getvalue())
    except RnnvizError as error:
        st.session_state["own_refused"] = error.words


def _take(name: str, data: bytes) -> None:
    if is_trace(data):
        traces.enter(session.store().traces.keep(accept_trace(data, name), session.owner(), name))
        return
    weights = read_weights(data)
    found = {stack.path: stack for stack in find_stacks(weights)}
    source = OwnModel(name, tuple(found), found, weights)
    st.session_state["own_source"] = source
    first = next(iter(found.values()))
    feed = random_feed(first.inputs, _steps(first), 4, 0)
    _look(source, first.path, feed, {"loss": "last"})


def _steps(stack: Stack) -> int:
    """Return a number of steps that a large network can be looked into with."""
    return 50 if stack.hidden * max(1, stack.layers) <= 1024 else 20


def source_of(trace: Trace | None) -> OwnModel | None:
    """Return what can be fed: the file that was brought, or else the layers of the trace."""
    brought: OwnModel | None = st.session_state.get("own_source")
    if brought is not None or trace is None or not has_weights(trace):
        return brought
    paths = dict.fromkeys(parted(layer)[0] for layer in trace.layers)
    return OwnModel("", tuple(paths), {}, None, trace)


def _described(trace: Trace, path: str) -> str:
    layers = [layer for layer in trace.layers if parted(layer)[0] == path]
    first, units = layers[0], trace.value(layers[0], "hidden_state").shape[2]
    inputs = trace.value(first, "input").shape[2]
    return t(
        "{part}: {cell}, {inputs} → {units}, with the weights that it had",
        part=path or t("the module"),
        cell=t(CELLS[trace.cell(first)].title),
        inputs=inputs,
        units=units,
    )


def feeding(source: OwnModel) -> None:
    """Draw what goes in and what the gradients are of; look inside when the button is pressed."""
    paths = list(source.parts)
    path = paths[0]
    if len(paths) > 1:
        path = st.selectbox(t("Recurrent part"), paths, format_func=source.title, key="own_part")
    else:
        st.caption(_plain(source.title(path)))
    stack = source.stacks.get(path)
    relu = False
    if stack is not None and stack.ambiguous:
        relu = st.segmented_control(
            t("Nonlinearity"), ["tanh", "ReLU"], default="tanh", required=True, key="own_relu",
            help=t("The weights of a plain RNN do not tell."),
        ) == "ReLU"  # fmt: skip
    inputs, outputs, embeddings = _sizes(source, path)
    kind, asked = _feed_choice(inputs, embeddings)
    beside = _chosen_loss() == "unit" and language() == "en"
    place, number = st.columns([0.66, 0.34]) if beside else (st, st)
    loss = place.selectbox(
        t("Gradient of"), list(LOSSES), format_func=lambda key: t(LOSSES[key]), key="own_loss"
    )
    fit("own_loss", t(LOSSES[loss]), WHOLE)
    unit = 0
    if loss == "unit":
        unit = int(number.number_input(t("Unit"), 0, max(1, outputs - 1), 0, key="own_unit"))
    if not st.button(t("Look inside"), type="primary", width="stretch", key="own_look"):
        return
    st.session_state["own_refused"] = ""
    try:
        feed = _feed(source, kind, inputs, asked)
        _look(source, path, feed, {"loss": loss, "unit": unit, "relu": relu})
        st.rerun()
    except RnnvizError as error:
        st.session_state["own_refused"] = error.words


def _sizes(source: OwnModel, path: str) -> tuple[int, int, list[str]]:
    """Return how many numbers a part takes and gives a step, and which embeddings fit below it."""
    stack = source.stacks.get(path)
    if stack is not None and source.weights is not None:
        return stack.inputs, stack.outputs, embeddings_of(source.weights, stack)
    assert source.trace is not None
    trace = source.trace
    layers = [layer for layer in trace.layers if parted(layer)[0] == path]
    top = [layer for layer in layers if parted(layer)[1].partition("_")[0] ==
           parted(layers[-1])[1].partition("_")[0]]  # fmt: skip
    outputs = sum(trace.value(layer, "hidden_state").shape[2] for layer in top)
    return trace.value(layers[0], "input").shape[2], outputs, []


def _chosen_loss() -> str:
    return str(st.session_state.get("own_loss", "last"))


def _feed_choice(inputs: int, embeddings: list[str]) -> tuple[str, dict[str, Any]]:
    """Draw the kinds of input, and what the chosen one needs to be told; return both."""
    kinds = [key for key in FEEDS if key not in ("rows_of", "tokens") or embeddings]
    seeded = st.session_state.get("own_feed", "random") in ("random", "text", "words")
    beside = language() == "en"  # other words are longer
    place, seed = st.columns([0.66, 0.34]) if seeded and beside else (st, st)
    kind = place.selectbox(
        t("What goes in"), kinds, format_func=lambda key: t(FEEDS[key]), key="own_feed",
        help=t(
            "A character or word is a random vector, the same wherever it stands, or the row of "
            "an embedding of your model: its code point's, or the one that you number."
        ),
    )  # fmt: skip
    fit("own_feed", t(FEEDS[kind]), WHOLE)
    asked: dict[str, Any] = {"seed": 0, "embedding": embeddings[0] if embeddings else ""}
    if seeded:
        asked["seed"] = int(seed.number_input(t("Seed"), 0, 2**31, 0, key="own_seed"))
    if kind == "random":
        left, right = st.columns(2)
        asked["steps"] = int(left.number_input(t("Steps"), 1, 1000, 50, key="own_steps"))
        asked["samples"] = int(right.number_input(t("Samples"), 1, 16, 4, key="own_samples"))
    elif kind == "numbers":
        asked["text"] = st.text_area(
            t("Rows of {inputs} numbers", inputs=inputs), key="own_numbers", height=68,
            placeholder=", ".join(["0.5"] * min(inputs, 4)) + (", …" if inputs > 4 else ""),
            help=t("A row is a time step: numbers parted by commas, semicolons, tabs or blanks."),
        )  # fmt: skip
    elif kind == "tokens":
        asked["text"] = st.text_area(
            t("Token numbers"), "3 1 4 1 5 9 2 6 5", key="own_tokens", height=68
        )
    else:
        asked["text"] = st.text_area(t("Text"), SAMPLE_TEXT, key="own_text", height=68)
    return kind, asked


def _feed(source: OwnModel, kind: str, inputs: int, asked: Mapping[str, Any]) -> Feed:
    if kind == "random":
        return random_feed(inputs, asked["steps"], asked["samples"], asked["seed"])
    if kind == "numbers":
        return number_feed(asked["text"], inputs)
    if kind in ("rows_of", "tokens"):
        assert source.weights is not None
        embedding = source.weights[asked["embedding"]].read().float()
        if kind == "tokens":
            return token_feed(asked["text"], embedding)
        return text_feed(asked["text"], inputs, 0, embedding=embedding)
    return text_feed(asked["text"], inputs, asked["seed"], words=kind == "words")


def _look(source: OwnModel, path: str, feed: Feed, asked: Mapping[str, Any]) -> None:
    """Record what was fed, keep it, and look at it."""
    if source.weights is not None:
        stack = source.stacks[path]
        module = build_stack(source.weights, stack, relu=bool(asked.get("relu")))
        at = path or ("" if stack.layers else "cell")
    else:
        assert source.trace is not None
        module, at = network_of(source.trace), path
    trace = look_into(module, at, feed, loss=asked["loss"], unit=asked.get("unit", 0))
    name = source.name or traces.name_of_current()
    traces.enter(session.store().traces.keep(pack_trace(trace), session.owner(), name))


def kept(current: KeptTrace | None) -> None:
    """Draw the list of what the visitor has kept, and the way to delete what is looked at."""
    owner = session.owner()
    owners = [owner, HERE] if traces.local() else [owner]
    found = [each for one in owners if one for each in session.store().traces.list(one)]
    if not found:
        return
    ids = [each.id for each in found]
    if current is not None and current.id not in ids:
        found, ids = [current, *found], [current.id, *ids]
    names = {each.id: each.name or t("a trace") for each in found}
    numbers = {id: place for place, id in enumerate(reversed(ids), start=1)}
    if len(t("Delete")) <= SHORT:
        left, right = st.columns([0.64, 0.36], vertical_alignment="bottom", gap="small")
    else:
        left, right = st.container(), st.container()
    with left:
        chosen = st.selectbox(
            t("Kept"), ids, ids.index(current.id) if current else None,
            format_func=lambda id: f"{numbers[id]}. {names[id]}", placeholder=t("choose one"),
            help=t("Your last twelve; a link to one goes on working until then."),
            key=f"own_kept_{current.id if current else ''}_{len(ids)}",
        )  # fmt: skip
    with right:
        mine = current is not None and current.owner in owners
        if st.button(t("Delete"), key="own_delete", disabled=not mine, width="stretch"):
            assert current is not None
            if session.attempt(lambda: session.store().traces.forget(current.id, current.owner)):
                traces.leave()
                st.rerun()
    if chosen and (current is None or chosen != current.id):
        traces.enter(chosen)
        st.rerun()


def refused() -> str:
    """Return the sentence that says why the last thing brought was not looked into."""
    return str(st.session_state.get("own_refused", ""))


def _plain(text: str) -> str:
    """Return text that markdown shows as it is."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|~$:<>" else sign for sign in text)
