"""`/incident vendor`."""

from zoneinfo import ZoneInfo

from bot.command.table import Command, Option, Positional, Value
from bot.domain.errors import UserError
from bot.domain.escalation.vendors import Vendor, VendorEvent, format_hours
from bot.domain.times import format_time
from bot.services.vendors.lookup import find_vendor
from bot.services.vendors.page_status import PageStatus, load_page_status
from bot.services.vendors.updates import VendorUpdate, record_vendor_update
from bot.store.escalation.escalations import Escalation
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session

ACTS = (VendorEvent.ANSWERED.value, VendorEvent.FIXED.value)


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    name = str(typed.positionals["vendor"])
    case, act, at = typed.options.get("case", ""), typed.positionals.get("what"), typed.options.get("at")
    if not case and act is None:
        if typed.text or at is not None:
            raise UserError(
                f"Say what happened: `/incident vendor {name} answered …`, `… fixed …`, or `… case:REFERENCE`."
            )
        zone = ZoneInfo(caller.about.zone)
        vendor = find_vendor(caller.settings, name.removeprefix("vendor:"), zone)
        page = load_page_status(session, caller.settings, caller.actor.team_id, vendor.key)
        lines = _page_lines(page, zone) if page is not None else []
        return Reply("\n".join([_vendor_card(vendor, is_watched=page is not None), *lines]))
    update = VendorUpdate(case, VendorEvent(act) if act else None, typed.text, at)
    if act is None and (typed.text or at is not None):
        raise UserError(f"A case reference takes no time and no text. Type `/incident vendor {name} case:{case}`.")
    found = record_vendor_update(session, caller.settings, caller.about.key, caller.actor, name, update)
    return Reply(_recorded_reply(found, update, ZoneInfo(caller.about.zone)))


def _recorded_reply(found: Escalation, update: VendorUpdate, zone: ZoneInfo) -> str:
    parts = [f"case {found.case_reference}"] if update.case else []
    if update.act is not None:
        at = found.acknowledged_at if update.act is VendorEvent.ANSWERED else found.fixed_at
        what = "first answer" if update.act is VendorEvent.ANSWERED else "fixed"
        parts.append(f"{what} {format_time(at, zone)}" if at else f"{what}, time unknown")
    return f"Recorded for {found.target_name}: {', '.join(parts)}."


def _vendor_card(vendor: Vendor, *, is_watched: bool) -> str:
    """
    Contact data of a vendor; unknown parts are left out.

    `is_watched`: its status page follows.
    """
    known = _contact_lines(vendor)
    if not known and not is_watched:
        return (
            f"No contact data for {vendor.name}. An operator can add it to `[vendors.{vendor.key}]` in dogwatch.toml."
        )
    return "\n".join([f"*{vendor.name}* (`vendor:{vendor.key}`)", *known])


def _contact_lines(vendor: Vendor) -> list[str]:
    lines = [
        f"• telephone: {vendor.phone}" if vendor.phone else "",
        f"• support: {vendor.contact}" if vendor.contact else "",
        f"• open a case: {vendor.url}" if vendor.url else "",
        *(f"• {name}: {url}" for name, url in vendor.links),
        f"• contract: {vendor.contract}" if vendor.contract else "",
        f"• hours: {format_hours(vendor.hours)} ({vendor.zone.key})" if vendor.hours else "",
    ]
    return [line for line in lines if line]


def _page_lines(page: PageStatus, zone: ZoneInfo) -> list[str]:
    """The present state of their status page."""
    if page.problem is not None:
        since = format_time(page.problem.since, zone)
        return [f"• status page: cannot be read since {since}: {page.problem.problem}"]
    if page.read_at is None:
        return ["• status page: not read yet"]
    lines = [
        f"• status page: {each.title} ({each.state or 'open'}) since {format_time(each.since, zone)}"
        + (f" {each.link}" if each.link else "")
        for each in page.incidents
    ]
    lines += [f"• {name}: {state.replace('_', ' ')}" for name, state in page.components]
    if not lines:
        lines = [f"• status page: no open incident, {_count_components(page)}"]
    return [*lines, f"• read {format_time(page.read_at, zone)}"]


def _count_components(page: PageStatus) -> str:
    if not page.known_components:
        return "no component listed"
    return f"{page.known_components} component{'' if page.known_components == 1 else 's'} without trouble"


COMMAND = Command(
    name="vendor",
    usage="vendor NAME [answered] [fixed] [at:TIME] [case:TEXT] [lang:LANG] [TEXT]",
    summary="Show a vendor's contact data and status page, or record its case reference, answer or fix.",
    options=(
        LANGUAGE,
        Option("case", Value.TEXT, about="their case reference"),
        Option("at", Value.TIME, about="when they answered or fixed it"),
    ),
    positionals=(
        Positional("vendor", Value.WORD, about="a vendor who was called"),
        Positional("what", Value.WORD, required=False, choices=ACTS),
    ),
    text="optional",
    run=run,
)
