"""The `worker` process: rq jobs of the queue `reports`.

pandas comes with the first report run, not with the process. With Redis away rq waits for it;
with PostgreSQL away a run fails and is tried again.
"""

from tollgate_common import queues
from tollgate_reports.processes import begin
from tollgate_reports.settings import QUEUE, WorkerSettings


def run(settings: WorkerSettings) -> None:
    """Until SIGTERM, which lets the running job finish."""
    begin(settings, "reports-worker")
    queues.run_worker(queues.connect(settings.queues()), [QUEUE])
