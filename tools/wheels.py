"""The wheels that the course needs on a platform and a Python: resolved, measured, fetched."""

import ast
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from . import ROOT

PLATFORMS = {  # as uv calls them
    "linux": "x86_64-manylinux_2_28",
    "macos-arm": "aarch64-apple-darwin",
    "windows": "x86_64-pc-windows-msvc",
}
PYTHONS = ["3.11", "3.12", "3.13"]
MACOS = "14.0"  # the oldest that torch has a wheel for
UV = "uv==0.13.9"


@dataclass(frozen=True)
class Wheel:
    """A file of the package index: where it is, its size in bytes, its SHA-256 if it is told."""

    name: str
    url: str
    size: int
    sha256: str | None

    @property
    def pin(self) -> str:
        """The package and its version, such as torch==2.13.0+cpu."""
        return "==".join(self.name.split("-")[:2])


def resolve(platform: str, python: str, options: list[str]) -> list[Wheel]:
    """What requirements.txt asks for on a platform, whatever machine this is.

    platform: a key of PLATFORMS. options: those of uv that name the indexes.
    Raises: RuntimeError if there is no solution, or no index in reach.
    """
    command = [sys.executable, "-m", "uv", "pip", "compile", str(ROOT / "requirements.txt")]
    command += ["--python-platform", PLATFORMS[platform], "--python-version", python]
    command += ["--python", sys.executable, "--only-binary", ":all:", "--format", "pylock.toml"]
    command += ["--index-strategy", "unsafe-best-match", *options]  # all of them count, as for pip
    env = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": MACOS}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode and re.search("Failed to fetch|error sending request", done.stderr):
        raise RuntimeError("uv cannot reach the index: connect to a network and run this again.")
    if done.returncode:
        why = "\n".join(done.stderr.strip().splitlines()[-12:])
        raise RuntimeError(f"uv found no packages for {platform} with Python {python}:\n{why}")
    packages = tomllib.loads(done.stdout)["packages"]
    return [as_wheel(best(package["wheels"])) for package in packages]


def as_wheel(found: dict) -> Wheel:
    """A wheel from its entry in uv's list; its size is asked for where the index does not tell."""
    url = found["url"]
    size = found.get("size")
    if size is None:
        try:
            with urlopen(Request(url, method="HEAD"), timeout=30) as answer:
                size = int(answer.headers["Content-Length"])
        except OSError as error:
            raise RuntimeError(out_of_reach(url, error)) from None
    return Wheel(name_of(url), url, size, found.get("hashes", {}).get("sha256"))


def name_of(url: str) -> str:
    """The name of the file at an address."""
    return unquote(urlsplit(url).path).rsplit("/", 1)[-1]


def best(wheels: list[dict]) -> dict:
    """The wheel made most closely for the platform, of those that run there."""

    def closeness(wheel: dict) -> tuple:
        tags = name_of(wheel["url"]).removesuffix(".whl").split("-", 2)[2]
        compiled = not tags.endswith("-any")
        numbers = [int(number) for number in re.findall(r"\d+", tags)]
        return compiled, "abi3" not in tags, "universal" not in tags, numbers

    return max(wheels, key=closeness)


def index_options() -> list[str]:
    """uv's options for the indexes that pip is told of on this machine."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    told = subprocess.run(command, capture_output=True, text=True).stdout
    settings = {}
    for line in told.splitlines():  # those of the environment come first, and count more
        name, _, value = line.partition("=")
        settings.setdefault(name.rsplit(".", 1)[-1], value)
    options = []
    for name in ("index-url", "extra-index-url", "find-links"):
        for address in ast.literal_eval(settings.get(name, "''")).split():
            options += [f"--{name}", address]
    return options


def get_uv() -> None:
    """Install uv, which resolves for other platforms than this one, unless it is there."""
    if not importlib.util.find_spec("uv"):
        from course import pip_install

        print(f"Installing {UV}, which finds out what other platforms need.", flush=True)
        pip_install(sys.executable, "-q", UV)


def fetch(wheel: Wheel, folder: Path) -> None:
    """Put a wheel into a folder, whole or not at all; one that is there is not fetched again.

    Raises: RuntimeError if it cannot be had, or is not the file that the index names.
    """
    target = folder / wheel.name
    if target.is_file() and target.stat().st_size == wheel.size:
        return
    part, digest = folder / f"{wheel.name}.part", hashlib.sha256()
    try:
        with urlopen(wheel.url, timeout=60) as source, part.open("wb") as draft:
            while piece := source.read(2**20):
                draft.write(piece)
                digest.update(piece)
    except OSError as error:
        raise RuntimeError(out_of_reach(wheel.url, error)) from None
    if wheel.sha256 not in (None, digest.hexdigest()) or part.stat().st_size != wheel.size:
        part.unlink()
        raise RuntimeError(f"{wheel.url} is not the file that the index names: run this again.")
    part.replace(target)


def out_of_reach(url: str, error: OSError) -> str:
    """What to say when a file cannot be fetched; a full disk is no matter of the network."""
    from helpers.files import sentence

    why = getattr(error, "reason", error)
    again = "run this again; it goes on from here"
    return sentence(error) or f"{url} could not be fetched ({why}): {again}."


def free_on(folder: Path) -> int:
    """The bytes free on the disk that a folder is to lie on."""
    return shutil.disk_usage(next(p for p in [folder, *folder.parents] if p.exists())).free
