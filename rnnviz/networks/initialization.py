"""How the recurrent weights begin: what decides how far a gradient reaches before any training.

torch's own uniform weights are what a network has before anything here is called. Every function
changes what its name says in all layers of a recurrent module and leaves the other weights alone.
"""

import torch
from torch import Tensor, nn

from rnnviz.refusals import applies
from rnnviz.settings import Settings


def initialize(rnn: nn.RNNBase, settings: Settings, steps: int) -> None:
    """Give a recurrent module, which has torch's weights, the ones that settings ask for.

    What has no meaning for the cell is left as it is. Random numbers come from torch's global
    state (see `rnnviz.networks.model.seeded`).

    Parameters
    ----------
    rnn : nn.RNN, nn.LSTM or nn.GRU
    settings : Settings
        Of it: `initialization`, `spectral_radius` and `forget_bias`.
    steps : int
        Length of the task's sequences, the longest memory that a chrono network begins with.
    """
    if settings.initialization == "orthogonal":
        make_orthogonal(rnn)
    elif settings.initialization == "identity":
        make_identity(rnn)
    elif applies("spectral_radius", settings):
        set_spectral_radius(rnn, settings.spectral_radius)
    elif settings.initialization == "chrono" and isinstance(rnn, nn.LSTM | nn.GRU):
        set_chrono_biases(rnn, steps)
    if applies("forget_bias", settings) and settings.forget_bias is not None:
        set_forget_bias(rnn, settings.forget_bias)


@torch.no_grad()
def make_orthogonal(rnn: nn.RNNBase) -> None:
    """Make the recurrent matrix of each gate orthogonal: it keeps the length of the state.

    All its eigenvalues have absolute value 1 (Saxe, McClelland, Ganguli 2014).
    """
    for gate in _recurrent_blocks(rnn):
        nn.init.orthogonal_(gate)


@torch.no_grad()
def make_identity(rnn: nn.RNNBase) -> None:
    """Make the recurrent matrix of each gate the identity, and all biases 0.

    A forget bias of the settings is put in afterwards: an LSTM begins with that one.

    For a plain network this is the IRNN of Le, Jaitly, Hinton 2015 (arXiv:1504.00941), section 2,
    but for its input weights, which are left as they are. A gated cell has no published form: each
    of its gates then reads, of the state before, its own unit alone.
    """
    for gate in _recurrent_blocks(rnn):
        nn.init.eye_(gate)
    for name, vector in rnn.named_parameters():
        if name.startswith("bias"):
            vector.zero_()


@torch.no_grad()
def set_spectral_radius(rnn: nn.RNNBase, radius: float) -> None:
    """Draw each gate's recurrent matrix from N(0, 1/N) and scale it to a spectral radius.

    The spectral radius is the largest absolute value of an eigenvalue (Jaeger 2001; for training,
    Sutskever, Martens, Dahl, Hinton 2013, section 3.1).
    """
    for gate in _recurrent_blocks(rnn):
        # In float64, so that rounding leaves the radius right to 1e-6.
        drawn = torch.randn(gate.shape, dtype=torch.float64) / len(gate) ** 0.5
        gate.copy_(drawn * (radius / torch.linalg.eigvals(drawn).abs().max()))


@torch.no_grad()
def set_chrono_biases(rnn: nn.RNNBase, steps: int) -> None:
    """Spread the time constants of the units over the length of the sequences (chrono).

    LSTM: ``b_f = ln u`` and ``b_i = -b_f``, u uniform on [1, T_max - 1], so that without any input
    1/(1 - f) = 1 + u. GRU: the update gate z keeps the old state in torch's convention, so
    ``b_z = ln u``. Each is a sum of torch's two biases: all of it goes into b_ih. All other
    weights and biases are left as they are.

    Tallec, Ollivier 2018 (arXiv:1804.11188), section 2.

    Parameters
    ----------
    steps : int
        T_max, at least 2.
    """
    gates, kept = (4, 1) if isinstance(rnn, nn.LSTM) else (3, 1)  # i, f, g, o and r, z, n
    biases = dict(rnn.named_parameters())
    for name in [name for name in biases if name.startswith("bias_ih")]:
        ours = biases[name].chunk(gates)
        others = biases[name.replace("bias_ih", "bias_hh")].chunk(gates)
        u = torch.empty(len(ours[kept]), dtype=torch.float64).uniform_(1, steps - 1)
        ours[kept].copy_(u.log())
        others[kept].zero_()
        if isinstance(rnn, nn.LSTM):
            ours[0].copy_(-u.log())
            others[0].zero_()


@torch.no_grad()
def set_forget_bias(lstm: nn.RNNBase, bias: float) -> None:
    """Set the forget gate's bias, which torch keeps as a sum of two: all of it goes into b_ih."""
    for name, vector in lstm.named_parameters():
        if name.startswith("bias"):
            forget_gate = vector.chunk(4)[1]  # torch packs i, f, g, o
            forget_gate.fill_(bias if name.startswith("bias_ih") else 0.0)


def _recurrent_blocks(rnn: nn.RNNBase) -> list[Tensor]:
    """Return the recurrent matrices (unit, unit) of all gates of all layers, to be written to."""
    return [
        gate
        for name, weight in rnn.named_parameters()
        if name.startswith("weight_hh")
        for gate in weight.split(rnn.hidden_size)
    ]
