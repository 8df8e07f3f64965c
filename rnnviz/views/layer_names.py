"""What people call the recurrent layers of a network: `rnn.l0` in a trace is layer 1."""

from rnnviz.settings import Settings
from rnnviz.tasks import TASKS
from rnnviz.words import N_, t

PARTS = {
    "encoder": (N_("encoder"), N_("encoder layer {number}")),
    "decoder": (N_("decoder"), N_("decoder layer {number}")),
}
"""The parts of a translator: alone, and one of its layers."""
ONE_WAY = {False: N_("layer {number} forwards"), True: N_("layer {number} backwards")}
"""A layer of a network that reads in two directions, by whether it reads from the end."""


def layers_of(settings: Settings) -> dict[str, str]:
    """Return the recurrent layers of a network by their names in a trace, with words for each."""
    places = range(settings.layers)
    if TASKS[settings.task].translates:
        return {
            f"{part}.l{place}": t(one_of, number=place + 1) if settings.layers > 1 else t(alone)
            for part, (alone, one_of) in PARTS.items()
            for place in places
        }
    names = [t("layer {number}", number=place + 1) for place in places]
    if not settings.bidirectional:
        return {f"rnn.l{place}": name for place, name in enumerate(names)}
    if len(names) == 1:
        return {"rnn.l0": t("forwards"), "rnn.l0_reverse": t("backwards")}
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
    part, _, name = layer.rpartition(".")
    backwards = name.endswith("_reverse")
    number = int(name.removeprefix("l").removesuffix("_reverse")) + 1
    if part in PARTS:
        return t(PARTS[part][1], number=number)
    if settings.bidirectional or backwards:
        return t(ONE_WAY[backwards], number=number)
    return t("layer {number}", number=number)
