"""`python3 course.py refresh`: executes the committed notebooks, cleans them, writes them back."""

import json
import platform
import re
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import nbformat

from helpers.files import write_text

from . import ROOT, choose, plain
from .cells import PROFILE_CELL, set_up_cell
from .execute import execute, read_notebook

WIDGET = "application/vnd.jupyter.widget-view+json"
LARGEST = 1_000_000
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}  # in JupyterLab, in Colab
README_PICTURE = "05_error_analysis", "Finding ", ROOT / "docs/hunt.png"


def clean(notebook: dict) -> None:
    """Strip an executed notebook of all that varies from run to run or machine to machine.

    Its metadata become those that JupyterLab writes, so that saving it there changes nothing; the
    set-up's code is folded, and so is the output that answers a Guess. Works in place. Raises
    ValueError for what must not be published: errors, paths of this machine.
    """
    notebook.update(nbformat=4, nbformat_minor=5, metadata=about_python())
    guessed = False
    for number, cell in enumerate(notebook["cells"]):
        cell.setdefault("id", f"cell-{number}")
        kept = {k: v for k, v in cell["metadata"].items() if k == "tags"}
        if cell["cell_type"] == "code" and "".join(cell["source"]) == set_up_cell():
            kept |= FOLDED
        elif cell["cell_type"] == "code" and guessed:
            kept["jupyter"] = {"outputs_hidden": True}
            # JupyterLab shows the first line of the first of folded outputs, perhaps the answer.
            cell["outputs"].insert(0, nbformat.v4.new_output("display_data"))
        cell["metadata"] = kept
        guessed = "".join(cell["source"]).startswith("**Guess.**")
        if cell["cell_type"] == "code":
            cell["outputs"] = [output for output in cell["outputs"] if _worth_keeping(output)]
            fault = _fault(cell["outputs"])
            if fault:
                raise ValueError(f"{fault} (cell [{cell['execution_count']}])")


def about_python() -> dict:
    """A notebook's metadata as JupyterLab writes them."""
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    language = {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": platform.python_version(),
    }
    return {"kernelspec": kernel, "language_info": language}


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
    for shown, png in pictures(notebook) if name == source else []:
        if shown.startswith(alt):
            file.write_bytes(png)


def pictures(notebook: dict) -> Iterator[tuple[str, bytes]]:
    """The alt text and the PNG of each picture that a notebook shows."""
    picture = re.compile('<img width="[0-9]+" alt="([^"]*)" src="data:image/png;base64,([^"]+)">')
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for html in (data.get("text/html", ""), data.get("text/markdown", "")):
                for alt, png in picture.findall("".join(html)):
                    yield unescape(alt), b64decode(png)


def refresh(only: list | None) -> None:
    """Refresh the notebooks asked for. RuntimeError on one that fails; it stays as it was."""
    with tempfile.TemporaryDirectory() as home:
        for path in choose(only):
            notebook = read_notebook(path)
            first, second = [cell for cell in notebook.cells if cell.cell_type == "code"][:2]
            first.source, second.source = PROFILE_CELL, set_up_cell()
            scores = Path(home, f"{path.stem}.json")
            settings = plain(COURSE_HOME=home, COURSE_SCORES=str(scores))
            entry = execute(notebook, path, settings)
            left = f"{path.stem} stays as it was"
            if entry["status"] != "ok":
                raise RuntimeError(f"{left}: cell [{entry['cell']}] failed, {entry['error']}.")
            try:
                clean(notebook)
            except ValueError as fault:
                raise RuntimeError(f"{left}: {fault}.") from None
            if scores.is_file():  # what the notebook's prose is held to
                notebook.metadata["course"] = {"scores": json.loads(scores.read_text())}
            nbformat.validate(notebook)
            text = nbformat.writes(notebook) + "\n"
            if len(text) > LARGEST:
                size = f"{len(text) // 1000} kB, more than {LARGEST // 1000}"
                raise RuntimeError(f"{left}: it would have {size}; show smaller pictures.")
            write_text(path, text)
            keep_picture(notebook, path.stem)
            print(f"{path.stem}  {len(text) // 1000} kB, {entry['seconds']} s")
