"""Sonoran CAD over HTTP, API versions 1 and 2 behind one interface; knows nothing of Discord."""

from bot.sonoran.client import SonoranClient as SonoranClient
from bot.sonoran.errors import CredentialsError as CredentialsError
from bot.sonoran.errors import NoEffectError as NoEffectError
from bot.sonoran.errors import OutcomeUnknownError as OutcomeUnknownError
from bot.sonoran.errors import RateLimitedError as RateLimitedError
from bot.sonoran.errors import Reason as Reason
from bot.sonoran.errors import RefusedError as RefusedError
from bot.sonoran.errors import SonoranError as SonoranError
from bot.sonoran.listings import parse_time as parse_time
from bot.sonoran.models import LARGEST_CALL as LARGEST_CALL
from bot.sonoran.models import OPEN_ALONE as OPEN_ALONE
from bot.sonoran.models import ApiVersion as ApiVersion
from bot.sonoran.models import CadServer as CadServer
from bot.sonoran.models import CallList as CallList
from bot.sonoran.models import CallNote as CallNote
from bot.sonoran.models import CallStatus as CallStatus
from bot.sonoran.models import ClosedCalls as ClosedCalls
from bot.sonoran.models import CommunityInfo as CommunityInfo
from bot.sonoran.models import Credentials as Credentials
from bot.sonoran.models import DispatchCall as DispatchCall
from bot.sonoran.models import ListedNote as ListedNote
from bot.sonoran.models import ServerList as ServerList
from bot.sonoran.models import VersionSign as VersionSign
from bot.sonoran.models import added_text as added_text
from bot.sonoran.transport import Transport as Transport
from bot.sonoran.transport import open_session as open_session
