"""The initial workspace: Harbour, with people by role and channels. Ids never change."""

from datetime import datetime

from bot.sandbox.workspace import channels
from bot.sandbox.workspace.records import App, Channel, Note, Team, User, Usergroup
from bot.sandbox.workspace.workspace import Workspace, to_seconds

TEAM = Team("T0HARBOUR", "Harbour", "harbour")
APP = App("A0DOGWATCH", "Dogwatch", "B0DOGWATCH", "U0DOGWATCH")
PEOPLE = (
    ("U0ONCALL", "oncall", "On-call engineer", "Europe/Paris"),
    ("U0ENGINEER", "engineer", "Engineer", "Europe/Berlin"),
    ("U0DBA", "dba", "Database administrator", "Africa/Nairobi"),
    ("U0DEVELOPER", "developer", "Developer", "America/Los_Angeles"),
    ("U0OPERATOR", "operator", "Operator", "Asia/Tokyo"),
    ("U0RELEASE", "release-engineer", "Release engineer", "Europe/Paris"),
    ("U0SUPPORT", "support", "Support", "America/New_York"),
    ("U0MANAGER", "manager", "Manager", "Europe/London"),
)
GUEST = ("U0GUEST", "guest", "Guest", "Europe/Rome")
GROUPS = (
    ("S0ENGINEERING", "engineering", "Engineering", ["U0ENGINEER", "U0DEVELOPER", "U0RELEASE"]),
    ("S0DATABASE", "database", "Database team", ["U0DBA"]),
)
CHANNELS = (
    ("C0GENERAL", "general", "What everybody should know"),
    ("C0RANDOM", "random", "What nobody needs to know"),
    ("C0DEPLOYS", "deployments", "What went out, and when"),
    ("C0OPS", "ops", "Running things"),
)


def create_empty(now: datetime) -> Workspace:
    """Create a workspace without people and channels."""
    workspace = Workspace(Team(**vars(TEAM)), App(**vars(APP)))
    at = to_seconds(now)
    workspace.users["USLACKBOT"] = User("USLACKBOT", "slackbot", "Slackbot", is_bot=False, updated=at)
    workspace.users[APP.bot_user_id] = User(
        APP.bot_user_id, "dogwatch", "Dogwatch", is_bot=True, bot_id=APP.bot_id, updated=at
    )
    return workspace


def create_sample(now: datetime) -> Workspace:
    workspace = create_empty(now)
    at = to_seconds(now)
    for user_id, name, real_name, tz in (*PEOPLE, GUEST):
        email = f"{name}@harbour.example"
        workspace.users[user_id] = User(user_id, name, real_name, tz, email, updated=at)
    workspace.users["U0MANAGER"].is_admin = True
    workspace.users[GUEST[0]].is_restricted = True
    for group_id, handle, title, users in GROUPS:
        workspace.usergroups[group_id] = Usergroup(group_id, handle, title, list(users), at)
    everybody = [user_id for user_id, *_ in PEOPLE]
    for channel_id, name, purpose in CHANNELS:
        channel = Channel(channel_id, name, "U0MANAGER", at, members=list(everybody), updated=at * 1000)
        channel.is_general = name == "general"
        channel.purpose = Note(purpose, "U0MANAGER", at)
        channels.add(workspace, channel)
    workspace.channels["C0RANDOM"].members.append(GUEST[0])
    return workspace
