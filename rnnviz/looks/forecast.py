"""The view of a forecast: what came, and what the network foretold of it."""

import numpy as np
import pandas as pd

from rnnviz.errors import RunError
from rnnviz.plots import forecast
from rnnviz.tasks.series import Forecast
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.say import one_sample, together
from rnnviz.views.scene import Scene
from rnnviz.words import N_


def show_forecast(scene: Scene) -> FigureMessage:
    """Draw one sample of the probe, in its own units, with the forecasts of it."""
    task = scene.task
    if not isinstance(task, Forecast):
        raise RunError("Only a series of numbers is forecast: choose a task of numbers.")
    look, sample = scene.look, scene.sample
    place = scene.choice.number("target", 0, 0, len(task.target_names) - 1)
    answers = task.forecasts(look.outputs[:, sample])[:, :, place]
    inputs = look.probe.batch.inputs[:, sample].numpy()
    read = len(inputs)
    truth = np.full(read + max(task.ahead), np.nan)
    truth[:read] = task.history(inputs)[:, place]
    later = task.forecasts(look.probe.batch.targets[:, sample].numpy())[:, :, place]
    for column, k in enumerate(task.ahead):
        known = ~np.isnan(later[:, column])
        truth[np.flatnonzero(known) + k] = later[known, column]
    caption = str(look.probe.captions[sample])
    figure = forecast.spec(
        pd.Series(truth),
        pd.DataFrame(answers, columns=list(task.ahead)),
        read=read,
        name=task.target_names[place],
        at=scene.choice.number("t", read - 1, 0, read - 1),
        labels=look.probe.labels[sample] if len(look.probe.labels[sample][0]) < 8 else None,
        where=together(one_sample(sample), caption[:40], scene.when),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


LOOK = Look("forecast", "", N_("forecast"), {"forecast": View(show_forecast)}, fits=networks)
