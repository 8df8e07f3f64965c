"""The run store: runs, studies, data and traces on one database."""

from platformdirs import user_data_path

from rnnviz.store.bin import Bin
from rnnviz.store.data_sets import DataSets
from rnnviz.store.database import Database
from rnnviz.store.orders import Orders
from rnnviz.store.queue import Queue
from rnnviz.store.run_files import RunFiles
from rnnviz.store.runs import Runs
from rnnviz.store.studies import Studies
from rnnviz.store.traces import Traces


class RunStore:
    """Open a run store; safe to use from many threads and processes.

    What holds for all of its parts:

    **Threads.** One store serves many threads at once: each call has a connection of its own, and
    nothing of a run is kept between two calls.

    **Processes.** Any number of processes open the same address, each a store of its own, at the
    same time and when it is still empty. Nobody has to be told of another.

    **Transactions.** What one method changes is there as a whole or not at all, whatever ends the
    process meanwhile: metrics rows with their checkpoint, a study with its runs. Writers wait for
    each other up to `timeout` seconds, and then a StoreError says who holds the lock. A method
    that failed has changed nothing and may be called again; steps that are recorded again replace
    themselves.

    **Consistency.** A method that reads sees one moment of the database: all that was committed
    before it began, its own process's changes among it, and nothing of what comes meanwhile.
    Readers neither wait for writers nor hold them up. Between two calls anything may change:
    `head` is there to ask whether something did.

    **Ownership.** An owner is a name that the caller vouches for. Everybody may read what they have
    the id of, which cannot be guessed; only the owner of a run or study changes it. The state of a
    run is changed as the table in `states.py` says.

    **Workers.** However many claim at once, a run goes to one. While a worker holds a run, only it
    writes its metrics and checkpoints, and it learns at its next write that the run was deleted or
    taken over. An owner's wish does not move a run in training: the worker that sees it does, and
    releases the run only if there is no newer wish (`revision`).

    **Heartbeat.** A worker gives a sign of life at each write, and every second during a long step.
    Who looks after workers releases the runs of those that have ended, or are silent on another
    machine, as interrupted; a run goes on from its newest checkpoint, to the same numbers.

    Parameters
    ----------
    url : str, optional
        An SQLAlchemy URL of SQLite or PostgreSQL; `default_url()` if none is given.
    timeout : float
        Seconds to wait while another process writes.

    Attributes
    ----------
    runs : Runs
        Every run is a log of metrics rows and checkpoints that only grows.
    orders : Orders
        What owners ask of their runs.
    queue : Queue
        What workers do with the runs that wait.
    studies : Studies
        Plans, and which run is which point of one.
    bin : Bin
        What was deleted.
    traces : Traces
        What was recorded elsewhere.
    data : DataSets
        What visitors brought: the source of the data that its runs read. No other store's data
        are looked for, whatever else is open in the process.
    files : RunFiles
        Runs as files.

    Raises
    ------
    StoreError
        If the store cannot be opened and written; every method raises it if it cannot work later.
    """

    def __init__(self, url: str | None = None, *, timeout: float = 5.0) -> None:
        self.url = default_url() if url is None else url
        self._database = Database(self.url, timeout)
        self.data = DataSets(self._database)
        self.runs = Runs(self._database, self.data)
        self.orders = Orders(self._database)
        self.queue = Queue(self._database)
        self.studies = Studies(self._database, self.data)
        self.bin = Bin(self._database)
        self.traces = Traces(self._database)
        self.files = RunFiles(self._database, self.data)

    def close(self) -> None:
        """Close all connections that are not in use; its data sets are found no more."""
        self.data.close()
        self._database.close()


def default_url() -> str:
    """Return the URL of the run store in the user's data folder."""
    return f"sqlite:///{user_data_path('rnnviz') / 'runs.db'}"
