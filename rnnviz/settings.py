"""One record that says everything about a run: same settings, same machine, same numbers.

This file imports no torch, so that a form or the command line can read it at once.
"""

import json
from typing import Any, Literal, Self, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rnnviz.errors import SettingsError
from rnnviz.refusals import limits, misfit, refusal

VALIDATE_EVERY = 50
"""Steps between two looks at the validation set."""


class Settings(BaseModel):
    """Describe a run: the task, the network, and how it is trained.

    A field that does not apply (momentum with Adam, the forget bias of a GRU, the spectral radius
    of orthogonal matrices, which is 1, chrono biases of an RNN without gates) is ignored, never an
    error: changing one choice must not break a link that holds the others.

    Raises
    ------
    SettingsError
        If a value is outside its range; the message names field, value and allowed range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    task: Literal[
        "adding", "copying", "order4", "order8", "nback", "parity", "flipflop",
        "anbn", "brackets", "reber",
        "sines", "mixture", "mackey_glass", "sunspots", "own_series",
        "digits_rows", "digits_pixels", "sentiment", "entities", "names",
        "words", "characters", "analects",
        "dates", "reversal", "sorting",
        "own_labels", "own_words", "own_characters",
    ] = Field(
        "adding", title="Task", description="What the network is asked to learn."
    )  # fmt: skip
    data: str = Field(
        "",
        pattern="^([0-9a-f]{32})?$",
        title="Data",
        description="The key of the data set that a task of own data reads; empty for its example.",
    )
    cell: Literal["rnn", "rnn_relu", "lstm", "gru"] = Field(
        "lstm", title="Cell", description="The equations of one recurrent unit."
    )
    hidden: int = Field(
        32, ge=1, le=1024, title="Hidden units", description="Units in each recurrent layer."
    )
    layers: int = Field(
        1, ge=1, le=8, title="Layers", description="Recurrent layers, each reading the one below."
    )
    residual: bool = Field(
        False,
        title="Residual",
        description="From the second layer on, what a layer reads is added to what it gives.",
    )
    bidirectional: bool = Field(
        False,
        title="Bidirectional",
        description="In each layer, a second one reads the sequence from its end; the layer above "
        "and the read-out see both.",
    )
    readout: Literal["every", "last", "mean"] = Field(
        "every",
        title="Read-out",
        description="What an answer is read out of. every: the state at its own step; last: the "
        "last state of each direction; mean: the mean of the states up to it. Only for tasks that "
        "ask once, at the end.",
    )
    tied: bool = Field(
        False,
        title="Tied embedding",
        description="The vectors that stand for the symbols that go in also score those that come "
        "out. Only where both are the same symbols, with as many embedding numbers as hidden "
        "units.",
    )
    embedding: int = Field(
        16,
        ge=1,
        le=512,
        title="Embedding size",
        description="Numbers that stand for one symbol; only for tasks that read symbols.",
    )
    length: int = Field(
        50,
        ge=2,
        le=1000,
        title="Length",
        description="Time steps in a sequence; each task says what it counts.",
    )
    attention: Literal["none", "additive", "dot"] = Field(
        "dot",
        title="Attention",
        description="How the decoder looks back at the source. none: through its first state "
        "alone; additive: vᵀtanh(W h + U e); dot: h·e. Only for translation.",
    )
    teacher_forcing: float = Field(
        1.0,
        ge=0,
        le=1,
        title="Teacher forcing",
        description="How often, in training, the true symbol before goes into the decoder, and not "
        "its own answer; only for translation.",
    )
    distance: int = Field(
        1,
        ge=1,
        le=100,
        title="Distance",
        description="Steps between what goes in and what is asked about it; only for tasks that "
        "have one.",
    )
    batch: int = Field(
        32, ge=1, le=512, title="Batch size", description="Sequences in one training step."
    )
    steps: int = Field(
        5000, ge=1, le=1_000_000, title="Steps", description="Updates of the weights in all."
    )
    patience: int = Field(
        0,
        ge=0,
        le=1000,
        title="Patience",
        description="Validations, one every 50 steps, without a lower loss after which training "
        "stops early; the best weights are restored. 0: train all steps, keep the last.",
    )
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = Field(
        "adam", title="Optimizer", description="How the gradient becomes a change of the weights."
    )
    lr: float = Field(
        0.003,
        ge=1e-6,
        le=10,
        title="Learning rate",
        description="Size of one update; can be changed while the network trains.",
    )
    momentum: float = Field(
        0.9,
        ge=0,
        le=0.999,
        title="Momentum",
        description="Share of the last update that is kept; only for SGD.",
    )
    schedule: Literal["constant", "linear", "cosine"] = Field(
        "constant",
        title="Schedule",
        description="Whether the learning rate stays, or falls to 0 over the steps.",
    )
    warmup: int = Field(
        0,
        ge=0,
        le=100_000,
        title="Warm-up",
        description="Steps in which the learning rate rises to its value; 0: none.",
    )
    weight_decay: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Weight decay",
        description="Pulls every weight towards 0: L2, or decoupled with AdamW.",
    )
    clip: float = Field(
        1.0,
        ge=0,
        le=1000,
        title="Clipping",
        description="Limit of the gradient: of its norm, or of each of its numbers; 0: none.",
    )
    clip_by: Literal["norm", "value"] = Field(
        "norm",
        title="Clip by",
        description="norm: scale the whole gradient down to the limit; value: cut each of its "
        "numbers to between minus the limit and the limit, which can turn its direction.",
    )
    truncation: int = Field(
        0,
        ge=0,
        le=1000,
        title="Truncation",
        description="Steps in each piece of a sequence that training's gradient does not leave; "
        "0: the gradient flows through all of it. Pictures always show the whole gradient.",
    )
    stateful: bool = Field(
        False,
        title="Carry the state",
        description="A batch goes on in the text where the last one ended, from the state that it "
        "ended with; the gradient stays within a batch. Only for passages of a text.",
    )
    dropout: float = Field(
        0.0,
        ge=0,
        le=0.95,
        title="Dropout",
        description="Share of units dropped in training between layers; with one layer, only where "
        "the state is dropped too.",
    )
    dropout_kind: Literal["step", "sequence", "recurrent"] = Field(
        "step",
        title="Dropped units",
        description="step: others at every time step; sequence: the same ones throughout a "
        "sequence; recurrent: the same ones, and of the state too, where the recurrent weights "
        "read it, also in a single layer (variational dropout; trains several times slower).",
    )
    norm: Literal["none", "layer"] = Field(
        "none",
        title="Normalization",
        description="layer: layer normalisation of what goes into each gate; trains several times "
        "slower, and views that take a step's equations apart do not apply.",
    )
    initialization: Literal["torch", "orthogonal", "identity", "spectral", "chrono"] = Field(
        "torch",
        title="Initialization",
        description="Recurrent matrix of each gate. torch: uniform; orthogonal: keeps lengths; "
        "identity: copies, biases 0; spectral: random, of a spectral radius; chrono: torch's, with "
        "gate biases that remember for up to a sequence (LSTM, GRU).",
    )
    spectral_radius: float = Field(
        1.0,
        ge=0,
        le=10,
        title="Spectral radius",
        description="Largest absolute eigenvalue of each gate's recurrent matrix; only for "
        "the initialization of that name.",
    )
    forget_bias: float | None = Field(
        1.0,
        ge=-10,
        le=10,
        title="Forget bias",
        description="Initial bias of the forget gate, empty for torch's own; only for LSTM, "
        "and not with chrono, which draws it.",
    )
    seed: int = Field(
        0, ge=0, le=2**32 - 1, title="Seed", description="Decides weights, data and dropout."
    )

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(misfit(error.errors()[0], type(self).model_fields)) from None
        if reason := refusal(self):
            raise SettingsError(reason)

    @field_validator("*", mode="before")
    @classmethod
    def _plain_number(cls, value: object) -> object:
        return value.item() if isinstance(value, np.generic) else value

    @property
    def directions(self) -> int:
        """In how many directions each layer reads."""
        return 2 if self.bidirectional else 1

    @property
    def units(self) -> int:
        """How many recurrent units there are, in all layers and directions."""
        return self.hidden * self.layers * self.directions

    @classmethod
    def for_task(cls, task: str, **changes: Any) -> Self:
        """Return the settings with which a task is learned well, with any changes.

        Raises
        ------
        SettingsError
            If there is no such task, or a change is outside its range.
        """
        from rnnviz.tasks import TASKS  # here, because it brings torch

        defaults = TASKS[task].defaults if task in TASKS else {}
        return cls(**{"task": task, **defaults, **changes})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        SettingsError
            If the text is not a JSON object of settings.
        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise SettingsError(f"The settings are not valid JSON: {error}.") from None
        if not isinstance(values, dict):
            raise SettingsError('The settings must be a JSON object, such as {"cell": "gru"}.')
        return cls(**values)

    def to_json(self) -> str:
        """Return all settings as one line of JSON."""
        return json.dumps(self.model_dump())

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, validated again."""
        return type(self)(**{**self.model_dump(), **changes})


def bounds(name: str) -> tuple[float, float]:
    """Return the lowest and the highest value that a number field allows."""
    return limits(Settings.model_fields[name])


def choices(name: str) -> tuple[str, ...]:
    """Return the keys that a choice field allows, in the order to show them."""
    return get_args(Settings.model_fields[name].annotation)
