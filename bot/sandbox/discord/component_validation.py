"""The rules for buttons, selects and other message components.

Source: Discord API docs, Components Reference; maximum lengths from discord/discord-api-spec.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from bot.sandbox.discord.errors import JSON, FormErrors

ACTION_ROW = 1
BUTTON = 2
STRING_SELECT = 3
TEXT_INPUT = 4
USER_SELECT = 5
ROLE_SELECT = 6
CHANNEL_SELECT = 8
TEXT_DISPLAY = 10
LABEL = 18

SELECTS = {STRING_SELECT, USER_SELECT, ROLE_SELECT, CHANNEL_SELECT}
_LINK_STYLE = 5
_PREMIUM_STYLE = 6
_LEGACY_TYPES = {ACTION_ROW}

# Select Default Value Structure: what the defaults of each select may name.
_DEFAULT_TYPES = {
    USER_SELECT: {"user"},
    ROLE_SELECT: {"role"},
    CHANNEL_SELECT: {"channel"},
}

LONGEST_CUSTOM_ID = 100
MOST_VALUES = 25
MOST_COMPONENTS = 40
MOST_ROWS = 5
MOST_MODAL_COMPONENTS = 5
LONGEST_DISPLAYED_TEXT = 4000


def walk(components: list[JSON]) -> Iterator[JSON]:
    """Yield every component of a message or modal, outer ones before inner ones."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        inner = [component[key] for key in ("accessory", "component") if component.get(key)]
        yield from walk(inner)


def with_ids(components: list[JSON]) -> list[JSON]:
    """Return a copy in which every component has an id: Discord numbers them from 1."""
    copied = deepcopy(components)
    for number, component in enumerate(walk(copied), 1):
        component.setdefault("id", number)
    return copied


def value_limits(select: JSON) -> tuple[int, int]:
    """Return how many values a select takes at least and at most; without a word it is one."""
    least, most = select.get("min_values"), select.get("max_values")
    return (1 if least is None else least), (1 if most is None else most)


def displayed_texts(components: list[JSON]) -> list[str]:
    """Return the contents of the text displays."""
    return [str(c.get("content", "")) for c in walk(components) if c.get("type") == TEXT_DISPLAY]


def check_message_components(
    components: object, errors: FormErrors, path: tuple[str, ...], *, version_2: bool
) -> list[JSON]:
    """Return the components of a message, noting what is wrong with them."""
    if not _are_objects(components, errors, path):
        return []
    assert isinstance(components, list)  # noqa: S101 - for the type checker
    if version_2:
        if len(list(walk(components))) > MOST_COMPONENTS:
            errors.add(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "Too many components")
        if sum(map(len, displayed_texts(components))) > LONGEST_DISPLAYED_TEXT:
            errors.add(
                path,
                "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
                f"Total text must be {LONGEST_DISPLAYED_TEXT} or fewer in length.",
            )
    elif len(components) > MOST_ROWS:
        errors.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_ROWS} or fewer in length.")
    for index, component in enumerate(components):
        place = (*path, str(index))
        if not version_2 and component.get("type") not in _LEGACY_TYPES:
            errors.add(
                (*place, "type"), "UNION_TYPE_CHOICES", "Value of field must be one of (1,)."
            )
        _check_component(component, errors, place)
    _check_unique(components, errors, path)
    return components


def check_modal(data: object, errors: FormErrors, path: tuple[str, ...]) -> None:
    """Note what is wrong with the data of a modal (same page, "Modal Components")."""
    if not isinstance(data, dict):
        errors.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        return
    for key, most in (("custom_id", LONGEST_CUSTOM_ID), ("title", 45)):
        errors.check_length(data.get(key), (*path, key), least=1, most=most)
    components = data.get("components")
    place = (*path, "components")
    if not _are_objects(components, errors, place):
        return
    assert isinstance(components, list)  # noqa: S101 - for the type checker
    if not 1 <= len(components) <= MOST_MODAL_COMPONENTS:
        errors.add(place, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for index, component in enumerate(components):
        if component.get("type") not in {ACTION_ROW, LABEL, TEXT_DISPLAY}:
            errors.add(
                (*place, str(index), "type"),
                "UNION_TYPE_CHOICES",
                "Value of field must be one of (1, 10, 18).",
            )
        _check_component(component, errors, (*place, str(index)))
    _check_unique(components, errors, place)


def _are_objects(components: object, errors: FormErrors, path: tuple[str, ...]) -> bool:
    if isinstance(components, list) and all(isinstance(c, dict) for c in components):
        return True
    errors.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    return False


def _check_component(component: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    kind = component.get("type")
    if kind == BUTTON:
        _check_button(component, errors, path)
    elif kind in SELECTS:
        _check_select(component, errors, path)
    elif kind == TEXT_INPUT:
        _check_text_input(component, errors, path)
    elif kind == TEXT_DISPLAY:
        content = component.get("content")
        errors.check_length(content, (*path, "content"), least=1, most=LONGEST_DISPLAYED_TEXT)
    elif kind == ACTION_ROW:
        inner = component.get("components") or []
        kinds = [c.get("type") for c in inner]
        if not inner or len(inner) > 5 or (SELECTS & set(kinds) and len(inner) > 1):
            errors.add(
                (*path, "components"),
                "BASE_TYPE_BAD_LENGTH",
                "Must be between 1 and 5 in length.",
            )
    elif kind == LABEL:
        errors.check_length(component.get("label"), (*path, "label"), least=1, most=45)
        if component.get("description") is not None:
            errors.check_length(component["description"], (*path, "description"), most=100)
    for index, inner_component in enumerate(component.get("components") or []):
        _check_component(inner_component, errors, (*path, "components", str(index)))
    for key in ("accessory", "component"):
        if component.get(key):
            _check_component(component[key], errors, (*path, key))


def _check_button(button: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    if button.get("label") is not None:
        errors.check_length(button["label"], (*path, "label"), most=80)
    if button.get("style") not in {_LINK_STYLE, _PREMIUM_STYLE}:
        _check_custom_id(button, errors, path)


def _check_select(select: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    _check_custom_id(select, errors, path)
    if select.get("placeholder") is not None:
        errors.check_length(select["placeholder"], (*path, "placeholder"), most=150)
    least, most = value_limits(select)
    for key, value, lowest in (("min_values", least, 0), ("max_values", most, 1)):
        if not lowest <= value <= MOST_VALUES:
            errors.add(
                (*path, key),
                "NUMBER_TYPE_MAX" if value > MOST_VALUES else "NUMBER_TYPE_MIN",
                f"int value should be between {lowest} and {MOST_VALUES}.",
            )
    if least > most:
        errors.add((*path, "min_values"), "SELECT_COMPONENT_MIN_VALUES_TOO_LARGE", "Over maximum.")
    if select["type"] == STRING_SELECT:
        _check_select_options(select, errors, path)
    else:
        _check_default_values(select, errors, (*path, "default_values"))


def _check_default_values(select: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    """Their number has to fit `min_values` and `max_values`; none at all is no defaults."""
    defaults = select.get("default_values") or []
    if not defaults or not errors.check_list(defaults, path, most=MOST_VALUES):
        return
    least, most = value_limits(select)
    if not least <= len(defaults) <= most:
        message = f"Must be between {least} and {most} in length."
        errors.add(path, "BASE_TYPE_BAD_LENGTH", message)
    allowed = _DEFAULT_TYPES[select["type"]]
    for index, default in enumerate(defaults):
        if default.get("type") not in allowed:
            choices = ", ".join(sorted(allowed))
            errors.add(
                (*path, str(index), "type"), "BASE_TYPE_CHOICES", f"Value must be one of {choices}."
            )
        if not str(default.get("id")).isdecimal():
            errors.add((*path, str(index), "id"), "NUMBER_TYPE_COERCE", "Value is not snowflake.")


def _check_select_options(select: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    options = select.get("options") or []
    if not 1 <= len(options) <= 25:
        errors.add(
            (*path, "options"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length."
        )
    for index, option in enumerate(options):
        place = (*path, "options", str(index))
        for key in ("label", "value"):
            errors.check_length(option.get(key), (*place, key), least=1, most=100)
        if option.get("description") is not None:
            errors.check_length(option["description"], (*place, "description"), most=100)
    if len({option.get("value") for option in options}) != len(options):
        errors.add(
            (*path, "options"),
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
            "The specified option value is already used",
        )


def _check_text_input(text_input: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    _check_custom_id(text_input, errors, path)
    for key, most in (("value", 4000), ("placeholder", 100), ("label", 45)):
        if text_input.get(key) is not None:
            errors.check_length(text_input[key], (*path, key), most=most)
    for key, least in (("min_length", 0), ("max_length", 1)):
        length: Any = text_input.get(key)
        if length is not None and not least <= length <= 4000:
            errors.add(
                (*path, key),
                "NUMBER_TYPE_MAX",
                f"int value should be between {least} and 4000.",
            )


def _check_custom_id(component: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    custom_id = component.get("custom_id")
    errors.check_length(custom_id, (*path, "custom_id"), least=1, most=LONGEST_CUSTOM_ID)


def _check_unique(components: list[JSON], errors: FormErrors, path: tuple[str, ...]) -> None:
    custom_ids = [c["custom_id"] for c in walk(components) if c.get("custom_id")]
    if len(set(custom_ids)) != len(custom_ids):
        errors.add(
            path, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
        )
