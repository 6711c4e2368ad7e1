"""What Ray reads from the environment, what of it trials share, and how a user gives the cluster's token."""

import os

from trainables import numeric_settings

TOKEN = "RAY_AUTH_MODE=token, and the token in RAY_AUTH_TOKEN, in the file RAY_AUTH_TOKEN_PATH or in ~/.ray/auth_token"

QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": str(10**9),
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""Settings that Ray reads when it is imported: they turn off its progress display, its loggers and its checkpoints."""

PASSED_ON = (
    *("KERAS_BACKEND", "SWEEP_SNAPSHOT_SECONDS", "SWEEP_HANG_SECONDS", "SWEEP_POINTS_PER_PROCESS"),
    *numeric_settings.VARIABLES,
)
"""Settings of the driver's environment that its trials on a cluster must share. Ray writes them into its logs, so
secrets are sent by `sweep.cluster.driver_data` instead."""

NICENESS = "RAY_worker_niceness"
"""The variable that sets how far the trials of a Ray on this machine give way to other programs: 0 to 19."""

DEFAULT_NICENESS = 15
"""Ray's own."""


def ignored_address() -> str | None:
    """What to say where RAY_ADDRESS names a cluster, which Ray's own commands use and a run here does not."""
    if address := os.environ.get("RAY_ADDRESS"):
        return f"RAY_ADDRESS={address} is ignored: --address {address} uses that cluster"
    return None
