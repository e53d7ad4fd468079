"""`python3 course.py solutions`: the notebooks, solved and executed, for whoever teaches."""

import os
import re
import sys

import nbformat

from helpers import exercise
from helpers.exercises import RIGHT
from helpers.files import write_text
from helpers.session import make_runs_folder

from . import choose
from .execute import execute, read_notebook
from .work import outcomes_of, read_cells

STUB = re.compile(r'q = exercise\("(\d\d\.\d)"\)\n(.*)\nq\.check\(.*\)$', re.DOTALL)


def put_solutions(notebook: nbformat.NotebookNode) -> None:
    """Put the solutions in place of the stubs, in place."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and (found := STUB.search(cell.source)):
            number, stub = found.groups()
            cell.source = cell.source.replace(stub, exercise(number).solution_text)


def solutions(only: list[str] | None) -> None:
    """Write solved copies to runs/solutions; code 1 if a cell fails or a solution is not right."""
    folder, faults = make_runs_folder() / "solutions", []
    folder.mkdir(exist_ok=True)
    for path in choose(only):
        notebook, copy = read_notebook(path), folder / path.name
        put_solutions(notebook)
        entry = execute(notebook, path, dict(os.environ))
        write_text(copy, nbformat.writes(notebook) + "\n")
        if entry["status"] != "ok":
            faults.append(f"{path.stem}, cell {entry['cell']}: {entry['error']}")
        for number, outcome in outcomes_of(read_cells(copy)).items():
            if outcome != RIGHT:
                faults.append(f"{path.stem}, exercise {number}: {outcome}")
    print(f"The solved notebooks are in {folder}.")
    sys.exit("\n".join(faults) or 0)
