"""All pages for responders, which have sessions in common."""

from collections.abc import Awaitable, Callable
from itertools import chain

from aiohttp import web

from bot.config.reloading import Configuration
from bot.lazy_dataclass import dataclass
from bot.runtime.clock import Clock
from bot.store.database.session import Database
from bot.store.incidents.incident_lists import find_private_without_channel
from bot.web.auth.attempts import FailedAttempts
from bot.web.auth.company_sign_in import FindByEmail, company_provider
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import FindPrivate, PrivateAccess
from bot.web.auth.provider_sign_in import ProviderSignIn
from bot.web.auth.session_list import OwnSessionRoutes
from bot.web.auth.sign_in import SignInRoutes
from bot.web.auth.slack_sign_in import EnsureKnown, slack_provider
from bot.web.live.changes import LiveChanges
from bot.web.live.streams import Streams
from bot.web.pages import resources
from bot.web.pages.alerts import AlertRoutes
from bot.web.pages.history.figures import FiguresRoutes
from bot.web.pages.history.history import HistoryRoutes
from bot.web.pages.history.vendor_figures import VendorFigureRoutes
from bot.web.pages.incidents.actions import ActionRoutes
from bot.web.pages.incidents.declare import DeclareRoutes
from bot.web.pages.incidents.entries import EntryRoutes
from bot.web.pages.incidents.incident import IncidentRoutes
from bot.web.pages.incidents.incident_live import IncidentStreams
from bot.web.pages.incidents.publish import PublishRoutes
from bot.web.pages.incidents.share_link import ShareLinkRoutes
from bot.web.pages.kept_files import KeptFileRoutes
from bot.web.pages.now.now import NowRoutes
from bot.web.pages.now.shared_render import NowPages
from bot.web.pages.oncall.maintenance import MaintenanceRoutes
from bot.web.pages.oncall.oncall import OnCallRoutes
from bot.web.pages.operations.audit import AuditRoutes
from bot.web.pages.operations.health import HealthRoutes
from bot.web.pages.operations.operation_deps import OperationDeps, RunChecks
from bot.web.pages.operations.outbox import AdminOutboxRoutes
from bot.web.pages.operations.settings import SettingRoutes
from bot.web.pages.postmortem.action_items import ActionItemRoutes
from bot.web.pages.postmortem.block import BlockRoutes
from bot.web.pages.postmortem.document import PostmortemRoutes
from bot.web.pages.postmortem.new_block import NewBlockRoutes
from bot.web.pages.postmortem.published import PublishedRoutes
from bot.web.pages.postmortem.review import ReviewRoutes
from bot.web.pages.postmortem.user_groups import ListUserGroups, UserGroupList
from bot.web.pages.postmortem.versions import VersionRoutes
from bot.web.secret_usage import SecretUsage


@dataclass(frozen=True, slots=True)
class SlackLookups:
    """
    Questions of the pages to Slack, about people and user groups.

    `ensure_known` stores a person's profile, `find_private` finds their private incidents, `find_by_email` their id.
    """

    ensure_known: EnsureKnown
    find_private: FindPrivate
    find_by_email: FindByEmail
    list_user_groups: ListUserGroups


def routes(
    database: Database,
    configuration: Configuration,
    clock: Clock,
    changes: LiveChanges,
    lookups: SlackLookups,
    secret_usage: SecretUsage,
    run_doctor: RunChecks,
    refresh_status_page: Callable[[], Awaitable[None]],
) -> list[web.RouteDef]:
    """
    Routes of all pages behind the sign-in, and of the sign-in.

    `changes` wakes open pages; `run_doctor` returns the findings about the settings in force;
    `refresh_status_page` returns when the public page shows what was published.
    """
    sessions, attempts = PageSessions(database, configuration, clock), FailedAttempts()
    live, operations = Streams(changes), OperationDeps(configuration, secret_usage, run_doctor)
    access = PrivateAccess(
        lookups.find_private, lambda team_id, user_id: database.read(find_private_without_channel, team_id, user_id)
    )
    incident_page, groups = IncidentRoutes(sessions, access, database), UserGroupList(lookups.list_user_groups)
    providers = (
        slack_provider(database, clock, lookups.ensure_known),
        company_provider(database, clock, lookups.ensure_known, lookups.find_by_email),
    )
    return [
        *resources.routes(),
        *SignInRoutes(sessions, database, clock, attempts, providers).routes(),
        *NowRoutes(sessions, access, live, NowPages(database, configuration, clock, changes)).routes(),
        *OnCallRoutes(sessions, database, clock).routes(),
        *MaintenanceRoutes(sessions, database, clock, refresh_status_page).routes(),
        *AlertRoutes(sessions, access, database, clock).routes(),
        *HistoryRoutes(sessions, access, database, clock).routes(),
        *FiguresRoutes(sessions, database, clock).routes(),
        *VendorFigureRoutes(sessions, access, database, clock).routes(),
        *incident_page.routes(),
        *ActionRoutes(sessions, access, database, clock, incident_page).routes(),
        *DeclareRoutes(sessions, database, clock).routes(),
        *EntryRoutes(sessions, access, database, clock).routes(),
        *KeptFileRoutes(sessions, access, database).routes(),
        *PublishRoutes(sessions, access, database, clock, refresh_status_page).routes(),
        *ShareLinkRoutes(sessions, access, database, clock).routes(),
        *PostmortemRoutes(sessions, access, database, clock, groups).routes(),
        *BlockRoutes(sessions, access, database, clock).routes(),
        *NewBlockRoutes(sessions, access, database, clock).routes(),
        *ReviewRoutes(sessions, access, database, clock, groups).routes(),
        *ActionItemRoutes(sessions, access, database, clock, groups).routes(),
        *PublishedRoutes(sessions, access, database).routes(),
        *VersionRoutes(sessions, access, database, clock).routes(),
        *OwnSessionRoutes(sessions, database, clock).routes(),
        *IncidentStreams(sessions, access, database, live).routes(),
        *HealthRoutes(sessions, operations, clock).routes(),
        *AdminOutboxRoutes(sessions, access, database, clock).routes(),
        *SettingRoutes(sessions, operations).routes(),
        *AuditRoutes(sessions, access, database).routes(),
        *chain.from_iterable(ProviderSignIn(each, sessions, clock, attempts).routes() for each in providers),
    ]
