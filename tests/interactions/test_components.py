"""What was entered into a form is read whatever was sent."""

from __future__ import annotations

from bot.interactions.components import field_values
from tests.cases import cases

FIELD = {"type": 4, "id": 2, "custom_id": "key", "value": " secret\n"}


def test_fields_are_read_in_labels_and_in_rows_without_space_around() -> None:
    select = {"type": 3, "id": 4, "custom_id": "call", "values": ["123", "124"]}
    row = {"type": 1, "components": [{**FIELD, "custom_id": "id", "value": ""}]}
    label = {"type": 18, "id": 1, "component": FIELD}
    chosen = {"type": 18, "id": 3, "component": select}
    data = {"custom_id": "form", "components": [label, chosen, row]}
    assert field_values(data) == {"key": "secret", "call": "123", "id": ""}


@cases(
    "component",
    [
        None,
        5,
        [],
        "text",
        {"components": 5},
        {"component": [FIELD]},
        {"custom_id": "key"},
        {"custom_id": ["key"], "value": "secret"},
        {"custom_id": "key", "value": None},
        {"custom_id": "key", "value": ["secret"]},
        {"custom_id": "key", "values": []},
        {"custom_id": "key", "values": [["secret"]]},
    ],
)
def test_what_is_not_as_discord_sends_it_is_left_out(component: object) -> None:
    assert field_values({"custom_id": "form", "components": [component]}) == {}
    assert field_values({"components": component}) == {}
