"""A training of one's own that is watched: its numbers stay, and the store has what it did."""

import copy
import io

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.errors import RecordingError, RunError, StoreError, TraceError
from rnnviz.looks import draw
from rnnviz.notebook.lightning import Hooks
from rnnviz.store.run_store import RunStore
from rnnviz.store.traces import HERE, PREFIX
from rnnviz.views import Choice, Gallery


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 4)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.drop(self.rnn(x)[0][-1]))


@pytest.fixture
def url(store_url):
    return store_url


@pytest.fixture
def store(url):
    store = RunStore(url)
    yield store
    store.close()


def made():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return Classifier().double()


def batch(step):
    generator = torch.Generator().manual_seed(step)
    return torch.randn(6, 12, 2, dtype=torch.float64, generator=generator)


def train(model, steps, watch=None, validate=True):
    """A plain loop, with a validation in between; returns its losses."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    with torch.random.fork_rng():
        torch.manual_seed(2)
        for step in range(steps):
            optimizer.zero_grad()
            loss = (model(batch(step)) - 1).square().mean()
            loss.backward()
            optimizer.step()
            if watch is not None:
                watch.step(loss)
            losses.append(loss.item())
            if validate:
                with torch.no_grad():
                    model(batch(1000))
    return losses


def read(store, id, step):
    from rnnviz.recording.packed_trace import read_trace

    return read_trace(io.BytesIO(store.traces.moment(id, step)), "it", 2**30)


@pytest.mark.parametrize("probed", [False, True])
def test_the_training_is_the_same_and_its_losses_and_traces_are_kept(url, store, probed):
    plain, model = made(), made()
    expected = train(plain, 12)
    probe = (lambda: (model(batch(0)) - 1).square().mean()) if probed else None
    with rnnviz.watch(model, every=5, name="mine", probe=probe, store=url) as watch:
        assert store.traces.get(watch.id).state == "running"
        found = train(model, 12, watch)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    for own, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(own, theirs, rtol=0, atol=1e-12)
    assert not any(module._forward_hooks for module in model.modules())
    kept = store.traces.get(watch.id)
    assert (kept.name, kept.state, kept.owner) == ("mine", "finished", HERE)
    losses = store.traces.losses(watch.id)
    assert losses["step"].tolist() == list(range(1, 13))
    np.testing.assert_allclose(losses["loss"], expected)
    steps = store.traces.steps(watch.id)
    assert list(steps) == ([0, 1, 5, 10] if probed else [1, 5, 10])
    trace = read(store, watch.id, 10)
    assert trace.layers == ("rnn.l0",) and trace.calls("rnn.l0") == (0,)
    assert trace.value("rnn.l0", "input").shape == (6, 12 if probed else 8, 2)
    given = batch(0 if probed else 9).numpy()[:, : 12 if probed else 8]
    np.testing.assert_array_equal(trace.value("rnn.l0", "input"), given)
    assert trace.has_gradients and trace.parameters("rnn.l0")


def test_a_probe_leaves_gradients_and_modes_as_they_are(url):
    model = made()
    model.drop.eval()
    (model(batch(0)) - 1).square().mean().backward()
    before = [parameter.grad.clone() for parameter in model.parameters()]
    random = torch.get_rng_state()
    with rnnviz.watch(model, probe=lambda: model(batch(3)).sum(), store=url):
        pass
    assert model.training and not model.drop.training
    assert torch.equal(torch.get_rng_state(), random)
    for parameter, gradient in zip(model.parameters(), before, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=0, atol=0)


def test_a_training_that_fails_is_kept_as_failed_and_the_model_is_free_again(url, store):
    model = made()
    with pytest.raises(ZeroDivisionError), rnnviz.watch(model, store=url) as watch:
        model(batch(0))
        raise ZeroDivisionError("by\nzero")
    kept = store.traces.get(watch.id)
    assert (kept.state, kept.reason) == ("failed", "ZeroDivisionError: by")
    assert copy.deepcopy(model) and "forward" not in vars(model.rnn)


def test_what_cannot_be_watched_is_said_at_once_and_later_only_warned_of(url, store, caplog):
    with pytest.raises(RecordingError, match="nothing to record"):
        rnnviz.watch(nn.Linear(2, 2), store=url)
    with pytest.raises(RecordingError, match="every = 0"):
        rnnviz.watch(made(), every=0, store=url)
    with pytest.raises(StoreError):
        rnnviz.watch(made(), store="sqlite:////proc/nothing/runs.db")
    model = made()
    with rnnviz.watch(model, every=2, store=url) as watch:
        store.traces.forget(watch.id, HERE)
        train(model, 5, watch)
    assert caplog.text.count("The training goes on") == 1


def test_the_views_follow_it(url, store):
    model = made()
    with rnnviz.watch(model, every=2, store=url, name="mine") as watch:
        train(model, 7, watch)
        gallery, name = Gallery(store), f"{PREFIX}{watch.id}"
        assert store.traces.head(watch.id).checkpoint == 6
        loss = draw(gallery, "watched_loss", name, None, Choice())
        means = draw(gallery, "unit_history", name, None, Choice.of({"signal": "update_gate"}))
        older = draw(gallery, "signals", name, None, Choice(step=5))
    assert "It is being watched. Step 6" in loss["says"] and "4 traces" in loss["says"]
    np.testing.assert_array_equal(loss["figure"]["data"][0]["x"], np.arange(1, 7))
    trace = read(store, watch.id, 4)
    at = list(means["figure"]["data"][0]["x"]).index(4)
    np.testing.assert_allclose(
        means["figure"]["data"][0]["z"][:, at],
        trace.value("rnn.l0", "update_gate").mean((0, 1)), rtol=1e-5,
    )  # fmt: skip
    assert older["step"] == 4 and "step 4" in str(older["figure"]["layout"]["title"])
    with pytest.raises(RunError, match="of a model of your own"):
        draw(gallery, "watched_loss", None, rnnviz.Settings(hidden=2, length=4), Choice())


# -- bit for bit -----------------------------------------------------------------------------


class Loop:
    """A training loop of somebody's own; each step is one of the ways below."""

    def __init__(self, kind=nn.LSTM, **options):
        with torch.random.fork_rng():
            torch.manual_seed(1)
            self.model = nn.ModuleDict({"rnn": kind(2, 6, **options), "head": nn.Linear(6, 1)})
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.05)
        self.scaler = torch.amp.GradScaler("cpu")
        self.best = []

    def loss(self, x):
        return (self.model["head"](self.model["rnn"](x)[0][-1]) - 1).square().mean()

    def plain(self, x):
        self.optimizer.zero_grad()
        loss = self.loss(x)
        loss.backward()
        self.optimizer.step()
        return loss

    def copied(self, x):
        loss = self.plain(x)
        self.best.append(copy.deepcopy(self.model))
        return loss

    def saved(self, x):
        self.optimizer.zero_grad()
        loss = self.loss(x)
        torch.save(self.model, io.BytesIO())
        loss.backward()
        self.optimizer.step()
        return loss

    def accumulated(self, x):
        self.optimizer.zero_grad()
        for part in x.chunk(2, 1):
            loss = self.loss(part)
            loss.backward()
        self.optimizer.step()
        return loss

    def penalised(self, x):
        """Two backward passes through one call."""
        self.optimizer.zero_grad()
        loss = self.loss(x)
        loss.backward(retain_graph=True)
        (0.1 * loss).backward()
        self.optimizer.step()
        return loss

    def windows(self, x):
        self.optimizer.zero_grad()
        state = None
        for window in x.split(3):
            out, state = self.model["rnn"](window, state)
            loss = self.model["head"](out).square().mean()
            loss.backward()
            state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        self.optimizer.step()
        return loss

    def mixed(self, x):
        self.optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = self.loss(x)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss

    def lbfgs(self, x):
        optimizer = torch.optim.LBFGS(self.model.parameters(), lr=0.1, max_iter=4)

        def closure():
            optimizer.zero_grad()
            loss = self.loss(x)
            loss.backward()
            return loss

        return optimizer.step(closure)

    def checkpointed(self, x):
        self.optimizer.zero_grad()
        x = x.requires_grad_()
        loss = torch.utils.checkpoint.checkpoint(self.loss, x, use_reentrant=True)
        loss.backward()
        self.optimizer.step()
        return loss

    def run(self, way, steps=4, watch=None):
        with torch.random.fork_rng():
            torch.manual_seed(2)
            for step in range(steps):
                loss = getattr(self, way)(batch(step).float())
                if watch is not None:
                    watch.step(loss)
        return [parameter.detach().clone() for parameter in self.model.parameters()]


WAYS = ["plain", "copied", "saved", "accumulated", "penalised", "windows", "mixed", "lbfgs"]


@pytest.mark.parametrize("way", [*WAYS, "checkpointed"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [(nn.LSTM, {}), (nn.LSTM, {"num_layers": 2, "dropout": 0.4}), (nn.GRU, {}), (nn.RNN, {})],
    ids=["lstm", "stack", "gru", "rnn"],
)
def test_a_training_that_is_watched_is_the_same_bit_for_bit(url, store, way, kind, options, caplog):
    expected = Loop(kind, **options).run(way)
    loop = Loop(kind, **options)
    with rnnviz.watch(loop.model, every=2, store=url) as watch:
        found = loop.run(way, watch=watch)
    assert all(map(torch.equal, found, expected))
    if way == "checkpointed":  # which no picture can be made of
        assert "use_reentrant=False" in caplog.text and not store.traces.steps(watch.id)
        return
    assert list(store.traces.steps(watch.id)) == [1, 2, 4] and not caplog.text
    trace = read(store, watch.id, 4)
    if way == "penalised":
        with pytest.raises(TraceError, match="2 backward passes"):
            trace.gradient(trace.top, "hidden_state")
        return
    gradient = trace.gradient(trace.top, "hidden_state")
    assert np.isfinite(gradient).all() and 0 < abs(gradient).max() < 100
    for model in loop.best:
        torch.testing.assert_close(model["rnn"](batch(0).float())[0].shape, (6, 12, 6))


def test_a_spectral_norm_that_counts_its_uses_is_not_turned_further(url):
    def normed():
        loop = Loop()
        with torch.random.fork_rng():
            torch.manual_seed(3)
            nn.utils.parametrizations.spectral_norm(loop.model["rnn"], "weight_hh_l0")
        loop.optimizer = torch.optim.SGD(loop.model.parameters(), lr=0.1)
        return loop

    expected = normed().run("plain")
    loop = normed()
    with rnnviz.watch(loop.model, every=1, store=url) as watch:
        assert all(map(torch.equal, loop.run("plain", watch=watch), expected))


# -- PyTorch Lightning -----------------------------------------------------------------------


class FakeTrainer:
    """Calls the hooks of its callbacks in the order that Lightning documents for `fit`."""

    def __init__(self, callbacks):
        self.callbacks = callbacks

    def call(self, hook, *args):
        for callback in self.callbacks:
            getattr(callback, hook, lambda *_: None)(self, *args)

    def fit(self, module, batches, validate_every):
        optimizer = module.configure_optimizers()
        with torch.no_grad():  # the sanity check comes before training starts
            module.training_step(batches[0], 0)
        try:
            self.call("on_train_start", module)
            for index, each in enumerate(batches):
                self.call("on_train_batch_start", module, each, index)
                loss = module.training_step(each, index)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                self.call("on_train_batch_end", module, {"loss": loss.detach()}, each, index)
                if (index + 1) % validate_every == 0:
                    with torch.no_grad():
                        module.training_step(each, index)
            self.call("on_train_end", module)
        except BaseException as error:
            self.call("on_exception", module, error)
            raise


class LightningLike(Classifier):
    def training_step(self, x, index):
        if x is None:
            raise ValueError("no batch")
        return (self(x) - 1).square().mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def test_a_lightning_callback_watches_by_its_hooks(url, store):
    callback = rnnviz.lightning_watch(every=3, store=url)
    assert isinstance(callback, Hooks)
    module = LightningLike().double()
    FakeTrainer([callback]).fit(module, [batch(step) for step in range(7)], validate_every=2)
    id = callback.watch.id
    assert store.traces.get(id).state == "finished"
    assert store.traces.get(id).name == "LightningLike"
    assert store.traces.losses(id)["step"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert list(store.traces.steps(id)) == [1, 3, 6]
    assert read(store, id, 6).calls("rnn.l0") == (0,)  # no validation in it
    with pytest.raises(ValueError, match="no batch"):
        FakeTrainer([callback]).fit(module, [batch(0), None], validate_every=2)
    assert store.traces.get(callback.watch.id).reason == "ValueError: no batch"
