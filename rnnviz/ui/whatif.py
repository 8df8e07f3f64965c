"""What if: hold a signal, type an input, change one step of it; and what that does.

`controls` gives the query that any view of a trace understands; `panel` shows both runs.
"""

from contextlib import suppress
from typing import Any
from urllib.parse import quote

import streamlit as st

from rnnviz.errors import RnnvizError, TaskError
from rnnviz.networks.cells import CELLS
from rnnviz.plots.style import NAME
from rnnviz.recording.clamp_text import MOST, Clamp, parse_clamps, written
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS, Probe
from rnnviz.ui import address, session
from rnnviz.ui.choices import begun, said
from rnnviz.ui.component import figure
from rnnviz.views.gallery import edited
from rnnviz.views.layer_names import layers_of
from rnnviz.views.scene import FIRST_LOOK
from rnnviz.words import N_, t

LONGEST_LINK = 4000
"""Bytes of typed input in an address."""
HOW = {"set": N_("set to"), "scale": N_("multiply by"), "mean": N_("its mean")}
PRESETS = {
    "lstm": (("forget_gate", 1.0), ("forget_gate", 0.0), ("input_gate", 0.0), ("output_gate", 0.0)),
    "gru": (("update_gate", 1.0), ("update_gate", 0.0), ("reset_gate", 0.0)),
}
HEIGHT = "24rem"


def controls(settings: Settings) -> dict[str, str]:
    """Draw the row of what is changed; return the choices `clamp`, `input` and `edit`.

    A change that the network or task does not have is left out.
    """
    seed()
    probe, typed, trouble = looked_at(settings)
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="whatif", width="content"
    ):
        with st.popover(t("What if …"), icon=":material/tune:"):
            change_signal(settings, len(probe.labels[0]))
        label = t("Own text") if TASKS[settings.task].family == "text" else t("Own input")
        with st.popover(label, icon=":material/edit:"):
            type_input(settings, trouble)
            change_step(settings, probe)
        chips(settings, probe)
    found = {
        "clamp": ";".join(str(clamp) for clamp in fitting(settings, len(probe.labels[0]))),
        "input": typed,
        "edit": st.session_state["edit"] if step_fits(settings, probe) else "",
    }
    for name, value in found.items():
        address.note(name, value, "")
    return {name: value for name, value in found.items() if value}


def panel(
    run: str | None,
    settings: Settings,
    step: int | None,
    choice: dict[str, Any],
    *,
    key: str = "whatif_panel",
) -> None:
    """Draw the changed run over the unchanged one, if anything is changed.

    Parameters
    ----------
    run, settings, step
        As for `component.figure`.
    choice : dict
        The view's query, with what `controls` gave in it.
    """
    if not (choice.get("clamp") or choice.get("edit")):
        return
    asked = ("layer", "signal", "sample", "loss", "clamp", "input", "edit")
    query = {name: choice[name] for name in asked if name in choice}
    with st.expander(t("What the change does"), expanded=True, key=key):
        for column, view in zip(
            st.columns(3, gap="medium"),
            ("whatif_gradient", "whatif_states", "whatif_output"),
            strict=True,
        ):
            with column:
                figure(view, run, settings, height=HEIGHT, step=step, **query)


# -- the controls ---------------------------------------------------------------------------


def change_signal(settings: Settings, steps: int) -> None:
    """Draw what to hold a signal at, where and when."""
    kind = CELLS[settings.cell]
    symbols = {**kind.gates, **kind.states, "input": "x"}
    presets = PRESETS.get(settings.cell, ())
    layers = layers_of(settings)
    layer = next(iter(layers))
    if len(layers) > 1:
        layer = st.selectbox(
            t("Layer"), list(layers), format_func=layers.__getitem__, key="whatif_layer"
        )
    with st.container(horizontal=True, gap="small"):
        for signal, value in presets:
            st.button(
                f"{symbols[signal]} = {value:g}",
                key=f"whatif_{signal}_{value:g}",
                help=t(
                    "Hold the {signal} at {value:g}, everywhere and always",
                    signal=t(NAME[signal]),
                    value=value,
                ),
                on_click=add,
                args=(settings, steps, layer, signal, "set", value),
            )
    with st.form("whatif_signal", border=False):
        left, middle, right = st.columns([1.2, 1, 0.9], vertical_alignment="bottom")
        with left:
            signal = st.selectbox(
                t("Signal"),
                list(symbols),
                index=list(symbols).index(next(name for name in FIRST_LOOK if name in symbols)),
                format_func=lambda name: f"{symbols[name]} {t(NAME[name])}",
                key="whatif_name",
            )
        with middle:
            words = said(HOW)
            how = st.selectbox(
                t("Change"), list(words), format_func=words.__getitem__, key="whatif_how"
            )
        with right:
            value = st.number_input(
                t("Value"), value=1.0, step=0.1, format="%g", key="whatif_value"
            )
        left, right = st.columns(2)
        last_unit, last_step = settings.hidden - 1, steps - 1
        units = left.text_input(
            t("Units"),
            placeholder=t("all"),
            key="whatif_units",
            help=t("Such as 0-3,7; up to {last}", last=last_unit),
        )
        times = right.text_input(
            t("Steps"),
            placeholder=t("all"),
            key="whatif_times",
            help=t("Such as 10-20; up to {last}", last=last_step),
        )
        if st.form_submit_button(t("Change it"), type="primary", width="stretch"):
            text = f"{layer}.{signal}"
            text += {"set": f"={value!r}", "scale": f"*{value!r}", "mean": "=mean"}[how]
            for name, places in (("units", units), ("times", times)):
                if places and places.strip():
                    text += f"@{name}:{''.join(places.split())}"
            try:
                clamp = Clamp.parse(text)
                add(settings, steps, layer, signal, how, clamp.value, clamp.units, clamp.times)
                st.rerun()
            except RnnvizError:
                st.error(t("Write units and steps like 0-3,7 or 10-, or leave them empty for all."))
    if st.session_state.get("whatif_refused"):
        st.error(st.session_state["whatif_refused"])


def type_input(settings: Settings, trouble: str) -> None:
    """Draw the field for a sequence of the visitor's own."""
    kind = session.task(settings)
    label = t("{form}.", form=begun(str(kind.typing)))
    draw = st.text_area if kind.answers == "classes" and kind.tokens else st.text_input
    draw(
        label,
        placeholder=kind.typed_example,
        key="input",
        persist_state="session",
    )
    if trouble:
        st.error(trouble)


def change_step(settings: Settings, probe: Probe) -> None:
    """Draw which step of the input to change, and to what."""
    sample = min(int(st.session_state.get("sample") or 0), len(probe.labels) - 1)
    labels = probe.labels[sample]
    with st.form("whatif_step", border=False):
        left, middle, right = st.columns([1, 1.2, 1], vertical_alignment="bottom")
        time = left.number_input(t("Step"), 0, len(labels) - 1, key="whatif_time")
        text = middle.text_input(t("goes in"), placeholder=labels[time], key="whatif_text")
        if right.form_submit_button(t("Change step"), width="stretch") and text:
            try:
                edited(session.task(settings), probe, sample, f"{time}:{text}")
                st.session_state["edit"] = f"{time}:{text}"
                st.rerun()
            except TaskError as error:
                st.error(str(error))


def chips(settings: Settings, probe: Probe) -> None:
    """Draw each change as a button that takes it back."""
    kind = CELLS[settings.cell]
    symbols = {**kind.gates, **kind.states, "input": "x"}
    for place, clamp in enumerate(fitting(settings, len(probe.labels[0]))):
        says = short(clamp, symbols, layers_of(settings))
        chip(says, f"clamp_{place}", take_back, (str(clamp),))
    if st.session_state["input"] and len(probe.labels) == 1:
        caption = str(probe.captions[0])
        start = f"{caption[:24]}…" if len(caption) > 24 else caption
        chip(t("own: {start}", start=start), "input", clear, ("input",))
    if step_fits(settings, probe):
        time, _, text = st.session_state["edit"].partition(":")
        chip(t("{symbol} at t = {time}", symbol=text, time=time), "edit", clear, ("edit",))
    if probe.note:
        st.caption(str(probe.note), width="content")


def chip(label: str, key: str, undo: Any, args: tuple[Any, ...]) -> None:
    """Draw one change, as plain text, with the cross that takes it back."""
    plain = "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|~$:<>" else sign for sign in label)
    st.button(
        plain,
        key=f"whatif_chip_{key}",
        icon=":material/close:",
        icon_position="right",
        help=t("Take this change back"),
        on_click=undo,
        args=args,
    )


def short(clamp: Clamp, symbols: dict[str, str], layers: dict[str, str]) -> str:
    """Return a clamp in few signs: ``f = 1, units 0–3``."""
    symbol = symbols[clamp.signal]
    says = {
        "set": f"{symbol} = {clamp.value or 0:g}",
        "scale": f"{symbol} × {clamp.value or 0:g}",
        "mean": t("{symbol} = mean", symbol=symbol),
    }[clamp.how]
    if len(layers) > 1:
        says += f", {layers[clamp.layer]}"
    if clamp.units is not None:
        units = written(clamp.units, "–")  # type: ignore[arg-type]
        says += f", {t('units {units}', units=units)}"
    if clamp.times is not None:
        says += f", t = {written(clamp.times, '–')}"  # type: ignore[arg-type]
    return says


# -- what is chosen -------------------------------------------------------------------------


def seed() -> None:
    """Take the first values from the address."""
    address.seed("clamp", "", lambda text: ";".join(map(str, parse_clamps(text))))
    address.seed("input", "", str)
    address.seed("edit", "", str)


def changes() -> bool:
    """Return whether the network or its input is changed."""
    seed()
    return bool(st.session_state["clamp"] or st.session_state["edit"])


def looked_at(settings: Settings) -> tuple[Probe, str, str]:
    """Return the probe before a step is changed, its typed text, and what is wrong with a new one.

    A text with an error does not take the one before it away.
    """
    task, typed = session.task(settings), st.session_state["input"] or ""
    if not typed.strip():
        return task.probe(), "", ""
    try:
        if len(quote(typed)) > LONGEST_LINK:
            task.read(typed)  # may have the better sentence
            raise TaskError("This is too long for an address: type fewer or plainer signs.")
        probe = task.read(typed)
    except TaskError as error:
        of, kept = st.session_state.get("input_before", ("", ""))
        with suppress(TaskError):  # other settings may have no place for it
            if of == settings.task:
                trouble = t("{error} Until then the input before it is shown.", error=error)
                return task.read(kept), kept, trouble
        return task.probe(), "", str(error)
    st.session_state["input_before"] = (settings.task, typed)
    return probe, typed, ""


def fitting(settings: Settings, steps: int) -> tuple[Clamp, ...]:
    """Return the chosen clamps that this network has a place for."""
    known = {"input", *CELLS[settings.cell].signals}
    return tuple(
        clamp
        for clamp in parse_clamps(st.session_state["clamp"])
        if clamp.layer in layers_of(settings)
        and clamp.signal in known
        and all(clamp.where(steps, settings.hidden))
    )


def step_fits(settings: Settings, probe: Probe) -> bool:
    """Return whether the changed step has a meaning for what goes in."""
    if not st.session_state["edit"]:
        return False
    sample = min(int(st.session_state.get("sample") or 0), len(probe.labels) - 1)
    task = session.task(settings)
    try:
        edited(task, probe, sample, st.session_state["edit"])
    except TaskError:
        return False
    return True


def add(
    settings: Settings,
    steps: int,
    layer: str,
    signal: str,
    how: Any,
    value: float | None,
    units: Any = None,
    times: Any = None,
) -> None:
    """Add a clamp; one of the same signal at the same places is replaced."""
    clamp = Clamp(layer, signal, how, None if how == "mean" else value, units, times)
    kept = [
        each
        for each in parse_clamps(st.session_state["clamp"])
        if (each.layer, each.signal, each.units, each.times)
        != (clamp.layer, clamp.signal, clamp.units, clamp.times)
    ]
    st.session_state["whatif_refused"] = ""
    if len(kept) >= MOST:
        st.session_state["whatif_refused"] = t(
            "Up to {most} changes at once: take one back first.", most=MOST
        )
    elif not all(clamp.where(steps, settings.hidden)):
        st.session_state["whatif_refused"] = t(
            "There are units 0 to {units} and steps 0 to {steps}.",
            units=settings.hidden - 1,
            steps=steps - 1,
        )
    else:
        st.session_state["clamp"] = ";".join(map(str, [*kept, clamp]))


def take_back(text: str) -> None:
    """Take a clamp back."""
    kept = [str(clamp) for clamp in parse_clamps(st.session_state["clamp"])]
    st.session_state["clamp"] = ";".join(each for each in kept if each != text)


def clear(name: str) -> None:
    """Take the typed input or the changed step back."""
    st.session_state[name] = ""
