"""`meritline ui`: Dagster's web UI on this machine only."""

from __future__ import annotations

import subprocess
import sys

import click

from orchestration.cli.options import Options, common_options
from orchestration.errors import ConfigurationError

LOOPBACK = "127.0.0.1"


EPILOG = """\b
Example:
  meritline ui --state /data/meritline"""


@click.command(epilog=EPILOG)
@common_options
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
@click.option("--daemon", is_flag=True, help="Also run the daemon that starts scheduled and sensed runs.")
@click.pass_obj
def ui(options: Options, port: int, daemon: bool) -> int:
    """Show runs, assets and checks of the state folder in Dagster's web UI, on loopback."""
    from orchestration.settings import child_environment

    state = options.state_folder()
    state.prepare()
    environment = child_environment({"DAGSTER_HOME": str(state.dagster), "MERITLINE_STATE": str(state.root)})
    module = ["-m", "orchestration.definitions"]
    server = [sys.executable, "-m", "dagster_webserver", "-h", LOOPBACK, "-p", str(port), *module]
    click.echo(f"http://{LOOPBACK}:{port} shows {state.root}; stop it with Ctrl-C")
    commands = [server, [sys.executable, "-m", "dagster._daemon", "run", *module]][: 2 if daemon else 1]
    started = [subprocess.Popen(one, env=environment) for one in commands]
    try:
        status = started[0].wait()
    finally:
        # Also when it is told to stop: what it started must not stay behind.
        for process in started:
            process.terminate()
        for process in started:
            process.wait()
    if status != 0:
        raise ConfigurationError(
            path=f"{LOOPBACK}:{port}",
            problem=f"the web UI ended with status {status}",
            remedy="Read its last lines above; if the port is taken, name another with --port",
        )
    return 0
