"""The fields of `Settings`: each with its choices or range, its title and what it means.

This file imports no torch, so that a form or the command line can read it at once.
"""

from typing import Annotated, Literal

import annotated_types
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.fields import FieldInfo

from rnnviz.fields.when import When, does, does_not, is_not, more_than, when
from rnnviz.words import N_


class Fields(BaseModel):
    """What describes a run, field by field; `Settings` also refuses what has no meaning."""

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
        "adding", title=N_("Task"), description=N_("What the network is asked to learn.")
    )  # fmt: skip
    data: str = Field(
        "",
        pattern="^([0-9a-f]{32})?$",
        title=N_("Data"),
        description=N_(
            "The key of the data set that a task of own data reads; empty for its example."
        ),
    )
    cell: Literal["rnn", "rnn_relu", "lstm", "gru"] = Field(
        "lstm", title=N_("Cell"), description=N_("The equations of one recurrent unit.")
    )
    hidden: int = Field(
        32,
        ge=1,
        le=1024,
        title=N_("Hidden units"),
        description=N_("Units in each recurrent layer."),
    )
    layers: int = Field(
        1,
        ge=1,
        le=8,
        title=N_("Layers"),
        description=N_("Recurrent layers, each reading the one below."),
    )
    residual: Annotated[bool, when(layers=more_than(1))] = Field(
        False,
        title=N_("Residual"),
        description=N_("From the second layer on, what a layer reads is added to what it gives."),
    )
    bidirectional: bool = Field(
        False,
        title=N_("Bidirectional"),
        description=N_(
            "In each layer, a second one reads the sequence from its end; the layer above "
            "and the read-out see both."
        ),
    )
    readout: Annotated[Literal["every", "last", "mean"], when(task=does("one_answer"))] = Field(
        "every",
        title=N_("Read-out"),
        description=N_(
            "What an answer is read out of. every: the state at its own step; last: the "
            "last state of each direction; mean: the mean of the states up to it."
        ),
    )
    tied: Annotated[bool, when(task=does("foretells", "tokens"))] = Field(
        False,
        title=N_("Tied embedding"),
        description=N_(
            "The vectors that stand for the symbols that go in also score those that come "
            "out. Needs as many embedding numbers as hidden units."
        ),
    )
    embedding: Annotated[int, when(task=does("tokens"))] = Field(
        16,
        ge=1,
        le=512,
        title=N_("Embedding size"),
        description=N_("Numbers that stand for one symbol."),
    )
    length: Annotated[int, when(task=does("length_title"))] = Field(
        50,
        ge=2,
        le=1000,
        title=N_("Length"),
        description=N_("Time steps in a sequence; each task says what it counts."),
    )
    attention: Annotated[Literal["none", "additive", "dot"], when(task=does("translates"))] = Field(
        "dot",
        title=N_("Attention"),
        description=N_(
            "How the decoder looks back at the source. none: through its first state "
            "alone; additive: vᵀtanh(W h + U e); dot: h·e."
        ),
    )
    teacher_forcing: Annotated[float, when(task=does("translates"))] = Field(
        1.0,
        ge=0,
        le=1,
        title=N_("Teacher forcing"),
        description=N_(
            "How often, in training, the true symbol before goes into the decoder, and not "
            "its own answer."
        ),
    )
    distance: Annotated[int, when(task=does("distance_title"))] = Field(
        1,
        ge=1,
        le=100,
        title=N_("Distance"),
        description=N_("Steps between what goes in and what is asked about it."),
    )
    batch: int = Field(
        32, ge=1, le=512, title=N_("Batch size"), description=N_("Sequences in one training step.")
    )
    steps: int = Field(
        5000,
        ge=1,
        le=1_000_000,
        title=N_("Steps"),
        description=N_("Updates of the weights in all."),
    )
    patience: int = Field(
        0,
        ge=0,
        le=1000,
        title=N_("Patience"),
        description=N_(
            "Validations, one every 50 steps, without a lower loss after which training "
            "stops early; the best weights are restored. 0: train all steps, keep the last."
        ),
    )
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = Field(
        "adam",
        title=N_("Optimizer"),
        description=N_("How the gradient becomes a change of the weights."),
    )
    lr: float = Field(
        0.003,
        ge=1e-6,
        le=10,
        title=N_("Learning rate"),
        description=N_("Size of one update; can be changed while the network trains."),
    )
    momentum: Annotated[float, when(optimizer="sgd")] = Field(
        0.9,
        ge=0,
        le=0.999,
        title=N_("Momentum"),
        description=N_("Share of the last update that is kept."),
    )
    schedule: Literal["constant", "linear", "cosine"] = Field(
        "constant",
        title=N_("Schedule"),
        description=N_("Whether the learning rate stays, or falls to 0 over the steps."),
    )
    warmup: int = Field(
        0,
        ge=0,
        le=100_000,
        title=N_("Warm-up"),
        description=N_("Steps in which the learning rate rises to its value; 0: none."),
    )
    weight_decay: float = Field(
        0.0,
        ge=0,
        le=1,
        title=N_("Weight decay"),
        description=N_("Pulls every weight towards 0: L2, or decoupled with AdamW."),
    )
    clip: float = Field(
        1.0,
        ge=0,
        le=1000,
        title=N_("Clipping"),
        description=N_("Limit of the gradient: of its norm, or of each of its numbers; 0: none."),
    )
    clip_by: Annotated[Literal["norm", "value"], when(clip=more_than(0))] = Field(
        "norm",
        title=N_("Clip by"),
        description=N_(
            "norm: scale the whole gradient down to the limit; value: cut each of its "
            "numbers to between minus the limit and the limit, which can turn its direction."
        ),
    )
    truncation: Annotated[int, when(task=does_not("translates"))] = Field(
        0,
        ge=0,
        le=1000,
        title=N_("Truncation"),
        description=N_(
            "Steps in each piece of a sequence that training's gradient does not leave; "
            "0: the gradient flows through all of it. Pictures always show the whole gradient."
        ),
    )
    stateful: Annotated[bool, when(task=does("continues"))] = Field(
        False,
        title=N_("Carry the state"),
        description=N_(
            "A batch goes on in the text where the last one ended, from the state that it "
            "ended with; the gradient stays within a batch."
        ),
    )
    dropout: float = Field(
        0.0,
        ge=0,
        le=0.95,
        title=N_("Dropout"),
        description=N_(
            "Share of units dropped in training between layers; with one layer, only where "
            "the state is dropped too."
        ),
    )
    dropout_kind: Annotated[
        Literal["step", "sequence", "recurrent"],
        when(dropout=more_than(0)),
    ] = Field(
        "step",
        title=N_("Dropped units"),
        description=N_(
            "step: others at every time step; sequence: the same ones throughout a "
            "sequence; recurrent: the same ones, and of the state too, where the recurrent weights "
            "read it, also in a single layer (variational dropout; trains several times slower)."
        ),
    )
    norm: Literal["none", "layer"] = Field(
        "none",
        title=N_("Normalization"),
        description=N_(
            "layer: layer normalisation of what goes into each gate; trains several times "
            "slower, and views that take a step's equations apart do not apply."
        ),
    )
    initialization: Literal["torch", "orthogonal", "identity", "spectral", "chrono"] = Field(
        "torch",
        title=N_("Initialization"),
        description=N_(
            "Recurrent matrix of each gate. torch: uniform; orthogonal: keeps lengths; "
            "identity: copies, biases 0; spectral: random, of a spectral radius; chrono: torch's, "
            "with gate biases that remember for up to a sequence (LSTM, GRU)."
        ),
    )
    spectral_radius: Annotated[float, when(initialization="spectral")] = Field(
        1.0,
        ge=0,
        le=10,
        title=N_("Spectral radius"),
        description=N_("Largest absolute eigenvalue of each gate's recurrent matrix."),
    )
    forget_bias: Annotated[
        float | None,
        when(cell="lstm", initialization=is_not("chrono")),
    ] = Field(
        1.0,
        ge=-10,
        le=10,
        title=N_("Forget bias"),
        description=N_("Initial bias of the forget gate, empty for torch's own. chrono draws it."),
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**32 - 1,
        title=N_("Seed"),
        description=N_("Decides weights, data and dropout."),
    )

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


def limits(field: FieldInfo) -> tuple[float, float]:
    """Return the lowest and the highest value that a number field allows."""
    low = next(limit.ge for limit in field.metadata if isinstance(limit, annotated_types.Ge))
    high = next(limit.le for limit in field.metadata if isinstance(limit, annotated_types.Le))
    return low, high  # type: ignore[return-value]  # annotated_types promises less than we declare


def condition(field: FieldInfo) -> When | None:
    """Return where a field applies, None if it always does."""
    return next((each for each in field.metadata if isinstance(each, When)), None)
