"""Ends with status 0 if the bot in this container answers; Docker runs it."""

import os
import sys
from urllib.request import ProxyHandler, build_opener

SECONDS = 4.0

address = os.environ.get("METRICS_ADDRESS", "")
if not address:
    sys.exit()  # the bot was told not to answer anybody
host, _, port = address.rpartition(":")
try:
    # Not through HTTPS_PROXY and the like, which are for the world outside.
    answer = build_opener(ProxyHandler({})).open(
        f"http://{host or '127.0.0.1'}:{port}/livez", timeout=SECONDS
    )
except OSError as error:
    sys.exit(f"Callnote does not answer at {address}: {error}")
print(answer.status, answer.reason)
