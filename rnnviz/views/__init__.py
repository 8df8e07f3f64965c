"""What a look is and what it looks at: a `Scene` is a subject, at one training step, by one choice.

A message is what a component draws: a figure dict, or the state of the run. The same looks serve a
run that is training, a kept checkpoint, a network that has not been trained yet (a draft: the
settings alone), and a trace that somebody brought. A view of a study is a function of a
`StudyScene`: it looks at all its runs, and its draft is a plan.
"""

from rnnviz.views.choice import Choice
from rnnviz.views.gallery import Gallery
from rnnviz.views.scene import FIRST_LOOK, Scene
from rnnviz.views.study import StudyScene

__all__ = ["FIRST_LOOK", "Choice", "Gallery", "Scene", "StudyScene"]
