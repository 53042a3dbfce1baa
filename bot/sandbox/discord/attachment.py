"""A file that a bot put below a message."""

from dataclasses import dataclass

from bot.sandbox.discord.errors import JSON


@dataclass(frozen=True)
class Attachment:
    """One uploaded file with its content; `base` is the address of who serves it."""

    id: int
    filename: str
    content: bytes
    base: str = "https://cdn.discordapp.com"

    @property
    def path(self) -> str:
        """Where it is below its `base`; the simulator serves those that the bot uploaded."""
        return f"/attachments/0/{self.id}/{self.filename}"

    def payload(self) -> JSON:
        """Return the object (Discord API docs, Message Resource, "Attachment Object")."""
        return {
            "id": str(self.id),
            "filename": self.filename,
            "size": len(self.content),
            "url": self.base + self.path,
            "proxy_url": self.base + self.path,
        }
