import pytest

from bot.sonoran.transport import checked_base_url
from tests.cases import cases


@cases(
    ("text", "address"),
    [
        ("https://api.sonorancad.com", "https://api.sonorancad.com/"),
        (" https://api.sonorancad.com/ ", "https://api.sonorancad.com/"),
        ("HTTPS://API.EXAMPLE", "https://api.example/"),
        ("https://cad.example:8443/behind/", "https://cad.example:8443/behind"),
        ("https://192.0.2.1", "https://192.0.2.1/"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("http://127.8.8.8", "http://127.8.8.8/"),
        ("http://[::1]:8080", "http://[::1]:8080/"),
        ("http://localhost:8080", "http://localhost:8080/"),
    ],
)
def test_a_safe_address_is_taken(text: str, address: str) -> None:
    assert str(checked_base_url(text)) == address


@cases(
    "text",
    [
        "",
        "api.sonorancad.com",
        "//api.sonorancad.com",
        "https:api.sonorancad.com",
        "https://",
        "https:///path",
        "http://api.sonorancad.com",
        "http://0.0.0.0",
        "http://192.168.0.1",
        "http://127.1",
        "http://2130706433",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://127.0.0.1@example.com",
        "ftp://api.sonorancad.com",
        "file:///etc/hosts",
        "https://user@api.sonorancad.com",
        "https://:secret@api.sonorancad.com",
        "https://api.sonorancad.com?x=1",
        "https://api.sonorancad.com#x",
        "https://api.sonorancad.com:99999",
        "https://api.sonorancad.com:x",
        "https://[::1",
    ],
)
def test_any_other_address_is_turned_down_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a(n| plain https) address$") as caught:
        checked_base_url(text)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
