"""`python3 course.py refresh`: executes the committed notebooks, cleans them, writes them back."""

import json
import re
import tempfile
import tomllib
from base64 import b64decode
from pathlib import Path

import nbformat

from helpers.files import write_text

from . import ROOT, choose, plain
from .execute import execute, read_notebook

WIDGET = "application/vnd.jupyter.widget-view+json"
LARGEST = 600_000
README_PICTURE = "05_error_analysis", "Finding ", ROOT / "docs/hunt.png"
FIRST_CELL = """\
PROFILE = "pocket"  # "full": the public data and a larger model from the Hub (a GPU helps)

# Find the course. Only Colab and Kaggle have to fetch it, and the few packages they lack.
import os
import subprocess
import sys
from pathlib import Path

url, tag = os.environ.get("COURSE_URL", "@URL@"), "v@VERSION@"
hosted = "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ
clone = Path.cwd() / "from-tokens-to-errors"
root = next((p for p in [clone, *clone.parents] if (p / "helpers/session.py").exists()), None)
if not root and hosted and url:
    root = clone
    subprocess.run(["git", "clone", "-q", "--depth=1", "--branch", tag, url, root], check=True)
if not root:
    raise RuntimeError(f"No course in {Path.cwd()} or above: open this notebook in a copy of it.")
sys.path = [str(root)] + [p for p in sys.path if p != str(root)]
if hosted:
    from course import install_missing

    install_missing()

from helpers import start

session = start(PROFILE)"""


def first_cell() -> str:
    """Return the first code cell of every notebook, with the course's address and version."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    cell = FIRST_CELL.replace("@URL@", settings["tool"]["course"]["repository"])
    return cell.replace("@VERSION@", settings["project"]["version"])


def clean(notebook: dict) -> None:
    """Strip an executed notebook of all that varies from run to run or machine to machine.

    Works in place. Raises ValueError for what must not be published: errors, paths of this machine.
    """
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook.update(nbformat=4, nbformat_minor=5, metadata=about)
    for number, cell in enumerate(notebook["cells"]):
        cell.setdefault("id", f"cell-{number}")
        cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k == "tags"}
        if cell["cell_type"] == "code":
            cell["outputs"] = [output for output in cell["outputs"] if _worth_keeping(output)]
            fault = _fault(cell["outputs"])
            if fault:
                raise ValueError(f"{fault} (cell [{cell['execution_count']}])")


def _worth_keeping(output: dict) -> bool:
    data = output.get("data", {})
    if "<progress" in data.get("text/html", ""):  # Trainer's bar goes, its table of losses stays
        html = re.sub("(?s)<div>[^<]*<progress.*?</div>", "", data["text/html"])
        data["text/html"] = html
        return "<table" in html
    return output.get("name") != "stderr" and WIDGET not in data


def _fault(outputs: list) -> str | None:
    if any(output["output_type"] == "error" for output in outputs):
        return "an output is an error"
    shown = [
        {
            kind: content
            for kind, content in output.get("data", output).items()
            if "image/" not in kind
        }
        for output in outputs
    ]
    for private in (ROOT, Path.home(), tempfile.gettempdir()):
        if re.search(re.escape(json.dumps(str(private))[1:-1]) + r"(?!\w)", json.dumps(shown)):
            return f"an output shows a path of this machine, {private}"
    return None


def keep_picture(notebook: dict, name: str) -> None:
    """Write the README's picture anew when the notebook that draws it has been executed."""
    source, alt, file = README_PICTURE
    shown = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    for picture in shown if name == source else []:
        if picture.get("metadata", {}).get("image/png", {}).get("alt", "").startswith(alt):
            file.write_bytes(b64decode(picture["data"]["image/png"]))


def refresh(only: list | None) -> None:
    """Refresh the notebooks asked for. RuntimeError on one that fails; it stays as it was."""
    with tempfile.TemporaryDirectory() as home:
        for path in choose(only):
            notebook = read_notebook(path)
            next(cell for cell in notebook.cells if cell.cell_type == "code").source = first_cell()
            entry = execute(notebook, path, plain(COURSE_HOME=home))
            left = f"{path.stem} stays as it was"
            if entry["status"] != "ok":
                raise RuntimeError(f"{left}: cell [{entry['cell']}] failed, {entry['error']}.")
            try:
                clean(notebook)
            except ValueError as fault:
                raise RuntimeError(f"{left}: {fault}.") from None
            nbformat.validate(notebook)
            text = nbformat.writes(notebook) + "\n"
            if len(text) > LARGEST:
                size = f"{len(text) // 1000} kB, more than {LARGEST // 1000}"
                raise RuntimeError(f"{left}: it would have {size}; show smaller pictures.")
            write_text(path, text)
            keep_picture(notebook, path.stem)
            print(f"{path.stem}  {len(text) // 1000} kB, {entry['seconds']} s")
