"""Build the models on Sail in this process, and write the rows of published views beside the tables.

Run as a program of its own, by the Python that has the extra `spark` and the group `engines`: its catalogue
goes with the process, and Sail's threads need not be among those of a test.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Arguments: the folder of raw Parquet files, an empty folder for what is built, published views by name,
    models to leave out.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("built", type=Path)
    parser.add_argument("--view", action="append", default=[], dest="views")
    parser.add_argument("--exclude", action="append", default=[])
    given = parser.parse_args()
    os.environ["MERITLINE_RAW"] = str(given.raw)
    os.environ["MERITLINE_SPARK_WAREHOUSE"] = str(given.built / "warehouse")
    os.environ["MERITLINE_CONTRACTS"] = "proven"
    os.chdir(given.built)

    from dbt.adapters.sail.connections import SailConnectionManager
    from dbt.cli.main import dbtRunner
    from pyspark.sql import SparkSession

    excluded = [
        part for kind in ("unit_test", "exposure", "test") for part in ("--exclude-resource-type", kind)
    ]
    paths = {
        "--project-dir": ROOT / "dbt_project",
        "--profiles-dir": Path(__file__).parent,
        "--target-path": given.built / "target",
        "--log-path": given.built / "logs",
    }
    options = [str(part) for pair in paths.items() for part in pair]
    quiet = ["--no-use-colors", "--no-version-check", "--no-send-anonymous-usage-stats"]
    left_out = [part for name in given.exclude for part in ("--exclude", name)]
    result = dbtRunner().invoke(["build", *excluded, *left_out, *options, *quiet])
    ip, port = SailConnectionManager._server.listening_address
    session = SparkSession.builder.remote(f"sc://{ip}:{port}").getOrCreate()
    for view in given.views:
        session.table(view).write.parquet(str(given.built / "warehouse" / f"{view.replace('.', '/')}__rows"))
    sys.stdout.flush()
    return 0 if result.success else 1


if __name__ == "__main__":
    # Sail's server ends with the process; its own way of ending waits for threads of dbt's.
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
