"""Cells with layer normalisation on the recurrence; only they have parameters of their own.

``LN(a) = α (a - μ) / √(s² + ε)``, with the mean μ and the variance s² over the entries of the
vector a, ε = 1e-5, and a gain α for each entry, 1 before training. The offsets β of the paper are
torch's biases, so a network has the same biases with and without normalisation. The gates and
states have the names that they have without it; what is normalised is a submodule as well.

Ba, Kiros, Hinton 2016 (arXiv:1607.06450): equation 4, and the equations of the LSTM and the GRU in
its supplementary material, in torch's convention of the update gate.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from rnnviz.networks.cells import Cell, GRUCell, LSTMCell, ReLURNNCell, RNNCell, State, seen


class NormalizedRNNCell(RNNCell):
    """h = tanh(LN(W_ih x + W_hh h) + b_ih + b_hh)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden, bias=False)

    def project(  # noqa: D102
        self, x: Tensor, weight_ih: Tensor, bias_ih: Tensor | None, bias_hh: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        return linear(x, weight_ih), _sum(bias_ih, bias_hh)  # the biases come after the sum's LN

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
        return (self.hidden_state(_plus(self.norm(a + linear(seen(h, mask), weight_hh)), bias_hh)),)


class NormalizedReLURNNCell(NormalizedRNNCell):
    """h = max(0, LN(W_ih x + W_hh h) + b_ih + b_hh)."""

    key = ReLURNNCell.key
    title = ReLURNNCell.title

    def __init__(self, hidden: int) -> None:
        super().__init__(hidden)
        self.hidden_state = nn.ReLU()


class NormalizedLSTMCell(LSTMCell):
    """Long short-term memory whose gates and output see normalised sums.

    ::

        (i, f, g, o) = (σ, σ, tanh, σ)(LN(W_ih x) + b_ih + LN(W_hh h) + b_hh)
        c = f c + i g
        h = o tanh(LN(c) + β)

    Each LN of a product is over the entries of all four gates together. c itself goes on as it is.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.norm_input = nn.LayerNorm(4 * hidden, bias=False)
        self.norm_hidden = nn.LayerNorm(4 * hidden, bias=False)
        self.norm_cell = nn.LayerNorm(hidden)

    def project(  # noqa: D102
        self, x: Tensor, weight_ih: Tensor, bias_ih: Tensor | None, bias_hh: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        return _plus(self.norm_input(linear(x, weight_ih)), _sum(bias_ih, bias_hh)), None

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
        u = _plus(self.norm_hidden(linear(seen(h, mask), weight_hh)), bias_hh)
        a_i, a_f, a_g, a_o = (a + u).chunk(4, -1)
        i = self.input_gate(a_i)
        f = self.forget_gate(a_f)
        g = self.candidate(a_g)
        o = self.output_gate(a_o)
        c = self.cell_state(f * c + i * g)
        h = o * torch.tanh(self.norm_cell(c))
        if weight_hr is not None:
            h = linear(h, weight_hr)
        return self.hidden_state(h), c


class NormalizedGRUCell(GRUCell):
    """Gated recurrent unit whose gates and candidate see normalised sums.

    ::

        (r, z) = σ(LN(W_i(r,z) x) + b_i(r,z) + LN(W_h(r,z) h) + b_h(r,z))
        n = tanh(LN(W_in x) + b_in + r (LN(W_hn h) + b_hn))
        h = (1 - z) n + z h

    An LN of the gates' products is over the entries of both gates together.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.norm_input_gates = nn.LayerNorm(2 * hidden, bias=False)
        self.norm_input_candidate = nn.LayerNorm(hidden, bias=False)
        self.norm_hidden_gates = nn.LayerNorm(2 * hidden, bias=False)
        self.norm_hidden_candidate = nn.LayerNorm(hidden, bias=False)

    def project(  # noqa: D102
        self, x: Tensor, weight_ih: Tensor, bias_ih: Tensor | None, bias_hh: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        gates, candidate = _gates_and_candidate(linear(x, weight_ih))
        a = torch.cat([self.norm_input_gates(gates), self.norm_input_candidate(candidate)], -1)
        return _plus(a, bias_ih), bias_hh

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
        gates, candidate = _gates_and_candidate(linear(seen(h, mask), weight_hh))
        u = torch.cat([self.norm_hidden_gates(gates), self.norm_hidden_candidate(candidate)], -1)
        a_r, a_z, a_n = a.chunk(3, -1)
        u_r, u_z, u_n = _plus(u, bias_hh).chunk(3, -1)
        r = self.reset_gate(a_r + u_r)
        z = self.update_gate(a_z + u_z)
        n = self.candidate(a_n + r * u_n)
        return (self.hidden_state((1 - z) * n + z * h),)


NORMALIZED: dict[type[Cell], Callable[[int], Cell]] = {
    RNNCell: NormalizedRNNCell,
    ReLURNNCell: NormalizedReLURNNCell,
    LSTMCell: NormalizedLSTMCell,
    GRUCell: NormalizedGRUCell,
}
"""Cell -> the same with layer normalisation, made with the number of hidden units."""


def _gates_and_candidate(packed: Tensor) -> tuple[Tensor, Tensor]:
    """Part torch's packing r, z, n into the two gates and the candidate."""
    units = packed.size(-1) // 3
    gates, candidate = packed.split([2 * units, units], -1)
    return gates, candidate


def _sum(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    return one if other is None else other if one is None else one + other


def _plus(x: Tensor, bias: Tensor | None) -> Tensor:
    return x if bias is None else x + bias
