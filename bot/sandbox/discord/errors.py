"""Errors in the form in which Discord's REST interface answers them."""

from typing import Any

JSON = dict[str, Any]
"""A JSON object as it goes over the wire."""


class ApiError(Exception):
    """A request was refused.

    `status` is the HTTP status, `code` Discord's own error code (Discord API docs, Opcodes and
    Status Codes, "JSON Error Codes"), `errors` the nested description of wrong form fields.
    """

    def __init__(self, status: int, code: int, message: str, errors: JSON | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.errors = errors

    def body(self) -> JSON:
        """Return the JSON object that the client gets."""
        body: JSON = {"message": str(self), "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class FormErrors:
    """Collects what is wrong with a request body and refuses it all at once.

    Source: Discord API docs, API Reference, "Error Messages": the path of a field is a chain of
    objects (list positions as text) that ends in `_errors`.
    """

    def __init__(self) -> None:
        self._errors: JSON = {}

    def add(self, path: tuple[str, ...], code: str, message: str) -> None:
        """Note one fault: `path` from the body's root, Discord's symbolic code, a sentence."""
        place = self._errors
        for step in path:
            place = place.setdefault(step, {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def raise_if_any(self) -> None:
        """Raise `ApiError` 400 with code 50035 if anything was noted."""
        if self._errors:
            raise ApiError(400, 50035, "Invalid Form Body", self._errors)

    def check_length(
        self, value: object, path: tuple[str, ...], *, least: int = 0, most: int
    ) -> None:
        """Note a fault unless `value` is text of `least` to `most` characters."""
        if not isinstance(value, str):
            self.add(path, "STRING_TYPE_CONVERT", f"Could not interpret {value!r} as string.")
        elif least and not least <= len(value) <= most:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        elif len(value) > most:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    def check_list(self, value: object, path: tuple[str, ...], *, most: int) -> bool:
        """Return whether `value` is a list of at most `most` entries, noting a fault if not."""
        if not isinstance(value, list):
            self.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return False
        if len(value) > most:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
            return False
        return True


def unauthorized() -> ApiError:
    """Return the answer to a missing or wrong bot token."""
    return ApiError(401, 0, "401: Unauthorized")


def unknown_route() -> ApiError:
    """Return the answer to a path that does not exist."""
    return ApiError(404, 0, "404: Not Found")


def unknown_channel() -> ApiError:
    """Return Discord's error 10003."""
    return ApiError(404, 10003, "Unknown Channel")


def unknown_member() -> ApiError:
    """Return Discord's error 10007."""
    return ApiError(404, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    """Return Discord's error 10008."""
    return ApiError(404, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    """Return Discord's error 10013."""
    return ApiError(404, 10013, "Unknown User")


def unknown_webhook() -> ApiError:
    """Return Discord's error 10015."""
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    """Return Discord's error 10062."""
    return ApiError(404, 10062, "Unknown interaction")


def unknown_guild() -> ApiError:
    """Return Discord's error 10004."""
    return ApiError(404, 10004, "Unknown Guild")


def already_acknowledged() -> ApiError:
    """Return Discord's error 40060."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def missing_access() -> ApiError:
    """Return Discord's error 50001."""
    return ApiError(403, 50001, "Missing Access")


def not_the_author() -> ApiError:
    """Return Discord's error 50005."""
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> ApiError:
    """Return Discord's error 50006."""
    return ApiError(400, 50006, "Cannot send an empty message")


def missing_permissions() -> ApiError:
    """Return Discord's error 50013."""
    return ApiError(403, 50013, "Missing Permissions")


def archived_thread() -> ApiError:
    """Return Discord's error 50083."""
    return ApiError(400, 50083, "Tried to perform an operation on an archived thread")


def invalid_webhook_token() -> ApiError:
    """Return Discord's error 50027."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def invalid_json() -> ApiError:
    """Return Discord's error 50109."""
    return ApiError(400, 50109, "The request body contains invalid JSON.")
