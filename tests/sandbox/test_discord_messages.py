"""Messages of the simulator of Discord, seen through the real discord.py client."""

import discord

from bot.sandbox.discord import Pings
from bot.sandbox.discord.markdown import Rendered, render
from tests.cases import cases
from tests.sandbox import discord_client
from tests.sandbox.discord_client import Interaction, Recorder, World

world = discord_client.world


async def test_too_long_content_is_a_form_error(world: World) -> None:
    recorder = Recorder(lambda interaction: interaction.response.send_message("x" * 2001))
    await world.connect(recorder)
    interaction = await world.note()
    assert await recorder.outcomes.get() == (400, 50035)
    request = await world.server.requested("callback")
    message = request.answer["errors"]["data"]["content"]["_errors"][0]
    assert message["code"] == "BASE_TYPE_MAX_LENGTH"
    assert not interaction.messages


async def test_who_is_pinged(world: World) -> None:
    text = f"@everyone {world.dana.mention} {world.role.mention}"

    async def respond(interaction: Interaction) -> None:
        await interaction.response.send_message(text)
        await interaction.followup.send(text, allowed_mentions=discord.AllowedMentions.none())
        channel = interaction.channel
        assert isinstance(channel, discord.TextChannel)
        await channel.send(text)

    recorder = Recorder(respond)
    await world.connect(recorder)
    await world.note()
    await recorder.outcomes.get()
    answer, followup, plain = world.server.messages
    assert answer.pings == Pings(users=frozenset({world.dana.id}))
    assert not followup.pings
    assert plain.pings.everyone
    assert plain.pings.roles == {world.role.id}


@cases(
    ("content", "text", "features"),
    [
        ("plain, a_b_c, 2 > 1, 10:30", "plain, a_b_c, 2 > 1, 10:30", set()),
        (r"\*x\* \_y\_ \# \\ \é \a", r"*x* _y_ # \ é \a", set()),
        ("**bold** and *soft*", "bold and soft", {"bold", "italic"}),
        ("# Title", "Title", {"heading"}),
        (r"\# Title", "# Title", set()),
        ("  - item", "• item", {"list"}),
        ("a\n> b", "a\nb", {"line break", "quote"}),
        ("`**x**`", "**x**", {"code"}),
        ("[text](https://x.y)", "text", {"link"}),
        ("https://x.y", "https://x.y", {"link", "preview"}),
        ("discord.gg/abc", "discord.gg/abc", {"invite", "preview"}),
        ("<@12> <#13>", "@Dana #dispatch", {"user mention", "channel mention"}),
        ("@everyone", "@everyone", {"everyone mention"}),
        ("a:b:c", "a:b:c", {"emoji"}),
        ("<t:0:R>", "1970-01-01 00:00:00 UTC", {"timestamp"}),
    ],
)
def test_how_content_is_displayed(content: str, text: str, features: set[str]) -> None:
    rendered = render(content, {12: "Dana", 13: "dispatch"})
    assert rendered == Rendered(text, frozenset(features))


def test_hostile_content_is_displayed_in_linear_time() -> None:
    """A place that is looked at as often as there are marks takes minutes."""
    for unit in ("[", "[](", "`", "*", "_**", "<@", "<a:", "\\", "||", "> "):
        render(unit * 10_000)
