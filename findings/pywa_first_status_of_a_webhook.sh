#!/usr/bin/env bash
# pywa 4.5.0 gives the handlers of statuses only the first status of a webhook and answers 200: Meta then never sends the others
# again. The Cloud API's `statuses` is an array. A log that such a handler writes lacks the rest; the raw update, which
# on_raw_update hands over, has them all. Reported for 4.4.0 (issue 229 of the project). Seen with Python 3.11.7.
# For saludo: docs/formats.md says to log the body of the request as it came.
set -euo pipefail
directory="$(mktemp -d)"
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check pywa==4.5.0
cat > statuses.py <<'PYTHON'
import json
import time
from importlib.metadata import version

from pywa import WhatsApp

client = WhatsApp(phone_id="1", token="not-used", server=None)
handled, raw = [], []
client.on_message_status(lambda _, status: handled.append(status.id))
client.on_raw_update(lambda _, update: raw.append(dict(update)))


def status(id, name):
    return {"id": id, "status": name, "timestamp": "1795000000", "recipient_id": "5491155550001"}


value = {
    "messaging_product": "whatsapp",
    "metadata": {"display_phone_number": "15550001111", "phone_number_id": "1"},
    "contacts": [{"wa_id": "5491155550001", "user_id": "AR.1", "profile": {"name": "Ana"}}],
    "statuses": [status("wamid.A", "sent"), status("wamid.B", "sent"), status("wamid.C", "read")],
}
change = {"field": "messages", "value": value}
body = {"object": "whatsapp_business_account", "entry": [{"id": "9", "changes": [change]}]}
_, code = client.webhook_update_handler(json.dumps(body).encode())
deadline = time.monotonic() + 10
while not (handled and raw) and time.monotonic() < deadline:
    time.sleep(0.1)
time.sleep(0.5)  # for handlers that would still come
(update,) = raw
in_raw = [one["id"] for one in update["entry"][0]["changes"][0]["value"]["statuses"]]
print("pywa", version("pywa"), "answered", code)
print("handled:", *handled)
print("raw:", *in_raw)
PYTHON
environment/bin/python --version
environment/bin/python statuses.py | tee seen.txt
grep -qx "pywa 4.5.0 answered 200" seen.txt
grep -qx "handled: wamid.A" seen.txt
grep -qx "raw: wamid.A wamid.B wamid.C" seen.txt
