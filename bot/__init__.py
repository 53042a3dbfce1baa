"""Callnote: adds notes to Sonoran CAD dispatch calls from Discord."""

__version__ = "1.1.0"
"""As in `CHANGELOG.md`, which says what its three numbers mean."""

USER_AGENT = f"Callnote/{__version__}"
"""How Callnote names itself to the CAD and, behind discord.py's own name, to Discord."""
