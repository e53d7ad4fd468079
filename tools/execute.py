"""Executing a notebook from a fresh kernel."""

import re
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode


def read_notebook(path: Path) -> NotebookNode:
    """A notebook from its file; RuntimeError with one sentence for a file that is damaged."""
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # of nbformat, of json, of jsonschema
        name = f"notebooks/{path.name}"
        raise RuntimeError(
            f"{name} is damaged ({type(error).__name__}): take a fresh copy, or "
            f"`git checkout {name}`."
        ) from None


def execute(notebook: NotebookNode, path: Path, environment: dict[str, str]) -> dict:
    """Execute a notebook in place, from a fresh kernel, and show a line of progress.

    path gives the name to show and the working directory. Returns the entry for the report:
    status ("ok" or "failed"), seconds, cell_seconds (of each code cell), peak_mb (MiB: the kernel
    and its children) and, on failure, cell (code cells count from 1, as Jupyter's prompts do) and
    error. Raises nothing for a cell that fails: a failure is an entry too.
    """
    cells = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    for _, cell in cells:
        cell.update(outputs=[], execution_count=None)
    options = {"kernel_name": "python3", "record_timing": False, "coalesce_streams": True}
    options["resources"] = {"metadata": {"path": str(path.parent)}}
    client, number, began = NotebookClient(notebook, **options), 0, time.monotonic()
    entry = {"status": "ok", "peak_mb": 0, "cell_seconds": []}
    again = "\r" if sys.stdout.isatty() else ""
    try:
        with client.setup_kernel(env=environment, stderr=subprocess.DEVNULL):
            watched = (client.km.provisioner.pid, entry)
            threading.Thread(target=_watch, args=watched, daemon=True).start()
            for number, (index, cell) in enumerate(cells, 1):
                if again or number == 1:
                    line = f"{again}{path.stem}  cell {number}/{len(cells)}"
                    print(line, end="" if again else "\n", flush=True)
                cell_began = time.monotonic()
                client.execute_cell(cell, index)
                entry["cell_seconds"].append(round(time.monotonic() - cell_began, 1))
    except CellExecutionError as error:
        reason = re.sub(r"\x1b\[[0-9;]*m", "", f"{error.ename}: {error.evalue}").splitlines()[0]
        entry.update(status="failed", cell=number, error=reason)
    except RuntimeError:
        entry.update(status="failed", cell=number, error="the kernel died (too little memory?)")
    print(f"{again}{path.stem}  {entry['status']}, {number} of {len(cells)} cells", flush=True)
    return {**entry, "seconds": round(time.monotonic() - began, 1)}


def _watch(pid: int, entry: dict) -> None:
    while psutil.pid_exists(pid):
        with suppress(psutil.Error):
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
            now = sum(process.memory_info().rss for process in family) // 2**20
            entry["peak_mb"] = max(entry["peak_mb"], now)
        time.sleep(0.2)
