"""A fresh copy of the course in a JupyterLab of its own, and a browser to look at it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from browser.pages import SHOTS, Seen

import course
from tools import choose, plain
from tools.kit import copy_course

PATH = ["00", "01", "02", "03", "04", "05", "06"]  # those that one goes through in order
SETTINGS = "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
ALL_DRAWN = {"windowingMode": "none"}  # also the cells outside the window


@pytest.fixture(scope="session")
def copy():
    """A fresh copy of the course, as somebody gets it."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        copy_course(Path(folder) / "course")
        yield Path(folder) / "course"


@pytest.fixture(scope="session")
def address(copy):
    """Where JupyterLab answers, started by the copy's own `course.py lab`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = copy.parent / "jupyter"
    (config / SETTINGS).parent.mkdir(parents=True)
    (config / SETTINGS).write_text(json.dumps(ALL_DRAWN), "utf-8")
    own = {name: str(config) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(config / "settings")}
    own |= {"JUPYTERLAB_WORKSPACES_DIR": str(config / "workspaces")}
    env = plain(COURSE_HOME=str(copy), COURSE_QUICK="1", **own)
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token="]
    options.append("--LabApp.expose_app_in_browser=True")  # to change the theme
    command = [sys.executable, "course.py", "lab", "--here", *options]
    with (copy.parent / "jupyter.log").open("w+") as log:
        server = subprocess.Popen(command, cwd=copy, env=env, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api", server, Path(log.name))
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    """Wait until a server answers; fail with what it logged if it has ended."""
    while server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=30).close()
            return
        except urllib.error.URLError:
            time.sleep(0.5)
    pytest.fail(f"JupyterLab has ended:\n{log.read_text('utf-8')}")


@pytest.fixture(scope="session")
def chromium():
    """The browser."""
    executable = course.find_browser()
    from playwright.sync_api import sync_playwright

    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=as_root)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def notebook(chromium, address, copy):
    """`with notebook("00_welcome.ipynb") as seen`: opened, and run from first to last cell."""
    SHOTS.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def run(name: str):
        seen = Seen(chromium, address, copy / "work" / name)
        seen.open()
        try:
            seen.run_all()
            yield seen
        finally:
            seen.close()

    return run


@pytest.fixture(scope="module", params=[path.name for path in choose(PATH)])
def seen(request, notebook):
    """A notebook of the path, run, all its outputs unfolded, and saved."""
    for old in SHOTS.glob(f"{Path(request.param).stem}-*.png"):
        old.unlink()
    with notebook(request.param) as seen:
        seen.choose("View", "notebook:show-all-cell-outputs")
        seen.save()
        yield seen
