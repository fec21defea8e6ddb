"""Compare an incident with what a company reads that watches the public page."""

from collections.abc import Iterator, Sequence

from bot.domain.vendor_status.look import VendorUpdate
from bot.scenario.model import Scenario, VendorStatus


def find_vendor_differences(scenario: Scenario, read: Sequence[VendorUpdate]) -> list[str]:
    """
    Describe each update that a watcher does not read as expected.

    `read`: the incident's updates on its page, the earliest first; none without a page. `vendor` and `id` are not
    compared: the page has its own.
    """
    if scenario.vendor_view is None:
        return []
    expected = [each.status for each in scenario.vendor_view]
    lines = [line for status, found in zip(expected, read, strict=False) for line in _compare(status, found)]
    if len(expected) != len(read):
        wanted = ", ".join(each.state for each in expected) or "nothing"
        states = ", ".join(each.state.value if each.state else "?" for each in read) or "nothing"
        lines.append(f"vendor_view: expected {wanted}, found {states}")
    return lines


def _compare(expected: VendorStatus, found: VendorUpdate) -> Iterator[str]:
    state = found.state.value if found.state else "nothing"
    if expected.state != state:
        yield f"vendor_view: expected {expected.state}, found {state}"
    if expected.published is not None and expected.published != found.told_at:
        told = found.told_at.isoformat() if found.told_at else "nothing"
        yield f"vendor_view: {expected.state}: expected {expected.published.isoformat()}, found {told}"
    if expected.text not in found.text:
        yield f"vendor_view: {expected.state}: expected {expected.text!r}, found {found.text!r}"
