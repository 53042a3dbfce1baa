"""Imports run one way, so that each part can be read and tested without those above it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Which of our packages and foreign libraries a part must not import, by the part's path.
FORBIDDEN = {
    "bot/sonoran": ("discord", "cogs", "bot"),
    "bot/storage": ("discord", "cogs", "bot"),
    "bot/outbox": ("discord", "cogs", "bot"),
    "bot/sandbox/discord": ("discord", "cogs", "bot"),
    "bot/sandbox/sonoran": ("discord", "cogs", "bot"),
    "bot/interactions": ("cogs", "bot"),
    "bot/settings": ("cogs", "bot"),
    "bot/communities": ("cogs", "bot.app", "bot.health", "bot.notes", "bot.sandbox"),
    "bot/notes": ("cogs", "bot.app", "bot.health", "bot.sandbox"),
    "bot/health": ("cogs", "bot.app", "bot.sandbox"),
    "bot/sandbox": ("cogs", "tests"),
    "bot": ("cogs", "tests", "bot.sandbox"),
    "cogs": ("tests", "bot.sandbox", "bot.app.lifecycle", "bot.config"),
}
ALLOWED = {
    "bot/sonoran": ("bot.sonoran",),
    "bot/storage": ("bot.storage",),
    "bot/outbox": ("bot.outbox", "bot.sonoran", "bot.storage"),
    "bot/sandbox/discord": ("bot.sandbox.discord",),
    "bot/sandbox/sonoran": ("bot.sandbox.sonoran",),
    "bot/interactions": ("bot.interactions",),
    "bot/settings": ("bot.settings", "bot.interactions", "bot.sonoran", "bot.storage"),
    "bot/sandbox": ("bot",),
}
# The command line is where the sandbox is started from.
EXCEPTIONS = {("bot/__main__.py", "bot.sandbox")}


def imports(path: Path) -> list[str]:
    """Return the modules that a file imports when it runs, type-only imports left out."""
    found: list[str] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
            found.extend(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def part_of(path: str) -> str | None:
    return next((part for part in FORBIDDEN if path.startswith(f"{part}/")), None)


def sources() -> list[str]:
    return [
        path.relative_to(ROOT).as_posix()
        for folder in ("bot", "cogs")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


@pytest.mark.parametrize("path", sources())
def test_a_file_imports_nothing_from_above_it(path: str) -> None:
    part = part_of(path)
    assert part is not None
    wrong = [
        module
        for module in imports(ROOT / path)
        if any(within(module, package) for package in FORBIDDEN[part])
        and not any(within(module, package) for package in ALLOWED.get(part, ()))
        and not any(path == file and within(module, package) for file, package in EXCEPTIONS)
        and module != "bot"
    ]
    assert not wrong


def test_no_module_imports_itself_by_way_of_others() -> None:
    names = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for path in sources()
    }
    # Importing a package's parent is not using it, so only named modules count.
    graph = {
        name: {module for module in imports(ROOT / path) if module in names and module != name}
        - {name.rpartition(".")[0]}
        for name, path in names.items()
    }
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " imports ".join((*trail, name))
        if name in done:
            return
        for module in graph[name]:
            walk(module, (*trail, name))
        done.add(name)

    for name in graph:
        walk(name, ())
