"""What people call the recurrent layers of a network: `rnn.l0` in a trace is layer 1."""

from rnnviz.settings import Settings
from rnnviz.tasks import task_of


def layers_of(settings: Settings) -> dict[str, str]:
    """Return the recurrent layers of a network by their names in a trace, with words for each."""
    names = [f"layer {place + 1}" for place in range(settings.layers)]
    if task_of(settings).translates:
        return {
            f"{part}.l{place}": f"{part} {name}" if len(names) > 1 else part
            for part in ("encoder", "decoder")
            for place, name in enumerate(names)
        }
    if not settings.bidirectional:
        return {f"rnn.l{place}": name for place, name in enumerate(names)}
    if len(names) == 1:
        return {"rnn.l0": "forwards", "rnn.l0_reverse": "backwards"}
    return {
        f"rnn.l{place}{suffix}": f"{name} {arrow}"
        for place, name in enumerate(names)
        for suffix, arrow in (("", "→"), ("_reverse", "←"))
    }


def top_layer(settings: Settings) -> str:
    """Return the last layer that runs forwards, where the loss of a step comes in at that step."""
    return next(name for name in reversed(layers_of(settings)) if not name.endswith("_reverse"))


def spoken(settings: Settings, layer: str) -> str:
    """Say which layer of what it is, and in which direction where there are two."""
    path = layer.rpartition(".")[0]
    part = "" if path == "rnn" else f"{path} "
    forwards = settings.bidirectional and not layer.endswith("_reverse")
    return f"{part}layer {short(layer)}{' forwards' * forwards}"


def short(layer: str) -> str:
    """Name a layer for people: `rnn.l0` is layer 1."""
    name = layer.rsplit(".", 1)[-1]
    number, _, direction = name.removeprefix("l").partition("_")
    return f"{int(number) + 1}{' backwards' if direction else ''}" if number.isdigit() else name
