"""User actions on a timeline entry: open its menu, fill in the form, submit."""

from typing import Any

from tests.support.worlds.world import World


def listed_for(world: World, user: str, text: str, channel: str | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The newest timeline that shows one person an entry of that text, and the entry's block."""
    shown = world.sandbox.ephemerals(user, channel or world.channel)
    found = [(each, block) for each in shown for block in each.get("blocks") or [] if text in str(block.get("text"))]
    found = [(each, block) for each, block in found if "accessory" in block]
    assert found, f"no timeline shows {user} an entry with {text!r}"
    return found[-1]


async def picks(world: World, user: str, text: str, name: str, channel: str | None = None) -> Any:
    """Choose something in the menu beside an entry of the newest timeline that the person sees."""
    where = channel or world.channel
    listed, block = listed_for(world, user, text, where)
    [value] = [option["value"] for option in block["accessory"]["options"] if option["value"].partition(":")[0] == name]
    action = f"{block['block_id']}.entry_menu"
    answer = await world.sandbox.click(user, where, listed["ts"], action, value)
    await world.settle()
    return answer


async def acts(world: World, user: str, text: str, name: str, /, **values: Any) -> Any:
    """Ask for the timeline, open one of the forms about an entry, and send it off."""
    await world.types(user, "/incident timeline")
    await picks(world, user, text, name)
    return await world.submits(user, **values)


async def removes(world: World, user: str, text: str, why: str = "") -> Any:
    """Take an entry off the newest timeline that the person sees."""
    await picks(world, user, text, "remove")
    return await world.submits(user, act="take off", text=why)
