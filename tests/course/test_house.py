"""The rooms of the package import one way, as docs/house.md says."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "helpers"


def rooms() -> list[str]:
    """The rooms in the order of the table in docs/house.md."""
    text = (ROOT / "docs/house.md").read_text(encoding="utf-8")
    table = text.split("| room | one subject |")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def imported(source: str, inside: str) -> set[str]:
    """The rooms that a file imports, wherever in it; inside: the file's own room."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            path = (node.module or "").split(".")[0]
            names = [path] if path else [alias.name for alias in node.names]
            found |= {inside} if inside == "exercises" and node.level == 1 else set(names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers."):
            found.add(node.module.split(".")[1])
    return found - {inside}


def upward(files: dict[str, str], order: list[str]) -> list[str]:
    """Each import from a room that stands below; files: "room/file" -> source."""
    wrong = []
    for name, source in files.items():
        room = name.split("/")[0]
        for other in imported(source, room):
            if other not in order[: order.index(room)]:
                wrong.append(f"{name} imports {other}")
    return wrong


def sources() -> dict[str, str]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name in ("__init__.py", "__main__.py") and path.parent == PACKAGE:
            continue
        name = path.relative_to(PACKAGE).with_suffix("").as_posix()
        found[name] = path.read_text(encoding="utf-8")
    return found


def test_every_room_stands_in_the_table():
    assert sorted(rooms()) == sorted({name.split("/")[0] for name in sources()})


def test_no_room_imports_from_one_below_it():
    assert upward(sources(), rooms()) == []


def test_an_upward_import_is_found_wherever_it_stands():
    order = ["files", "session", "exercises"]
    assert upward({"files": "from .session import start"}, order) == ["files imports session"]
    hidden = "def f():\n    from . import session"
    assert upward({"files": hidden}, order) == ["files imports session"]
    assert upward({"session": "from .files import read_rows"}, order) == []
    inner = "from . import define\nfrom ..session import start"
    assert upward({"exercises/ex01": inner}, order) == []
    assert upward({"files": "from helpers.session import a"}, order) == ["files imports session"]


def test_every_file_says_what_it_is_for():
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "tools").glob("*.py")]:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
