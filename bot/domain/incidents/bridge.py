"""The bridge: an incident's call, as a link made from a template."""

import re

from bot.domain.errors import UserError
from bot.domain.text.links import split_url

REFERENCE, RANDOM = "{reference}", "{random}"
PLACEHOLDER = re.compile(r"\{[^{}]*\}|[{}]")
MAX_TEMPLATE = 500
"""Characters. Slack takes links of 3,000."""


def check_template(template: str) -> None:
    """Raises UserError for a template that makes no link."""
    for found in PLACEHOLDER.findall(template):
        if found not in {REFERENCE, RANDOM}:
            raise UserError(f"`{found}` is not a placeholder. Use {REFERENCE} and {RANDOM}.")
    sample = _fill(template, "inc-1", "0")
    parts = split_url(sample)
    if len(template) > MAX_TEMPLATE or not re.fullmatch(r"[!-~]+", sample) or parts is None or not parts.hostname:
        raise UserError(f"This is not a web address. Write it like https://meet.jit.si/{REFERENCE}-{RANDOM}.")
    if parts.scheme != "https":
        raise UserError("Begin the address of a call with https://.")


def build_bridge_url(template: str | None, reference: str, random: str, *, is_private: bool) -> str | None:
    """
    The link of one incident; None without a template.

    `random`: text that nobody can guess. A private incident gets no link that people outside could make themselves.
    """
    if template is None or (is_private and RANDOM not in template):
        return None
    return _fill(template, reference.casefold(), random)


def _fill(template: str, reference: str, random: str) -> str:
    return template.replace(REFERENCE, reference).replace(RANDOM, random)
