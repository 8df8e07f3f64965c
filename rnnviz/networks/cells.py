"""The equations: every gate and every state of a recurrent cell is a named submodule.

A cell holds no parameters. It is given ``a = W_ih x + b_ih``, which `Cell.project` computes for all
time steps at once, the state before the step, and the recurrent weights, in torch's packing.
So a plain ``register_forward_hook`` on a gate sees it at every time step, and a hook that
returns a tensor changes the computation.

torch has two biases per gate, ``b_ih`` and ``b_hh``. Where only their sum matters, the caller
may put both into ``a`` and pass no ``bias_hh`` (`Cell.sums_biases`).
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from rnnviz.words import N_

State = tuple[Tensor, ...]


class Cell(nn.Module):
    """One time step of a recurrent layer.

    Attributes
    ----------
    key : str
        Name of the cell in settings, files and URLs.
    title : str
        Name of the cell on screen.
    gates, states : dict[str, str]
        Name of the submodule -> the letter it has in the equations; gates in torch's packing
        order. A submodule's output is (batch, unit).
    signals : tuple[str, ...]
        All gates, then all states.
    keeps, kept : str
        The gate that multiplies a state of the step before, and that state; "" without one.
    sums_biases : bool
        Whether ``b_ih`` and ``b_hh`` only ever occur as their sum.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    gates: ClassVar[dict[str, str]]
    states: ClassVar[dict[str, str]]
    signals: ClassVar[tuple[str, ...]]
    keeps: ClassVar[str] = ""
    kept: ClassVar[str] = ""
    sums_biases: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        """Derive the signals from the gates and states."""
        cls.signals = (*cls.gates, *cls.states)

    def __init__(self) -> None:
        super().__init__()
        # The one signal that comes as a whole sequence, before the loop over time:
        # (time, batch, feature), or (step, feature) where the sequence is packed.
        self.input = nn.Identity()

    def project(
        self, x: Tensor, weight_ih: Tensor, bias_ih: Tensor | None, bias_hh: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Return the input's part of all pre-activations at once, and the bias left for `forward`.

        x : (time, batch, feature), or any other shape (..., feature)
        """
        if bias_ih is None or bias_hh is None or not self.sums_biases:
            return linear(x, weight_ih, bias_ih), bias_hh
        return linear(x, weight_ih, bias_ih + bias_hh), None

    def forward(
        self,
        a: Tensor,
        state: State,
        weight_hh: Tensor,
        bias_hh: Tensor | None = None,
        weight_hr: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> State:
        """Take one time step.

        Parameters
        ----------
        a : Tensor (batch, gate * unit)
            The input's part of the pre-activations, ``W_ih x + b_ih``.
        state : tuple of Tensor (batch, unit)
            The state before the step, in torch's order: h, then c.
        weight_hh : Tensor (gate * unit, unit)
        bias_hh : Tensor (gate * unit,), optional
        weight_hr : Tensor (projected unit, unit), optional
            Projection of the hidden state; LSTM only.
        mask : Tensor (batch, unit), optional
            What h is multiplied with where the recurrent weights read it: dropout of the state.

        Returns
        -------
        tuple of Tensor (batch, unit)
            The state after the step.
        """
        raise NotImplementedError


def seen(h: Tensor, mask: Tensor | None) -> Tensor:
    """Return the state as the recurrent weights read it."""
    return h if mask is None else h * mask


class RNNCell(Cell):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh)  (Elman 1990)."""

    key = "rnn"
    title = N_("RNN")
    gates = {}
    states = {"hidden_state": "h"}

    def __init__(self) -> None:
        super().__init__()
        self.hidden_state: nn.Module = nn.Tanh()

    def forward(  # noqa: D102
        self,
        a: Tensor,
        state: State,
        weight_hh: Tensor,
        bias_hh: Tensor | None = None,
        weight_hr: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> State:
        (h,) = state
        return (self.hidden_state(a + linear(seen(h, mask), weight_hh, bias_hh)),)


class ReLURNNCell(RNNCell):
    """h = max(0, W_ih x + b_ih + W_hh h + b_hh)."""

    key = "rnn_relu"
    title = N_("RNN (ReLU)")
    gates = {}
    states = {"hidden_state": "h"}

    def __init__(self) -> None:
        super().__init__()
        self.hidden_state = nn.ReLU()


class LSTMCell(Cell):
    """Long short-term memory with forget gate and, if ``weight_hr`` is given, a projection.

    ::

        i = σ(W_ii x + b_ii + W_hi h + b_hi)
        f = σ(W_if x + b_if + W_hf h + b_hf)
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)
        o = σ(W_io x + b_io + W_ho h + b_ho)
        c = f c + i g
        h = W_hr (o tanh(c))        (without projection: h = o tanh(c))

    Hochreiter, Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000; Sak, Senior, Beaufays 2014.
    """

    key = "lstm"
    title = N_("LSTM")
    gates = {"input_gate": "i", "forget_gate": "f", "candidate": "g", "output_gate": "o"}
    states = {"cell_state": "c", "hidden_state": "h"}
    keeps, kept = "forget_gate", "cell_state"

    def __init__(self) -> None:
        super().__init__()
        self.input_gate = nn.Sigmoid()
        self.forget_gate = nn.Sigmoid()
        self.candidate = nn.Tanh()
        self.output_gate = nn.Sigmoid()
        self.cell_state = nn.Identity()
        self.hidden_state = nn.Identity()

    def forward(  # noqa: D102
        self,
        a: Tensor,
        state: State,
        weight_hh: Tensor,
        bias_hh: Tensor | None = None,
        weight_hr: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> State:
        h, c = state
        a_i, a_f, a_g, a_o = (a + linear(seen(h, mask), weight_hh, bias_hh)).chunk(4, -1)
        i = self.input_gate(a_i)
        f = self.forget_gate(a_f)
        g = self.candidate(a_g)
        o = self.output_gate(a_o)
        c = self.cell_state(torch.addcmul(f * c, i, g))  # f c + i g, in two kernels, not three
        h = o * torch.tanh(c)
        if weight_hr is not None:
            h = linear(h, weight_hr)
        return self.hidden_state(h), c


class GRUCell(Cell):
    """Gated recurrent unit in torch's convention.

    The reset gate acts after the matrix product, and the update gate keeps the old state::

        r = σ(W_ir x + b_ir + W_hr h + b_hr)
        z = σ(W_iz x + b_iz + W_hz h + b_hz)
        n = tanh(W_in x + b_in + r (W_hn h + b_hn))
        h = (1 - z) n + z h

    Cho et al. 2014 (arXiv:1406.1078), who reset before the product.
    """

    key = "gru"
    title = N_("GRU")
    gates = {"reset_gate": "r", "update_gate": "z", "candidate": "n"}
    states = {"hidden_state": "h"}
    keeps, kept = "update_gate", "hidden_state"
    sums_biases = False

    def __init__(self) -> None:
        super().__init__()
        self.reset_gate = nn.Sigmoid()
        self.update_gate = nn.Sigmoid()
        self.candidate = nn.Tanh()
        self.hidden_state = nn.Identity()

    def forward(  # noqa: D102
        self,
        a: Tensor,
        state: State,
        weight_hh: Tensor,
        bias_hh: Tensor | None = None,
        weight_hr: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> State:
        (h,) = state
        a_r, a_z, a_n = a.chunk(3, -1)
        u_r, u_z, u_n = linear(seen(h, mask), weight_hh, bias_hh).chunk(3, -1)
        r = self.reset_gate(a_r + u_r)
        z = self.update_gate(a_z + u_z)
        n = self.candidate(a_n + r * u_n)
        return (self.hidden_state((1 - z) * n + z * h),)


CELLS: dict[str, type[Cell]] = {
    cell.key: cell for cell in (RNNCell, ReLURNNCell, LSTMCell, GRUCell)
}
