"""A server that speaks ClickHouse's HTTP interface over chdb, as far as the client of clickhouse-connect uses it.

`python -m tests.clickhouse_server DIRECTORY` serves the user `ana` with the password `secret`, and prints its port. It
runs in a process of its own, so that the test's process is a client and nothing else. A test can ask it for a fault:
`/fault?kind=KIND&match=TEXT&after=N` spoils the next statement that has the text in it, after N others that have it.
"""

from __future__ import annotations

import base64
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

USER, PASSWORD = "ana", "secret"
_CODE = re.compile(r"Code: (\d+)\. (DB::Exception: .*)", re.DOTALL)
_SLOW = 3.0  # s
_LONGEST_FIELD = 131_072  # bytes of a field of a form, as the server's http_max_field_value_size has it
_TOO_LONG = "Code: 1000. DB::Exception: HTML Form Exception: Field value too long. (POCO_EXCEPTION)"
_NO_USER = "Code: 516. DB::Exception: ana: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)"
_STATUSES = {"516": 403, "60": 404, "81": 404}  # of HTTP, by ClickHouse's number of the error
# What the interface consumes itself; every other parameter is a setting of the statement.
_OF_HTTP = frozenset(
    "query database session_id session_timeout session_check query_id quota_key compress decompress wait_end_of_query"
    " client_protocol_version role send_progress_in_http_headers http_headers_progress_interval_ms"
    " enable_http_compression default_format buffer_size".split()
)


class Faults:
    """The faults that tests have asked for."""

    def __init__(self) -> None:
        self._asked: list[tuple[str, str, int]] = []

    def ask(self, kind: str, match: str, after: int) -> None:
        """Spoils the next statement with `match` in it, after so many others."""
        self._asked.append((kind, match, after))

    def __len__(self) -> int:
        return len(self._asked)

    def of(self, statement: str) -> str:
        """The fault of a statement, which is asked for once; "" for none."""
        statement = statement.replace("`", "").replace("saludo.", "")
        for index, (kind, match, after) in enumerate(self._asked):
            if match in statement and after:
                self._asked[index] = (kind, match, after - 1)
            elif match in statement:
                del self._asked[index]
                return kind
        return ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets, and the second would wait 40 ms
    path_of_engine = ""
    faults = Faults()
    lock = threading.Lock()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        """A control request of a test, or a statement without a body."""
        parts = urlsplit(self.path)
        if parts.path == "/fault":
            asked = dict(parse_qsl(parts.query))
            self.faults.ask(asked["kind"], asked["match"], int(asked["after"]))
            self._answer(200, b"Ok.\n")
        elif parts.path == "/left":
            self._answer(200, str(len(self.faults)).encode())
        else:
            self.do_POST()

    def do_POST(self) -> None:
        """A statement, with its data behind it."""
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        length = self.headers.get("Content-Length")
        body = self._chunks() if length is None else self.rfile.read(int(length))
        body = _unpacked(body, self.headers.get("Content-Encoding", ""))
        tables: dict[str, bytes] = {}
        if "multipart/form-data" in self.headers.get("Content-Type", ""):
            fields, tables = _fields(self.headers["Content-Type"], body)
            if any(len(value) > _LONGEST_FIELD for value in fields.values()):
                self._refuse(_TOO_LONG)
                return
            body = fields.pop("query", "").encode()
            parameters |= fields
        if not self._is_known():
            self._refuse(_NO_USER)
            return
        statement, data = parameters.get("query", ""), body
        if not statement:  # an insert has its data behind the statement
            head, line, data = body.partition(b"FORMAT Native\n") if body.startswith(b"INSERT") else (body, b"", b"")
            statement = (head + line).decode()
        fault = self.faults.of(statement)
        if fault == "gone":
            os._exit(1)
        if fault == "slow":
            time.sleep(_SLOW)
        try:
            with self.lock:
                answer = self._run_beside(tables, statement, parameters, data)
        except Exception as error:
            self._refuse(str(error))
            return
        if fault == "lost":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if fault == "old":
            answer = answer.replace(b"26.", b"23.")
        self._answer(200, answer)

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _is_known(self) -> bool:
        sent = self.headers.get("Authorization", "").removeprefix("Basic ")
        return base64.b64decode(sent) == f"{USER}:{PASSWORD}".encode()

    def _run_beside(self, tables: dict[str, bytes], statement: str, parameters: dict[str, str], data: bytes) -> bytes:
        """Runs a statement that reads tables which were sent beside it."""
        with tempfile.TemporaryDirectory() as directory:
            for name, content in tables.items():
                Path(directory, name).write_bytes(content)
                format, structure = parameters.pop(f"{name}_format"), parameters.pop(f"{name}_structure")
                source = f"FROM file('{directory}/{name}', '{format}', '{structure}')"
                statement = re.sub(rf"FROM {name}\b", lambda found, source=source: source, statement)  # type: ignore[misc]
            return self._run(statement, parameters, data)

    def _run(self, statement: str, parameters: dict[str, str], data: bytes) -> bytes:
        connection = import_module("chdb").connect(self.path_of_engine)
        try:
            if database := parameters.get("database"):
                connection.query(f"USE `{database}`")
            for name, value in parameters.items():
                if name not in _OF_HTTP and not name.startswith("param_"):
                    connection.query(f"SET {name} = {_quoted(value)}")
            given = {name[6:]: value for name, value in parameters.items() if name.startswith("param_")}
            if not data:
                return bytes(connection.query(statement, "TabSeparated", params=given).bytes())
            with tempfile.NamedTemporaryFile(suffix=".native") as file:
                file.write(data)
                file.flush()
                into, _, _ = statement.rpartition("FORMAT")
                return bytes(connection.query(f"{into} FROM INFILE {_quoted(file.name)} FORMAT Native", "Null").bytes())
        finally:
            connection.close()

    def _refuse(self, message: str) -> None:
        found = _CODE.search(message)
        code, text = (found[1], found[0]) if found else ("1001", message)
        content = f"{text} (version 26.9.2.1)\n".encode()
        self._answer(_STATUSES.get(code, 500), content, {"X-ClickHouse-Exception-Code": code})

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        packed = content
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status == 200 and "gzip" in self.headers.get("Accept-Encoding", "") and len(content) > 100:
            import gzip

            packed = gzip.compress(content, 1)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("X-ClickHouse-Summary", '{"written_rows":"0"}')
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        self.wfile.write(packed)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _unpacked(body: bytes, encoding: str) -> bytes:
    """What was packed; the client packs each block of rows as a frame of its own."""
    if encoding == "lz4":
        frame = import_module("lz4.frame").LZ4FrameDecompressor
    elif encoding == "zstd":
        frame = import_module("backports.zstd").ZstdDecompressor
    else:
        return body
    found = b""
    while body:
        one = frame()
        found += one.decompress(body)
        if not one.eof:
            raise ValueError("the body ends within a frame")
        body = one.unused_data or b""
    return found


def _fields(kind: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """The fields of a form, and its files by name."""
    form: Message = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    parts = form.get_payload()
    assert isinstance(parts, list)
    found, files = {}, {}
    for part in parts:
        assert isinstance(part, Message)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        name = str(part.get_param("name", header="content-disposition"))
        if part.get_filename() is None:
            found[name] = content.decode()
        else:
            files[name] = content
    return found, files


class Server:
    """A running server: its address, and what a test asks of it."""

    def __init__(self, directory: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.clickhouse_server", str(directory)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    @property
    def address(self) -> str:
        """The address of the database `saludo`."""
        return f"clickhouse://{USER}@127.0.0.1:{self.port}/saludo"

    def fault(self, kind: str, match: str, after: int = 0) -> None:
        """Spoils the next statement with `match` in it, after so many others that have it.

        Args:
            kind: "lost": it is done, and the connection closed without an answer; "gone": the server ends before it;
                "old": the server says that it is of 2023; "slow": it waits for 3 s.
            match: a part of the statement.
        """
        asked = f"kind={kind}&match={quote(match)}&after={after}"
        urllib.request.urlopen(f"http://127.0.0.1:{self.port}/fault?{asked}").close()

    def faults_left(self) -> int:
        """How many faults no statement has met yet."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/left") as answer:
            return int(answer.read())

    def end(self) -> None:
        """Ends the server."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def running_server(directory: Path) -> Iterator[Server]:
    """A server, ended with the context; its files are in a directory, from which another server can go on."""
    server = Server(directory)
    try:
        yield server
    finally:
        server.end()


def _serve(directory: str) -> None:
    _Handler.path_of_engine = directory
    keeps = import_module("chdb").connect(directory)  # the engine would end with its last connection
    keeps.query("CREATE DATABASE IF NOT EXISTS saludo")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(sys.argv[1])
