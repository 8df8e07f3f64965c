"""The units that tell a property best."""

from rnnviz.plots import ranking
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.reading import held_out, layer_and_signal, letter_of
from rnnviz.views.say import together
from rnnviz.views.scene import Scene
from rnnviz.views.telling import property_words, ranking_of
from rnnviz.words import N_


def show_ranking(scene: Scene) -> FigureMessage:
    """Draw the units that tell a property best, over held-out sequences."""
    reading = held_out(scene)
    layer, signal = layer_and_signal(scene, reading.trace)
    ranked = ranking_of(scene, layer, signal)
    letter = letter_of(reading.trace, layer, signal)
    figure = ranking.spec(
        ranked,
        property_words(scene),
        where=together(letter, scene.when),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


LOOK = Look(
    "ranking",
    "",
    N_("ranking"),
    {"units_ranking": View(show_ranking, rest=1.0)},
    fits=networks,
)
