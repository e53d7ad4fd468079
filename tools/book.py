"""`python3 course.py book`: the course as a web site to read, built without a network or a kernel.

Copies of the notebooks and guides are changed for a page, and Sphinx builds them; the notebooks
themselves stay as they are, and nothing in them is executed.
"""

import posixpath
import re
import shutil
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from nbformat import NotebookNode

from helpers.exercises import NOT_ATTEMPTED, exercise
from helpers.files import locked
from helpers.session import make_runs_folder

from . import ROOT, choose
from .execute import read_notebook
from .work import EXERCISE, OUTCOME

PINS = ROOT / "requirements-book.txt"
STYLE = ROOT / "tools/book"
FRONT, INDEX = "README.md", "index.md"  # the page that the site opens with, and its copy
PARTS = {  # of the course, each with the number of its first notebook
    "Understand": 0,
    "Train and find errors": 4,
    "Other tasks and your own data": 7,
}
GUIDES = ["glossary", "running", "teaching", "house"]  # in docs/, where they exist
ELSEWHERE = (
    "answer it before you run the next cell. In JupyterLab the answer stays folded until then; "
    "elsewhere clear the outputs first."
)
HERE = "answer it before you open the answer below it."
NOTE = """\
```{admonition} The reading edition
Here you can read the whole course: the notebooks as they ran on the bundled data, and what belongs
to them. Nothing runs on these pages. Answers to guesses, hints and solutions are folded until you
open them. To run and change the notebooks, and to have your answers checked, [start the
course](#start-on-your-machine).
```"""
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s]+)\)")


def book(output: Path | None = None) -> None:
    """Build the site in a folder, `runs/book` unless another is named; an older site is replaced.

    Raises: RuntimeError if the folder holds something else, or if Sphinx finds a fault.
    """
    output = (output or make_runs_folder() / "book").resolve()
    other = output.is_file() or output.is_dir() and any(output.iterdir())
    if other and not (output / "searchindex.js").exists():
        raise RuntimeError(f"{output} is no book, but something else: name a new folder for it.")
    output.parent.mkdir(parents=True, exist_ok=True)
    install()
    with locked(output.parent, f"Another course.py is building in {output.parent}: wait for it."):
        part = output.with_name(f"{output.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            write_sources(part / "sources")
            build(part / "sources", part / "trees", part / "site")
            if output.exists():
                output.rename(part / "older")
            (part / "site").rename(output)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    print(f"The book is ready: open {output / 'index.html'} in a browser.")


def install() -> None:
    """Install what the book needs and this environment lacks; RuntimeError if that fails."""
    pins = re.findall(r"^([\w-]+)==(\S+)", PINS.read_text("utf-8"), re.M)
    if all(installed_version(name) == pin for name, pin in pins):
        return
    from course import REQUIREMENTS, pip_install

    print("Installing what the book is built with, once: about 80 MB on disk.")
    pip_install(sys.executable, "-q", "-r", str(PINS), "-c", str(REQUIREMENTS))


def installed_version(name: str) -> str | None:
    """The version of an installed package; None if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def build(sources: Path, trees: Path, output: Path) -> None:
    """Have Sphinx build the site; RuntimeError with its warnings if there is one."""
    from sphinx.application import Sphinx
    from sphinx.util.console import nocolor

    nocolor()
    warnings = StringIO()
    app = Sphinx(sources, None, output, trees, "html", settings(), status=None, warning=warnings)
    app.build()
    if warnings.getvalue() or app.statuscode:
        told = warnings.getvalue().replace(f"{sources}/", "").strip()
        raise RuntimeError(f"Sphinx finds fault with the book, and no book was made:\n{told}")


def settings() -> dict:
    """What Sphinx is told: offline, nothing executed, no warning hidden."""
    title = (ROOT / FRONT).read_text("utf-8").splitlines()[0].removeprefix("# ")
    return {
        "project": title,
        "extensions": ["myst_nb"],
        "nb_execution_mode": "off",
        "nb_merge_streams": True,
        "nb_render_markdown_format": "myst",
        "myst_enable_extensions": ["html_image"],
        "myst_heading_anchors": 3,
        "myst_heading_slug_func": "github",
        "root_doc": INDEX.removesuffix(".md"),
        "html_theme": "sphinx_book_theme",
        "html_theme_options": {
            "home_page_in_toc": True,
            "show_toc_level": 2,
            "use_download_button": False,
            "navbar_persistent": [],  # or the search stands there twice
            "search_bar_text": "Search",
        },
        "html_title": title,
        "html_static_path": [str(STYLE)],
        "html_css_files": ["book.css"],
        "html_copy_source": False,
        "html_use_index": False,
        "smartquotes": False,  # the words stay as they are written
        "html_show_copyright": False,
    }


# ---- the sources --------------------------------------------------------------------------------


def write_sources(folder: Path) -> None:
    """Write what Sphinx reads: the course's files, changed for pages, where they lie in the course.

    folder: it is made, with those above it.
    """
    contents = table_of_contents()
    pages = [FRONT, *(name for names in contents.values() for name in names)]
    for picture in [*ROOT.glob("docs/*.png"), *ROOT.glob("notebooks/figures/*.png")]:
        copy(picture.relative_to(ROOT).as_posix(), folder)
    for name in pages:
        page = folder / (INDEX if name == FRONT else name)
        page.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".ipynb"):
            notebook = read_notebook(ROOT / name)
            change(notebook, name)
            for cell in notebook.cells:
                if cell.cell_type == "markdown":
                    cell.source = with_links(cell.source, name, pages, folder)
            text = nbformat.writes(notebook)
        else:
            text = with_links((ROOT / name).read_text("utf-8"), name, pages, folder)
        page.write_text(front_page(text, contents) if name == FRONT else text, encoding="utf-8")


def table_of_contents() -> dict[str, list[str]]:
    """The headings of the site's contents, each with its files, by their paths in the course."""
    contents = {part: [] for part in PARTS}
    for path in choose(None):
        part = [part for part, first in PARTS.items() if first <= int(path.stem[:2])][-1]
        contents[part].append(f"notebooks/{path.name}")
    cards = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("data/*/README.md"))
    guides = [f"docs/{name}.md" for name in GUIDES if (ROOT / f"docs/{name}.md").exists()]
    return contents | {
        "Glossary and guides": [*guides, "CONTRIBUTING.md"],
        "The data": ["data/README.md", *cards],
    }


def front_page(text: str, contents: dict[str, list[str]]) -> str:
    """The README with a word on this edition after its first paragraph, and with the contents."""
    title, opening, rest = text.split("\n\n", 2)
    trees = []
    for heading, names in contents.items():
        lines = [f":caption: {heading}", ":hidden:", "", *names]
        trees.append("```{toctree}\n" + "\n".join(lines) + "\n```")
    return "\n\n".join([title, opening, NOTE, rest.strip(), *trees]) + "\n"


# ---- links --------------------------------------------------------------------------------------


def with_links(text: str, name: str, pages: list[str], folder: Path) -> str:
    """The Markdown of the file `name`, with links that lead somewhere from its page.

    A file that is no page of the book is linked in the repository if its address is known;
    otherwise it is copied to `folder`, to be downloaded, and of a folder only the words stay.
    """

    def led(found: re.Match) -> str:
        before, target = found.groups()
        path, sign, place = target.partition("#")
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if (path or name).endswith(".ipynb") and place:
            return f"{before}({path}#{slug(place)})"
        if before.startswith("!") or not path or urlsplit(target).scheme or inside in pages[1:]:
            return found[0]
        if inside == pages[0]:
            return f"{before}({posixpath.relpath(INDEX, posixpath.dirname(name))}{sign}{place})"
        if address := repository():
            return f"{before}({address}/blob/{tag()}/{inside})"
        if (ROOT / inside).is_dir():
            return before[1:-1]
        copy(inside, folder)
        return found[0]

    parts = CODE.split(text)  # code stands at the odd places
    parts[::2] = [LINK.sub(led, part) for part in parts[::2]]
    return "".join(parts)


def slug(place: str) -> str:
    """The anchor that a heading has here, from that which it has in JupyterLab: `4.-A-new-head`."""
    return re.sub(r"[^\w-]", "", unquote(place).lower())


def copy(name: str, folder: Path) -> None:
    """Copy a file of the course to its place among the sources; Sphinx tells if there is none."""
    if (ROOT / name).is_file():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)


def repository() -> str:
    """The public address of the course, without a slash at its end; empty while it is unknown."""
    return project()["tool"]["course"]["repository"].rstrip("/").removesuffix(".git")


def tag() -> str:
    """The tag of this version in the repository."""
    return f"v{project()['project']['version']}"


def project() -> dict:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


# ---- notebooks ----------------------------------------------------------------------------------


def change(notebook: NotebookNode, name: str) -> None:
    """Make a notebook a page, in place: fold set-up, answers, hints and solutions.

    Outputs that say no more than "not attempted" go.
    """
    opening = notebook.cells[0]
    opening.source = opening.source.replace(ELSEWHERE, HERE) + colab_link(name)
    profile, set_up = [cell for cell in notebook.cells if cell.cell_type == "code"][:2]
    set_up.source = f"{profile.source}\n\n{set_up.source}"
    fold(set_up, "hide-cell", "Set-up")
    cells = []
    for cell in notebook.cells:
        if cell is profile:
            continue
        cells.append(cell)
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if is_worth_showing(output)]
        for output in cell.outputs:
            drop_specifications(output)
        if cell.metadata.get("jupyter", {}).get("outputs_hidden"):
            fold(cell, "hide-output", "Answer")
        for number in EXERCISE.findall(cell.source):
            cells.append(nbformat.v4.new_markdown_cell(help_with(number)))
    notebook.cells = cells


def colab_link(name: str) -> str:
    """A line that opens the notebook in Colab, if the course's address is known there."""
    place = repository().removeprefix("https://github.com/")
    if place == repository():
        return ""
    address = f"https://colab.research.google.com/github/{place}/blob/{tag()}/{name}"
    return f"\n\n[Open this notebook in Colab]({address})"


def fold(cell: NotebookNode, what: str, title: str) -> None:
    """Fold a cell, or a part of it as myst-nb calls it, under a title."""
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), what]
    cell.metadata["mystnb"] = {"code_prompt_show": title, "code_prompt_hide": title}


def is_worth_showing(output: NotebookNode) -> bool:
    """Whether an output says anything: not the empty one that folding needs in JupyterLab, and not
    that an exercise was not attempted.
    """
    said = output.get("text") or output.get("data", {}).get("text/plain", "")
    outcome = OUTCOME.match(said)
    return bool(said) and not (outcome and outcome[2] == NOT_ATTEMPTED)


def drop_specifications(output: NotebookNode) -> None:
    """Leave of a map to hover the still picture that lies beside its specification."""
    for kind in [kind for kind in output.get("data", {}) if kind.startswith("application/")]:
        del output.data[kind]


def help_with(number: str) -> str:
    """The hints and the solution of an exercise as Markdown, each folded."""
    q = exercise(number)
    question, step = (as_markdown(hint) for hint in q.hints)
    solution = f"```python\n{q.solution_text}\n```"
    told = {"Hint: a question": question, "Hint: a step": step, "One solution": solution}
    folded = "<details><summary>{}</summary>\n\n{}\n\n</details>"
    return "\n\n".join(folded.format(title, text) for title, text in told.items())


def as_markdown(text: str) -> str:
    """A plain text whose code stands in backticks, as Markdown that shows the same."""
    parts = CODE.split(text)
    parts[::2] = [re.sub(r"([\\*_\[\]<>#$|~^{}])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)
