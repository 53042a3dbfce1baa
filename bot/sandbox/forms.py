"""The form that answered an interaction: as people see it, and as they fill it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.sandbox.discord import Interaction
from bot.sandbox.discord.component_validation import STRING_SELECT, walk
from bot.sandbox.discord.errors import JSON
from bot.sandbox.naming import named


def form_fields(form: Interaction) -> dict[str, JSON]:
    """Return the fields of the form that answered an interaction, by what their ids begin with."""
    components = walk((form.modal or {}).get("components", []))
    fields = (each for each in components if each.get("custom_id"))
    return {each["custom_id"].partition(":")[0]: each for each in fields}


def form_values(form: Interaction, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a form's fields by their ids.

    `texts` are by what the ids begin with, in a select the name of a choice or its value. Raises
    `LookupError` for a field or choice that is not there.
    """
    values: dict[str, str] = {}
    for name, text in texts.items():
        field = named(name, form_fields(form), "field")
        value = text
        if field["type"] == STRING_SELECT:
            choices = {option["label"]: option["value"] for option in field["options"]}
            choices |= {f"#{each}": each for each in choices.values()}
            value = named(
                text if text in choices else f"#{text.removeprefix('#')}", choices, "choice"
            )
        values[field["custom_id"]] = value
    return values


def in_order(form: Interaction, texts: Sequence[str]) -> dict[str, str]:
    """Return texts that were typed in the order of the fields, by what their ids begin with."""
    return dict(zip(form_fields(form), texts, strict=False))


def form_as_shown(form: Interaction, person: str) -> str:
    """Return what a person sees of a form: what it asks for, what it offers, what is in it."""
    modal, fields = form.modal or {}, form_fields(form)
    title = f"(only the {person} sees this form) {modal.get('title')}"
    if not any(field.get("options") or field.get("value") for field in fields.values()):
        labels = [
            label["label"]
            + ("" if label["component"].get("required", True) else " (may be left out)")
            for label in modal["components"]
        ]
        return f"{title}\n  fill: {', '.join(labels)}"
    lines = [title]
    for name, field in fields.items():
        lines.append(f"  {name}:")
        for option in field.get("options", []):
            mark = "*" if option.get("default") else "-"
            lines.append(f"    {mark} {option['label']}")
        lines += [f"    {line}" for line in str(field.get("value") or "").splitlines()]
    return "\n".join([*lines, f"  submit {next(iter(fields))}:…"])
