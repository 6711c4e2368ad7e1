"""What the end of a job means for the command that started it: its exit code, or why there is none."""

from sweep.errors import ClusterUnusable, Interrupted
from sweep.jobs import Cluster, Ended
from sweep.printed import Printed

EXIT_CODES = range(8)
LINES_SHOWN = 3


def exit_code(ended: Ended, printed: Printed, cluster: Cluster, job: str) -> int:
    """The exit code of the command that ran as the job; one that was stopped was interrupted.

    Raises:
        ClusterUnusable: when the command could not run there, or its process died.
    """
    if ended.is_stopped:
        return Interrupted.exit_code
    whole_log = f"ray job logs {job} --address {cluster.address}"
    if not printed.has_begun:
        raise ClusterUnusable(
            f"the head cannot run this project's command: {_end(printed, ended)}\n  next: install the project on the "
            f"cluster, its python3 first on the path of `ray start`, as in cluster.yaml; {whole_log}"
        )
    if ended.code is None or ended.code not in EXIT_CODES:
        how = f"ended with {ended.code}" if ended.code is not None else ended.message.strip().split("\n")[0]
        raise ClusterUnusable(
            f"the job's process died: {how}; what was committed is kept\n  next: the same again; {whole_log}"
        )
    return ended.code


def _end(printed: Printed, ended: Ended) -> str:
    """The last words of a job that never began."""
    said = [line.strip() for line in printed.preparations if line.strip()] or ended.message.strip().splitlines()
    return " / ".join(said[-LINES_SHOWN:])
