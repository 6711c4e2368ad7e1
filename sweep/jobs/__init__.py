"""A `sweep` command as a job of a Ray cluster: its request, its start over HTTP, its log, its end.

Not here: the command lines that ask for it (`cli`).
"""

from sweep.jobs.client import Ended, JobClient, dashboard, is_url, settings_passed_on
from sweep.jobs.follow import Commands, exit_code, follow
from sweep.jobs.job_log import JobLog
from sweep.jobs.request import ANSWER, BEGIN, Request

__all__ = [
    "ANSWER",
    "BEGIN",
    "Commands",
    "Ended",
    "JobClient",
    "JobLog",
    "Request",
    "dashboard",
    "exit_code",
    "follow",
    "is_url",
    "settings_passed_on",
]
