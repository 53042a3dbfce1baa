"""A file that a bot put below a message."""

from dataclasses import dataclass

from bot.sandbox.discord.errors import JSON


@dataclass(frozen=True)
class Attachment:
    """One uploaded file with its content."""

    id: int
    filename: str
    content: bytes

    def payload(self) -> JSON:
        """Return the object (Discord API docs, Message Resource, "Attachment Object")."""
        return {
            "id": str(self.id),
            "filename": self.filename,
            "size": len(self.content),
            "url": "https://cdn.discordapp.com/attachments/0/0/file",
            "proxy_url": "https://media.discordapp.net/attachments/0/0/file",
        }
