"""How many users an impact hits: a count, or a share."""

import re
from collections.abc import Sequence

from bot.domain.errors import Offer, UserError
from bot.domain.text.normalize import normalize
from bot.lazy_dataclass import dataclass

_SHARE = re.compile(r"(\d{1,3}(?:[.,]\d{1,6})?) ?%", re.ASCII)
_COUNT = re.compile(r"\d{1,12}|\d{1,3}(?:,\d{3}){1,3}|\d{1,3}(?:['’_]\d{3}){1,3}", re.ASCII)
_THOUSANDS = re.compile(r"(\d{1,6}(?:[.,]\d{1,2})?)k", re.ASCII | re.IGNORECASE)
_TWO_READINGS = re.compile(r"\d{1,3}(?:[. ]\d{3}){1,3}", re.ASCII)
_FRACTION = re.compile(r"\d{1,3}[.,]\d{1,6}", re.ASCII)
ABOUT = "~"
"""Before an estimate, in every language."""
USERS_HINT = "Write a count like `1200` or a percentage like `20%`; `~20%` if approximate."


@dataclass(frozen=True, slots=True)
class AffectedUsers:
    """Exactly one of `count` and `percent` (20.0 is 20 %). `is_about`: it is an estimate."""

    count: int | None = None
    percent: float | None = None
    is_about: bool = False

    def in_english(self) -> str:
        """`20% of users`, `~1,200 users`, `1 user`."""
        about = ABOUT if self.is_about else ""
        if self.count is None:
            return f"{about}{self.percent:.6g}% of users"
        return f"{about}{self.count:,} {'user' if self.count == 1 else 'users'}"

    def is_in_text(self, text: str, also_written: Sequence[str] = ()) -> bool:
        """Return whether a text has the figure: `1200`, `1,200`, `12.5%`, or `also_written`."""
        written = [f"{self.percent:g}%"] if self.count is None else [str(self.count), f"{self.count:,}"]
        forms = map(_joined_sign, (*written, *also_written))
        return any(re.search(rf"(?<![\d.,]){re.escape(each)}(?!\d)", _joined_sign(text)) for each in forms)


def _joined_sign(text: str) -> str:
    """`text` with plain single blanks, and none before a percent sign."""
    return " ".join(text.split()).replace(" %", "%")


def parse_affected_users(text: str) -> AffectedUsers:
    """
    Parse `1,200`, `1200`, `4k`, `20%`, `2,5 %`; with `~` before it for about.

    A share needs its sign. Raises UserError, with what to type, for what is neither or can be both.
    """
    typed = " ".join(normalize("NFKC", text).split())
    is_about = typed.startswith(ABOUT)
    figure = typed.removeprefix(ABOUT).strip()
    if share := _SHARE.fullmatch(figure):
        return AffectedUsers(percent=_checked_percent(text, float(share[1].replace(",", "."))), is_about=is_about)
    if _COUNT.fullmatch(figure):
        return AffectedUsers(count=int(re.sub(r"\D", "", figure)), is_about=is_about)
    if thousands := _THOUSANDS.fullmatch(figure):
        return AffectedUsers(count=round(float(thousands[1].replace(",", ".")) * 1_000), is_about=is_about)
    raise _unclear_figure(text, figure, ABOUT if is_about else "")


def _checked_percent(text: str, percent: float) -> float:
    if percent > 100:
        raise UserError(
            f"`{_quotable(text)}` is more than all users. Write a percentage from `0%` to `100%`.", mistake=text.strip()
        )
    return percent


def _unclear_figure(text: str, figure: str, about: str) -> UserError:
    mistake = text.strip()
    if _TWO_READINGS.fullmatch(figure):
        count = re.sub(r"\D", "", figure)
        return UserError(
            f"`{_quotable(text)}` can be {int(count):,} or a fraction. Write `{count}` for a count of users, or a "
            "percentage like `1.2%`.",
            mistake=mistake,
            offers=[Offer(f"{about}{count}")],
        )
    if _FRACTION.fullmatch(figure):
        return UserError(
            f"`{_quotable(text)}` is not a count of users. Write a percentage with its sign: `{figure}%`.",
            mistake=mistake,
            offers=[Offer(f"{about}{figure}%")],
        )
    return UserError(f"`{_quotable(text)}` is not a number of users. {USERS_HINT}", mistake=mistake)


def _quotable(text: str) -> str:
    bare = " ".join(text.replace("`", "'").split())
    return bare if len(bare) <= 60 else bare[:59] + "…"
