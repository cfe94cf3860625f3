"""Every way that people keep webhooks in logs, for tests: functions from the JSON text of webhooks to a file."""

from __future__ import annotations

import base64
import csv
import gzip
import html
import io
import json
import pprint
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

Wrap = Callable[[str], str]

STAMP = "2026-11-18T15:00:00Z"


def nginx(text: str) -> str:
    """What nginx writes for a variable with `escape=default`."""
    return "".join(chr(one) if 32 <= one < 127 and one not in b'"\\' else f"\\x{one:02X}" for one in text.encode())


def mysql(text: str) -> str:
    """The text inside the quotes of a dump."""
    for sign, escaped in (("\\", "\\\\"), ("'", "\\'"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(sign, escaped)
    return text


def postgres_copy(text: str) -> str:
    """A field of COPY."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def ruby(value: object) -> str:
    """What Ruby's `inspect` shows."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}=>{ruby(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(ruby, value)) + "]"
    return "nil" if value is None else json.dumps(value, ensure_ascii=False)


def console(value: object) -> str:
    """What JavaScript's console shows at any depth."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key}: {console(member)}" for key, member in value.items()) + " }"
    if isinstance(value, list):
        return "[ " + ", ".join(map(console, value)) + " ]"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
    return json.dumps(value)


def cells(*row: str, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    """One row of a CSV file."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="").writerow(row)  # type: ignore[arg-type]
    return out.getvalue()


def _json(**members: object) -> str:
    return json.dumps(members, ensure_ascii=False)


def _pretty(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False)


LINES: dict[str, Wrap] = {
    # What writes a body as text escapes its quotes.
    "nginx escape=default": lambda text: f'10.0.0.1 - - [18/Nov/2026] "POST /hook HTTP/1.1" 200 0 "-" "{nginx(text)}"',
    "nginx escape=default in a JSON log": lambda text: (
        f'{{"time":"{STAMP}","request_body":"{nginx(text)}","status":200}}'
    ),
    "nginx escape=json": lambda text: _json(time=STAMP, request_body=text, status="200"),
    "nginx escape=none in a JSON log": lambda text: f'{{"time":"{STAMP}","request_body":"{text}","status":200}}',
    "JSON text": lambda text: json.dumps(text),
    "JSON text twice over": lambda text: json.dumps(json.dumps(text)),
    "JSON text three times over": lambda text: json.dumps(json.dumps(json.dumps(text))),
    "JSON text in ASCII behind a prefix": lambda text: f"INFO {STAMP} received: {json.dumps(text, ensure_ascii=True)}",
    "member twice over": lambda text: _json(level="info", body=json.dumps(text)),
    "member three times over": lambda text: _json(level="info", data=_json(detail=_json(body=text))),
    "PHP with JSON_HEX_QUOT": lambda text: "[2026-11-18] hook.INFO: " + json.dumps(text).replace('\\"', "\\u0022"),
    "SQL dump of MySQL": lambda text: f"INSERT INTO `hooks` VALUES (1,'{mysql(text)}','{STAMP}');",
    "SQL dump of PostgreSQL": lambda text: f"INSERT INTO hooks VALUES (1, '{text.replace(chr(39), chr(39) * 2)}');",
    "COPY of PostgreSQL": lambda text: f"1\t{postgres_copy(text)}\t{STAMP}",
    "form": lambda text: f"payload={quote_plus(text)}",
    "form with more members": lambda text: f"a=1&payload={quote(text)}&b=%20",
    "form twice over": lambda text: f"body={quote(f'payload={quote_plus(text)}')}",
    "form in a JSON log": lambda text: _json(method="POST", body=f"payload={quote_plus(text)}"),
    "HTML or XML": lambda text: f"<entry><body>{html.escape(text)}</body></entry>",
    "base64": lambda text: _json(isBase64Encoded=True, body=base64.b64encode(text.encode()).decode()),
    "CSV cell": lambda text: cells("7", STAMP, text),
    "CSV cell, all quoted": lambda text: cells("7", text, STAMP, quoting=csv.QUOTE_ALL),
    "CSV cell, semicolons": lambda text: cells("7", text, "", delimiter=";"),
    "CSV cell with JSON text": lambda text: cells("7", json.dumps(text), STAMP),
    "TSV cell": lambda text: f"7\t{STAMP}\t{text}",
    "rsyslog": lambda text: f"Nov 18 15:00:00 web app[7]: {_pretty(text)}".replace("\n", "#012"),
    "SQL dump of SQLite": lambda text: f"INSERT INTO hooks VALUES(1,'{text.replace(chr(39), chr(39) * 2)}','');",
    "gzip in base64": lambda text: _json(awslogs={"data": base64.b64encode(gzip.compress(text.encode())).decode()}),
    "bytes of journald": lambda text: _json(MESSAGE=list(text.encode()), PRIORITY="6"),
    "buffer of Node": lambda text: _json(body={"type": "Buffer", "data": list(text.encode())}),
    # What programs print of it.
    "Python dict": lambda text: repr(json.loads(text)),
    "Python dict behind a prefix": lambda text: f"INFO:root:{{7}} received {json.loads(text)!r} in 3 ms",
    "Python dict with JSON text": lambda text: repr({"headers": {"a": None}, "body": text}),
    "Python dict with bytes": lambda text: repr({"ok": True, "body": text.encode()}),
    "Python bytes": lambda text: f"DEBUG {text.encode()!r}",
    "Python dict in a JSON log": lambda text: _json(level="INFO", message=f"received {json.loads(text)!r}"),
    "Python pprint": lambda text: pprint.pformat(json.loads(text), width=60),
    "Ruby hash": lambda text: f"  Parameters: {ruby(json.loads(text))}",
    "JavaScript console": lambda text: f"received {console(json.loads(text))}",
    # What collects logs.
    "journald": lambda text: _json(__REALTIME_TIMESTAMP="1", MESSAGE=f"hook {text}", _PID="7"),
    "ELK": lambda text: _json(_index="logs", _source={"message": text, "event": {"original": text}}),
    "ELK search": lambda text: _json(hits={"hits": [{"_id": "1", "_source": {"http": {"body": text}}}]}),
    "CloudWatch export": lambda text: _json(events=[{"timestamp": 1, "message": text}], nextToken="x"),
    "CloudWatch subscription": lambda text: _json(
        owner="1", logEvents=[{"id": "1", "message": f"{STAMP}\tINFO\t{text}\n"}]
    ),
    "Loki lines": lambda text: _json(labels={"app": "hook"}, timestamp=STAMP, line=text),
    "Loki streams": lambda text: _json(streams=[{"stream": {"a": "b"}, "values": [["1795014000", text]]}]),
    "Loki query": lambda text: _json(status="success", data={"result": [{"values": [["1", text], ["2", "{}"]]}]}),
    "Splunk": lambda text: _json(preview=False, result={"_raw": f"{STAMP} {text}", "host": "a"}),
    "Docker": lambda text: _json(log=f"hook: {text}\n", stream="stdout", time=STAMP),
    "Stackdriver": lambda text: _json(insertId="1", jsonPayload={"request": {"body": json.loads(text)}}),
    "EventBridge": lambda text: _json(version="0", source="hook", detail=json.loads(text)),
    "SQS of SNS": lambda text: _json(Records=[{"body": _json(Type="Notification", Message=text)}]),
    "request_body": lambda text: _json(request_body=json.loads(text)),
    "req.body": lambda text: _json(req={"method": "POST", "body": json.loads(text)}, level=30),
    "flat req.body": lambda text: json.dumps({"req.body": text}),
    "raw_payload": lambda text: _json(id=7, raw_payload=text),
    "webhook": lambda text: _json(webhook=json.loads(text), received_at=STAMP),
    "member of any name": lambda text: _json(a={"b": {"c": [{"d": text}]}}),
    "kept twice": lambda text: _json(raw=text, parsed=json.loads(text)),
    "HAR": lambda text: _json(log={"entries": [{"request": {"postData": {"mimeType": "a", "text": text}}}]}),
    "pretty HAR": lambda text: _pretty(_json(log={"entries": [{"request": {"postData": {"text": text}}}]})),
    "pretty in a CSV cell": lambda text: cells("7", _pretty(text), STAMP),
    "pretty in a dump of MySQL": lambda text: f"(1,'{mysql(_pretty(text))}'),",
}


def _together(texts: Iterable[str]) -> list[object]:
    return [{"timestamp": 1, "message": text} for text in texts]


# All webhooks in one record.
WHOLE: dict[str, Callable[[list[str]], str]] = {
    "one INSERT": lambda texts: (
        "INSERT INTO `hooks` VALUES " + ",".join(f"(1,'{mysql(text)}')" for text in texts) + ";"
    ),
    "CloudWatch": lambda texts: _json(events=_together(texts)),
    "Loki": lambda texts: _json(streams=[{"values": [["1", text] for text in texts]}]),
    "HAR": lambda texts: _json(log={"entries": [{"request": {"postData": {"text": text}}} for text in texts]}),
    "object of objects": lambda texts: _json(**{f"-N{number}": json.loads(text) for number, text in enumerate(texts)}),
    "array as text": lambda texts: json.dumps(f"[{','.join(texts)}]"),
    "list in Python's form": lambda texts: repr([json.loads(text) for text in texts]),
    "lines in a text": lambda texts: _json(log="\n".join(texts)),
}
