"""Pages of one person that go out together: sent once, and edited as they are answered."""

from functools import partial

from bot.services.escalation import page_bundles as bundles
from bot.services.escalation.page_bundles import BundleView
from bot.services.paging import pages as paging
from bot.slack.api.client import Away, Refused, TokenRefused
from bot.slack.blocks.escalation import page_bundle as blocks
from bot.slack.delivery.effects.context import Tools
from bot.slack.delivery.effects.messages import GONE, direct_channel
from bot.store import outbox
from bot.store.escalation.escalations import SENT
from bot.store.outbox import Claim, Done, Outcome


async def show(tools: Tools, claim: Claim) -> Outcome:
    """What was sent already is edited first; what is not goes in a message of its own."""
    key = str(claim.row.details["bundle_key"])
    views = await tools.database.run(bundles.begin, tools.settings(), key, tools.now())
    for view in views:
        if view.place is not None:
            await _edit(tools, view, view.place)
    unsent = next((view for view in views if view.place is None), None)
    return await _send(tools, claim, unsent) if unsent else Done()


async def _edit(tools: Tools, view: BundleView, place: tuple[str, str]) -> None:
    channel, ts = place
    try:
        await tools.gateway.call("chat.update", channel=channel, ts=ts, **blocks.bundle(view).content())
    except Refused as problem:
        if problem.error not in GONE:
            raise


async def _send(tools: Tools, claim: Claim, view: BundleView) -> Outcome:
    page_ids = [line.page_id for line in view.waiting]
    try:
        channel = await direct_channel(tools, claim, str(claim.row.details["user_id"]))
        ts = await tools.post(claim, channel, blocks.bundle(view))
    except (Away, TokenRefused):
        await tools.database.run(bundles.came_of, page_ids, paging.NO_ANSWER, tools.now())
        raise
    except Refused as problem:
        apply = partial(bundles.came_of, page_ids=page_ids, outcome=problem.error, at=tools.now())
        return outbox.Refused(problem.error, apply=apply)
    sent = partial(bundles.came_of, page_ids=page_ids, outcome=SENT, at=tools.now(), place=(channel, ts))
    return Done(sent)
