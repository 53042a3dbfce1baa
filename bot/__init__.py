"""Callnote: adds notes to Sonoran CAD dispatch calls from Discord."""

__version__ = "1.1.0"
"""As in `CHANGELOG.md`, which says what its three numbers mean."""

EX_CONFIG = 78
"""The exit status for what the host has to correct before the next start (BSD sysexits)."""

USER_AGENT = f"Callnote/{__version__}"
"""How Callnote names itself to the CAD and, behind discord.py's own name, to Discord."""
