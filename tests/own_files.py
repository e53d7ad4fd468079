"""Small files of a user's own, and commands in processes of their own."""

import csv
import json
import os
import subprocess
from pathlib import Path

import pyarrow
from pyarrow import parquet

ROOT = Path(__file__).resolve().parents[1]
PLAIN = ["--text", "text", "--label", "mood"]


def write(name, rows):
    path = Path(name)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif path.suffix == ".parquet":
        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    else:
        style = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if path.suffix == ".tsv" else {}
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(
                stream, list(rows[0]), quotechar=None if style else '"', **style
            )
            writer.writeheader()
            writer.writerows(rows)
    return name


def read(name):
    with Path(name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def fresh(*command, **variables):
    """Run a command in a fresh process, at one thread."""
    plain = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    environment = os.environ | plain | {k: str(v) for k, v in variables.items()}
    return subprocess.run(command, env=environment, capture_output=True, text=True)
