"""The objects inside v2 replies, all in camel case (v2 pages get-calls, get-servers, get-info)."""

import uuid
from datetime import UTC, datetime

from .community import PLANS, Community
from .model import Call, EmergencyCall, Note, Server


def call_object(community: Community, call: Call) -> dict[str, object]:
    """Return a dispatch call; ``extra`` members come last and may replace others."""
    return {
        "callId": call.call_id,
        "origin": call.origin,
        "status": call.status,
        "priority": call.priority,
        "block": call.block,
        "address": call.address,
        "postal": call.postal,
        "title": call.title,
        "code": call.code,
        "primary": call.primary,
        "trackPrimary": call.track_primary,
        "description": call.description,
        "notes": [note_object(note) for note in community.notes_in_reply_order(call)],
        "idents": call.unit_ids,
        "metaData": call.meta_data,
        "updated": iso_time(call.updated),
        **call.extra,
    }


def note_object(note: Note) -> dict[str, object]:
    """Return a note; the ``note`` and ``noteType`` sent are ``content`` and ``type`` here."""
    return {
        "time": iso_time(note.time),
        "label": note.label,
        "type": note.type,
        "content": note.content,
    }


def emergency_object(call: EmergencyCall) -> dict[str, object]:
    """Return a 911 call, which has no notes."""
    return {
        "callId": call.call_id,
        "isEmergency": call.is_emergency,
        "caller": call.caller,
        "location": call.location,
        "description": call.description,
        "metaData": call.meta_data,
        "updated": iso_time(call.updated),
    }


def server_object(server: Server) -> dict[str, object]:
    """Return a server: as in v1, with ``liveMapFormat`` in place of ``mapPort``."""
    return {
        "id": server.server_id,
        "name": server.name,
        "description": server.description,
        "signal": server.signal,
        "mapUrl": server.map_url,
        "mapIp": server.map_address,
        "listenerPort": server.listener_port,
        "differingOutbound": server.differing_outbound,
        "outboundIp": server.outbound_address,
        "enableMap": server.enable_map,
        "mapType": server.map_type,
        "isStatic": server.is_static,
        "liveMapFormat": server.live_map_format,
    }


def version_object(community: Community) -> dict[str, object]:
    """Return the plan. The v2 page get-version gives PLUS the number 2, against v1's 3."""
    number = 2 if community.plan == "PLUS" else PLANS[community.plan]
    return {"version": number, "name": community.plan}


def info_object(community: Community) -> dict[str, object]:
    """Return the community's description; what ``codes`` holds is left empty (choice)."""
    return {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, community.community_id)),
        "community": {
            "comId": community.community_id,
            "name": community.community_name,
            "timezone": "UTC",
            "customLoginUrl": "",
        },
        "codes": [],
    }


def iso_time(time: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
