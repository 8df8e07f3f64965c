"""The tasks a network can learn; the key is the widget option, the URL value and the file value."""

from rnnviz.tasks.adding import Adding
from rnnviz.tasks.base import Baseline, Batch, Probe, Task
from rnnviz.tasks.characters import Characters
from rnnviz.tasks.copying import Copying

TASKS: dict[str, type[Task]] = {task.key: task for task in (Adding, Copying, Characters)}

__all__ = ["TASKS", "Baseline", "Batch", "Probe", "Task"]
