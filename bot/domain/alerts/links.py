"""An alert's own help: its links to runbook and dashboards, its description and values."""

from collections.abc import Mapping
from enum import StrEnum

from bot.lazy_dataclass import dataclass

RUNBOOK, DASHBOARD, PANEL, VALUE = "runbook_url", "dashboard_url", "panel_url", "value"
"""Annotations with an alert's help. Sources fill them from other fields of a payload, too."""
IMAGE = "image_url"
"""Annotation with the addresses of an alert's graphs, with blanks between them."""
DESCRIPTIONS = ("description", "message")
"""Annotations that say more than the summary, the best first."""


class LinkKind(StrEnum):
    """Kind of a link, the most useful first."""

    RUNBOOK = "runbook"
    DASHBOARD = "dashboard"
    PANEL = "panel"
    SOURCE = "source"


ANNOTATIONS: Mapping[LinkKind, tuple[str, ...]] = {
    LinkKind.RUNBOOK: (RUNBOOK, "runbook"),
    LinkKind.DASHBOARD: (DASHBOARD, "dashboard"),
    LinkKind.PANEL: (PANEL,),
}


@dataclass(frozen=True, slots=True)
class AlertLink:
    kind: LinkKind
    url: str

    @property
    def label(self) -> str:
        return self.kind.capitalize()


def find_links(annotations: Mapping[str, str], source_url: str | None) -> tuple[AlertLink, ...]:
    """The alert's web addresses, each once; no paths, and no `javascript:`."""
    found: dict[str, AlertLink] = {}
    for kind in LinkKind:
        values = [annotations.get(name, "") for name in ANNOTATIONS.get(kind, ())]
        texts = [source_url or ""] if kind is LinkKind.SOURCE else values
        url = next((text.strip() for text in texts if is_web_address(text.strip())), None)
        if url is not None:
            found.setdefault(url, AlertLink(kind, url))
    return tuple(found.values())


def find_images(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """The web addresses of the alert's graphs, each once."""
    return tuple(dict.fromkeys(each for each in annotations.get(IMAGE, "").split() if is_web_address(each)))


def replace_images(annotations: Mapping[str, str], newer: Mapping[str, str]) -> dict[str, str]:
    """The annotations with the graphs of a newer event: those of before do not show it."""
    kept = {name: text for name, text in annotations.items() if name != IMAGE}
    return {**kept, IMAGE: newer[IMAGE]} if newer.get(IMAGE) else kept


def is_web_address(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def find_description(annotations: Mapping[str, str]) -> str:
    """The alert's text beside its summary; empty if there is none."""
    texts = (annotations.get(name, "").strip() for name in DESCRIPTIONS)
    return next((text for text in texts if text and text != annotations.get("summary", "").strip()), "")
