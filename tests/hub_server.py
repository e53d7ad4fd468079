"""A small stand-in for the Hub: serves folders over HTTP from 127.0.0.1, as HF_ENDPOINT."""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

API = re.compile(r"/api/(models|datasets|spaces)/([^/]+/[^/]+)(?:/(revision|tree)/([^/]+)(/.*)?)?$")
FILE = re.compile(r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)$")


class Hub:
    """Serves `repositories`, {"models/owner/name": folder}, while it is used as a context manager.

    commit: the one revision that every repository has, beside the name `main`.
    fault: a part of a path, and what a GET for such a path meets: "silence", "garbage" of the right
        size, or an error's number.
    asked: the requests so far, as "GET /path".
    """

    def __init__(self, repositories: dict[str, Path], commit: str = "a" * 40, fault=None):
        self.repositories, self.commit, self.asked = repositories, commit, []
        self.fault, self.ended = fault, threading.Event()

    def __enter__(self) -> "Hub":
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        self.deep = "recursive=true" in url.query.lower()
        self.hub.asked.append(f"{self.command} {path}")
        part, self.fault = self.hub.fault or ("", None)
        if self.command == "HEAD" or part not in path:
            self.fault = None
        if self.fault == "silence":
            self.hub.ended.wait(60)
        elif isinstance(self.fault, int):
            self._answer(self.fault, b"", {})
        elif path == "/api/datasets":
            names = [name for name in self.hub.repositories if name.startswith("datasets/")]
            self._json([{"id": name.removeprefix("datasets/")} for name in names])
        elif found := API.match(path):
            self._api(*found.groups())
        elif found := FILE.match(path):
            self._file(*found.groups())
        else:
            self._missing("EntryNotFound")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def _folder(self, kind: str, name: str, revision: str) -> Path | None:
        folder = self.hub.repositories.get(f"{kind}/{name}")
        if folder is None:
            self._missing("RepoNotFound")
        elif revision not in ("main", self.hub.commit):
            self._missing("RevisionNotFound")
        else:
            return folder
        return None

    def _api(self, kind: str, name: str, what: str, revision: str, below: str) -> None:
        folder = self._folder(kind, name, revision or "main")
        if folder is None:
            return
        start = folder / (below or "").strip("/")
        found = sorted(start.rglob("*") if self.deep or what != "tree" else start.glob("*"))
        entries = [
            {
                "type": "file" if path.is_file() else "directory",
                "path": path.relative_to(folder).as_posix(),
                "size": path.stat().st_size,
                "oid": "0" * 40,
            }
            for path in found
        ]
        if what == "tree" and not entries:
            self._missing("EntryNotFound")
        elif what == "tree":
            self._json(entries)
        else:
            files = [{"rfilename": entry["path"]} for entry in entries if entry["type"] == "file"]
            self._json({"id": name, "sha": self.hub.commit, "private": False, "siblings": files})

    def _file(self, kind: str | None, name: str, revision: str, file: str) -> None:
        folder = self._folder(kind or "models", name, revision)
        if folder is None:
            return
        if not (folder / file).is_file():
            self._missing("EntryNotFound")
            return
        content = (folder / file).read_bytes()
        if self.fault == "garbage":
            content = bytes(byte ^ 85 for byte in content)
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        self._answer(200, content, {"ETag": etag, "X-Repo-Commit": self.hub.commit})

    def _json(self, content) -> None:
        self._answer(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _missing(self, code: str) -> None:
        self._answer(404, b"", {"X-Error-Code": code})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass
