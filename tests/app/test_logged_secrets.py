"""No secret is in any line of the log."""

import json
import logging
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import logging as bot_logging
from bot.app.logging import REDACTED, EnteredSecrets, SingleLineFormatter
from bot.interactions.components import SECRET_FORM
from tests.app.log_lines import FORMS, INTERACTION_TOKEN, KEY, TOKEN, formatted, formatted_exception
from tests.hostile_text import few, hostile_texts


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_secret_is_blotted_out(text: str) -> None:
    line = formatted("%s", text)
    assert REDACTED in line
    assert not any(part in line for part in ("k\\", "'/+", "&=%", "%2F", "#1"))


@pytest.mark.parametrize("text", ["{}", "Bot {}", "'{}'", "https://a.example/{}/x"])
def test_the_bots_token_is_blotted_out(text: str) -> None:
    assert TOKEN not in formatted(text.format(TOKEN))


def test_a_secret_in_a_traceback_is_blotted_out() -> None:
    line = formatted_exception(RuntimeError(f"bad header {TOKEN}"))
    assert f"bad header {REDACTED}" in line
    assert TOKEN not in line


def test_a_secret_in_the_causing_exception_is_blotted_out() -> None:
    error = RuntimeError("outer")
    error.__cause__ = ValueError(f"inner {TOKEN}")
    line = formatted_exception(error)
    assert "ValueError: inner" in line
    assert TOKEN not in line


def test_a_secret_that_begins_like_another_is_blotted_out_whole() -> None:
    assert formatted("secretive", secrets=("secret", "secretive")).endswith(f": {REDACTED}")


def test_the_cads_sentence_about_a_bearer_token_is_kept() -> None:
    sentence = "A valid API key is required as a Bearer token.): check SONORAN_API_KEY"
    assert formatted("%s", sentence).endswith(sentence)
    assert "tokenish" not in formatted("Bearer tokenish-and-long")


def test_an_empty_secret_blots_nothing() -> None:
    assert formatted("nothing to hide", secrets=("",)).endswith(": nothing to hide")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12), hostile_texts(5))
def test_no_secret_survives_anywhere(secret: str, around: str) -> None:
    text = f"{around}{secret}{around}{json.dumps(secret)}{around}{quote(secret, safe='')}"
    line = formatted("%s", text, secrets=(secret,))
    kept = line.replace(REDACTED, "").split("a.b: ", 1)[1]
    assert secret not in kept or secret in around


ADDRESSES = (
    "https://discord.com/api/v10/webhooks/123/{}/messages/@original",
    "https://discord.com/api/v10/webhooks/123/{}",
    "https://discord.com/api/v10/webhooks/123/{}?wait=true",
    "https://discord.com/api/v10/interactions/456/{}/callback",
    "POST http://127.0.0.1:80/api/v10/interactions/456/{}/callback with {{'type': 5}} has 204",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_token_in_an_interactions_address_is_blotted_out(address: str) -> None:
    line = formatted("%s", address.format(INTERACTION_TOKEN))
    assert line.endswith(address.format(REDACTED))


def test_an_escaped_token_in_an_address_is_blotted_out() -> None:
    line = formatted("%s", "/webhooks/123/aW50ZXJhY3Rpb24%3D%3D/messages/1")
    assert line.endswith(f"/webhooks/123/{REDACTED}/messages/1")


PAYLOAD = {"op": 0, "t": "INTERACTION_CREATE", "d": {"token": INTERACTION_TOKEN, "type": 2}}


@pytest.mark.parametrize(
    "text",
    [
        repr(PAYLOAD),
        json.dumps(PAYLOAD),
        json.dumps(PAYLOAD, separators=(",", ":")),
        json.dumps(PAYLOAD, indent=1),
        json.dumps(json.dumps(PAYLOAD)),
        repr(json.dumps(PAYLOAD).encode()),
    ],
)
def test_the_token_in_a_gateway_payload_is_blotted_out(text: str) -> None:
    line = formatted("%s", text)
    assert INTERACTION_TOKEN not in line
    assert "INTERACTION_CREATE" in line
    assert "type" in line


@pytest.mark.parametrize("name", ["token", "key", "session_id"])
def test_a_payloads_secret_fields_are_blotted_out(name: str) -> None:
    assert formatted("%s", {name: "abc", "id": "5"}).endswith(
        f"{{'{name}': '{REDACTED}', 'id': '5'}}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bot {}",
        "{{'Authorization': 'Bot {}', 'X': '1'}}",
        '{{"Authorization": "Bot {}"}}',
        "Authorization: Bearer {}",
        "{{'authorization': 'Bot {}'}}",
        "authorization: bearer {}",
        "<CIMultiDict('Authorization': 'Bearer {}')>",
    ],
)
def test_the_credential_in_an_authorization_header_is_blotted_out(text: str) -> None:
    line = formatted("%s", text.format("abc.def-ghi"))
    assert "abc.def-ghi" not in line
    assert REDACTED in line


def test_an_ordinary_line_is_left_alone() -> None:
    message = "interaction=123 call=5 note added (trace abc)"
    assert formatted(message).endswith(f": {message}")


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> EnteredSecrets:
    monkeypatch.setattr(bot_logging, "ENTERED", EnteredSecrets())
    return bot_logging.ENTERED


def test_a_secret_that_was_entered_meanwhile_is_blotted_out(entered: EnteredSecrets) -> None:
    formatter = SingleLineFormatter([TOKEN])
    record = logging.LogRecord("a.b", logging.INFO, __file__, 1, f"{KEY} {TOKEN}", (), None)
    assert KEY in formatter.format(record)
    entered.add([KEY, ""])
    assert formatter.format(record).endswith(f": {REDACTED} {REDACTED}")


def test_what_is_tried_is_blotted_out_meanwhile_unless_it_is_a_word(
    entered: EnteredSecrets,
) -> None:
    with entered.redacted("tried-key"), entered.redacted("word"):
        with entered.redacted("tried-key"):
            pass
        assert formatted("tried-key word").endswith(f": {REDACTED} word")
    assert formatted("tried-key").endswith("tried-key")


def test_what_turned_out_to_be_a_secret_while_it_was_tried_stays_blotted_out(
    entered: EnteredSecrets,
) -> None:
    with entered.redacted("tried-key"):
        entered.add(["tried-key"])
    assert formatted("tried-key").endswith(f": {REDACTED}")


@few
@given(hostile_texts(5))
def test_nothing_of_a_secret_form_is_in_the_log(value: str) -> None:
    payload = {"op": 0, "d": {"components": [{"value": f"secret-{value}"}], "custom_id": FORM}}
    for text in (payload, json.dumps(payload), {"custom_id": FORM, "value": f"secret-{value}"}):
        line = formatted("For Shard ID 0: WebSocket Event: %s", text)
        assert line.endswith("For Shard ID 0: WebSocket Event: {" + REDACTED)


FORM = f"{SECRET_FORM}credentials"
