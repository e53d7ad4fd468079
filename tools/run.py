"""`python3 course.py run`: executes the notebooks in order and reports their scores."""

import json
import os
import sys
import tempfile
from pathlib import Path

import nbformat

from helpers.files import write_text
from helpers.session import make_runs_folder

from . import choose
from .check import machine
from .colab import lay_out
from .execute import execute, read_notebook


def run(only: list | None, beside_zip: bool = False) -> None:
    """Execute notebooks, keep copies and a report, print a table; code 1 if one failed.

    beside_zip: in a folder of their own, where nothing of the course lies but its zip.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = execute_all(lay_out(choose(only), Path(folder)) if beside_zip else choose(only))
    print(f"\n{'notebook':24} {'status':7} {'seconds':>8} {'peak MB':>8}  scores")
    for name, entry in report.items():
        scores = ", ".join(f"{key} {value:.4g}" for key, value in entry["scores"].items())
        print(f"{name:24} {entry['status']:7} {entry['seconds']:8} {entry['peak_mb']:8}  {scores}")
    failed = [f"{n}, cell {e['cell']}: {e['error']}" for n, e in report.items() if "cell" in e]
    sys.exit("\n".join(failed) or 0)


def execute_all(paths: list[Path]) -> dict[str, dict]:
    """Execute notebooks, keep copies, and return the report, which is also kept."""
    runs, report = make_runs_folder(), {}
    (runs / "notebooks").mkdir(parents=True, exist_ok=True)
    for path in paths:
        notebook = read_notebook(path)
        with tempfile.TemporaryDirectory() as folder:
            scores = Path(folder) / "scores.json"
            environment = {**os.environ, "COURSE_SCORES": str(scores)}
            entry = report[path.stem] = execute(notebook, path, environment)
            entry["scores"] = json.loads(scores.read_text()) if scores.exists() else {}
        write_text(runs / "notebooks" / path.name, nbformat.writes(notebook) + "\n")
        whole = {"machine": machine(), "notebooks": report}
        write_text(runs / "report.json", json.dumps(whole, indent=2) + "\n")
    return report
