"""`train` is killed before one of its file operations, once more on its way, and then left alone.

What then lies in the folder must be what a run that was never killed leaves, and nothing else. Ten
points, spread over all operations; with ALL_POINTS=1 (`course.py test --all`) each of them.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from own_files import PLAIN, ROOT, write

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="Windows cannot fork"),
]

# A process that has loaded all libraries forks a child for each command, which spares their start.
# A child with a number kills itself before the file operation that has it.
SERVER = """
import json, os, signal, sys
import torch, transformers, datasets, sklearn.linear_model  # once, for all children
from helpers import training, cheap, report, suspects, commands

torch.set_num_threads(1)
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.truncate")


def watch(kill_at, folder):
    seen = 0
    def hook(event, arguments):
        nonlocal seen
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & 3
        if not (writes or event in CHANGES) or not str(arguments[0]).startswith(folder):
            return
        seen += 1
        if seen == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    return lambda: seen


for line in sys.stdin:
    command, kill_at, folder, log = json.loads(line)
    child = os.fork()
    if not child:
        os.chdir(folder)
        sys.stdout = sys.stderr = open(log, "w")
        count = watch(kill_at, folder)
        code = commands.main(command)
        sys.stdout.flush()
        with open(log + ".count", "w") as stream:
            stream.write(str(count()))
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def sweep(tiny, rows, tmp_path_factory):
    """`sweep(name, model, kill_at)`: exit code, folder, and the log; 0 kills nothing."""
    base = tmp_path_factory.mktemp("kills")
    variables = {"PYTHONPATH": str(ROOT), "COURSE_HOME": str(base), "OMP_NUM_THREADS": "1"}
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    server = subprocess.Popen([sys.executable, "-c", SERVER], env=os.environ | variables, **options)
    command = ["train", "mine.csv", *PLAIN, "--checkpoint", str(tiny), "--epochs", "2"]
    command += ["--batch-size", "16", "--learning-rate", "1e-3", "--dtype", "float32"]
    command += ["--output", "out", "--model"]

    def run(name, model, kill_at=0):
        folder = base / model / name
        if not folder.exists():
            folder.mkdir(parents=True)
            write(folder / "mine.csv", rows[:60])
        log = base / f"{model} {name}.log"
        order = [[*command, model], kill_at, str(folder), str(log)]
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        return int(server.stdout.readline()), folder, log

    yield run
    server.stdin.close()
    server.wait()


def contents(folder):
    """By file, a hash of what must be the same: all but times and what depends on resuming."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.name == "run.json":
                details = json.loads(content)
                for key in ("seconds", "finished", "resumed", "log_history", "sha256"):
                    details.pop(key)
                content = json.dumps(details, sort_keys=True).encode()
            if path.name == "columns.json":  # holds the place, and the hash of report.html
                content = b""
            if path.name == "report.html":  # holds the day, and curves
                content = b""
            found[str(path.relative_to(folder))] = hashlib.sha256(content).hexdigest()
    return found


@pytest.mark.parametrize(("model", "least", "points"), [("fine-tuned", 40, 10), ("cheap", 8, 4)])
def test_killed_anywhere_the_same_command_ends_well(model, least, points, sweep):
    code, folder, log = sweep("whole", model)
    assert code == 0, log.read_text()
    expected = contents(folder)
    assert not [name for name in expected if ".training" in name or name.endswith(".tmp")]
    count = int(Path(f"{log}.count").read_text())
    assert count > least
    chosen = range(1, count + 1)
    if not os.environ.get("ALL_POINTS"):
        chosen = [round(1 + (count - 1) * step / (points - 1)) for step in range(points)]
    wrong = {}
    for point in chosen:
        name = f"killed at {point}"
        code, folder, log = sweep(name, model, point)
        assert code == -signal.SIGKILL, f"{point} of {count}: {log.read_text()}"
        sweep(name, model, 1 + point // 2)
        code, folder, log = sweep(name, model)
        if code or contents(folder) != expected:
            differ = contents(folder).items() ^ expected.items()
            wrong[point] = log.read_text(), sorted({name for name, _ in differ})
        shutil.rmtree(folder)
    assert not wrong, wrong
