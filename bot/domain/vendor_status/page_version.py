"""`PageVersion`: the copy of a vendor's page that was read last."""

from collections.abc import Mapping
from typing import Any

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class PageVersion:
    """
    `address` answered, `checksum` is that of its body, the others are its validators.

    Without them the page is read at the next look, whatever it has.
    """

    address: str
    etag: str | None = None
    modified: str | None = None
    checksum: str | None = None

    def to_json(self) -> dict[str, Any]:
        fields = {"etag": self.etag, "modified": self.modified, "checksum": self.checksum}
        return {"address": self.address, **{name: value for name, value in fields.items() if value}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "PageVersion":
        """Read what `to_json` wrote."""
        return cls(value["address"], value.get("etag"), value.get("modified"), value.get("checksum"))
