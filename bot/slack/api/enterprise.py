"""
An app that a whole Enterprise organisation has installed: in which of its workspaces channels are made and found.

Slack asks for it with each such call: docs.slack.dev/enterprise/organization-ready-apps.
"""

from bot.domain.errors import UserError
from bot.slack.api.client import Gateway

MOST = 100


async def workspace_of(gateway: Gateway) -> str:
    """
    The one workspace that the app was approved for. Raises the gateway's errors.

    Raises UserError if it was approved for none or for several: nobody could tell where an incident belongs.
    """
    teams = (await gateway.call("auth.teams.list", limit=MOST)).get("teams", [])
    if len(teams) == 1:
        return str(teams[0]["id"])
    names = ", ".join(f"{each.get('name')} ({each.get('id')})" for each in teams) or "none"
    raise UserError(
        f"The app is installed for a whole organisation, and approved for {len(teams)} of its workspaces: {names}. "
        "Dogwatch makes its channels in one: approve it for that one only in the organisation's settings, or install "
        "it there instead."
    )
