"""Lines as the log has them, and secrets that may come into them in many forms."""

import json
import logging
import sys
from urllib.parse import quote, quote_plus

from bot.app.logging import SingleLineFormatter

TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
KEY = "k\\e\"y'/+&=%~#1"
INTERACTION_TOKEN = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5OmFiYw-_.~x"


def formatted(message: str, *arguments: object, secrets: tuple[str, ...] = (TOKEN, KEY)) -> str:
    record = logging.LogRecord("a.b", logging.INFO, __file__, 1, message, arguments, None)
    return SingleLineFormatter(secrets).format(record)


def formatted_exception(error: Exception, secrets: tuple[str, ...] = (TOKEN, KEY)) -> str:
    try:
        raise error
    except type(error):
        record = logging.LogRecord(
            "a.b", logging.ERROR, __file__, 1, "failed", (), sys.exc_info(), "f", "stack\nlines"
        )
    return SingleLineFormatter(secrets).format(record)


FORMS = {
    "as it is": KEY,
    "in a sentence": f"the key '{KEY}' was turned down",
    "in JSON": json.dumps({"id": "c", "x": KEY}),
    "in a dict's repr": repr({"x": KEY}),
    "in an address": f"https://a.example/?k={quote(KEY, safe='')}&x=1",
    "in a form": f"k={quote_plus(KEY)}",
    "twice": f"{KEY} {KEY}",
    "glued": f"x{KEY}x",
}
