"""The objects inside v2 replies, all in camel case (v2 pages get-calls, get-servers, get-info)."""

from datetime import UTC, datetime

from bot.sandbox.sonoran.both_versions import (
    call_members,
    emergency_members,
    note_object,
    server_members,
)
from bot.sandbox.sonoran.community import PLANS, Community
from bot.sandbox.sonoran.model import Account, Call, EmergencyCall, Server


def call_object(community: Community, call: Call) -> dict[str, object]:
    """Return a dispatch call; `extra` members come last and may replace others."""
    notes = community.notes_in_reply_order(call)
    return {
        **call_members(call),
        "primary": 0,
        "trackPrimary": False,
        "notes": [note_object(note, iso_time(note.time)) for note in notes],
        "metaData": {},
        "updated": iso_time(call.updated),
        **call.extra,
    }


def emergency_object(call: EmergencyCall) -> dict[str, object]:
    """Return a 911 call, which has no notes."""
    return {**emergency_members(call), "metaData": {}, "updated": iso_time(call.updated)}


def server_object(server: Server) -> dict[str, object]:
    """Return a server: as in v1, with `liveMapFormat` in place of `mapPort`."""
    return {**server_members(server), "liveMapFormat": ""}


def version_object(community: Community) -> dict[str, object]:
    """Return the plan. The v2 page get-version gives PLUS the number 2, against v1's 3."""
    number = 2 if community.plan == "PLUS" else PLANS[community.plan]
    return {"version": number, "name": community.plan}


def info_object(community: Community) -> dict[str, object]:
    """Return the community's description; what `codes` holds is left empty (choice)."""
    return {
        "uuid": community.uuid,
        "community": {
            "comId": community.community_id,
            "name": community.community_name,
            "timezone": community.time_zone,
            "customLoginUrl": "",
        },
        "codes": [],
    }


def account_object(account: Account) -> dict[str, object]:
    """Return an account (v2 page get-account); what else is in one is left out (choice)."""
    return {"uuid": account.uuid, "username": account.username, "status": 1}


def identifiers_object(account: Account) -> dict[str, object]:
    """Return an account's identifiers (v2 page get-identifiers), the outermost in Pascal case."""
    return {
        "SelectedIdent": account.selected,
        "Identifiers": [
            {"id": identifier, "status": 0, "isDispatch": True, "data": {"unitNum": number}}
            for identifier, number in account.units.items()
        ],
    }


def iso_time(time: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
