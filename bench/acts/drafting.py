"""B8: a draft against bare Jinja2, and against itself ten and a hundred times shorter."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from zoneinfo import ZoneInfo

from jinja2 import Environment

from bench.harness.figures import Figure, Reference, Target
from bot.domain.drafting.document.anchors import find_anchors, remove_anchors
from bot.domain.drafting.document.blocks import BlockState, DocumentBlock, DocumentBlocks, GeneratedBlock
from bot.domain.drafting.document.canvas_copy import copy_canvas
from bot.domain.drafting.document.merge import merge
from bot.domain.drafting.document.sections import anchor_draft, generate_blocks, show_blocks
from bot.domain.drafting.model import Draft
from bot.domain.findings import review_record
from bot.domain.postmortem import build_draft
from bot.domain.record.model import Entry, Incident, Record
from bot.domain.record.sources import Moment, Source
from bot.domain.terms import Kind, Precision, Severity, SourceKind, Status
from bot.export.canvas_markdown import convert_beginning, truncate_markdown
from bot.templating.render import postmortem_templates, render_postmortem
from tests.support.servers.postgres import PostgresServer

SIZES = (100, 1_000, 10_000)
EDITS = 1_000
"""Blocks that people edited, of those of the longest record."""
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KINDS = (
    Kind.INVESTIGATION,
    Kind.NOTE,
    Kind.HYPOTHESIS,
    Kind.ACTION,
    Kind.MISLEADING_PATH,
    Kind.RULED_OUT,
    Kind.NOTE,
    Kind.ROLLBACK,
    Kind.COMMUNICATION,
    Kind.FIXED,
)
WORDS = (
    "The replica in zone {} lags by {} seconds; the primary answers, see pool *{}* and its retries.",
    "<@U{}> looks at the logs of host_{}: nothing since {}.",
    "Restarted the workers of zone {}, {} of them; queue at {} and falling.",
    "It is not the disk of node-{}: {} ms a write, as on any day, load {}.",
)

ROWS = """\
{% for entry in entries %}
- {% if entry.happened_at %}**{{ entry.happened_at.astimezone(zone).strftime("%H:%M") }}** {% endif %}\
*{{ words[entry.kinds[0]] }}:* {{ entry.text }} — {{ people[entry.author] }} [x]({{ entry.source.link }})
{% endfor %}
"""
"""The same entries by Jinja2 alone: time in the zone, kind, text, author, link, escaped by Jinja2's own means."""

PREPARED = """\
{% for row in rows %}
- **{{ row.time }}** *{{ row.label }}:* {{ row.text }} — {{ row.by }} [x]({{ row.link }})
{% endfor %}
"""
"""The same from rows of plain text that somebody else has made."""


async def drafting(runs: int, _server: PostgresServer | None) -> list[Figure]:
    """
    Assembling, findings and rendering of a record, in each of the built-in forms.

    The reference puts out as many rows of the same entries; the list of sources counts for nothing. The growth is the
    time an entry takes in a record of 10,000 against one of 100; the small one is drafted again and again, so that it
    takes as long to measure.
    """
    figures = [_against_jinja(template, runs) for template in postmortem_templates()]
    edited = _against_jinja("classic", runs, edits=edited_blocks(made(SIZES[-1])))
    return [*figures, edited, _canvas(runs), _merging(runs), _growth(runs)]


def _canvas(runs: int) -> Figure:
    """
    The canvas of the longest record, beyond the draft itself.

    Anchors, conversion, the text of its blocks and their copy; the draft without anchors is subtracted.
    """
    record = made(SIZES[-1])
    draft = build_draft(record, findings=review_record(record))
    bare = Environment(autoescape=True).from_string(ROWS)
    values = {"zone": record.incident.zone, "words": {kind: kind.value for kind in Kind}, "people": record.people}
    taken, floor = [], []
    for _ in range(runs):
        alone = timed(lambda: render_postmortem(draft, template="classic"))
        taken.append(timed(lambda: canvas_content(draft)) - alone)
        floor.append(timed(lambda: bare.render(entries=record.entries, **values)))
    return Figure(
        f"canvas of {SIZES[-1]:,} entries, beyond the draft",
        "s",
        taken,
        reference=Reference(f"{SIZES[-1]:,} of these entries by bare Jinja2", median(floor)),
        target=Target(3.0, of_ratio=True),
        notes=[f"{len(canvas_content(draft)):,} characters fit in"],
    )


def canvas_content(draft: Draft) -> str:
    """The text of the canvas; the copy that finds people's edits in it later is made, too."""
    written = convert_beginning(render_postmortem(anchor_draft(draft), template="classic"))
    shown = show_blocks(draft, find_anchors(written))
    content = truncate_markdown(remove_anchors(written), "https://acme.example/incidents/INC-1")
    copy_canvas(content, written, shown)
    return content


def _merging(runs: int) -> Figure:
    """The merge alone, of all blocks of the longest section."""
    record = made(SIZES[-1])
    edits, generated = edited_blocks(record), generated_blocks(record)
    entries = record.entries[: len(generated)]
    bare = Environment(autoescape=True).from_string(ROWS)
    values = {"zone": record.incident.zone, "words": {kind: kind.value for kind in Kind}, "people": record.people}
    return Figure(
        f"merge of {EDITS:,} edited blocks into {len(generated):,}",
        "s",
        [timed(partial(merge, edits, generated)) for _ in range(runs)],
        reference=Reference(
            "as many entries by bare Jinja2",
            median(timed(lambda: bare.render(entries=entries, **values)) for _ in range(runs)),
        ),
        target=Target(3.0, of_ratio=True),
    )


def generated_blocks(record: Record) -> list[GeneratedBlock]:
    return generate_blocks(build_draft(record).documents[0].sections["course"])


def edited_blocks(record: Record) -> DocumentBlocks:
    """Blocks that people edited, spread over the course of the incident."""
    document = merge((), generated_blocks(record))
    step = len(document) // EDITS
    return tuple(
        replace(block, state=BlockState.EDITED, base=block.generated, edited=f"**Edited:** {block.generated}")
        for block in document[::step][:EDITS]
    )


def _against_jinja(template: str, runs: int, *, edits: Sequence[DocumentBlock] = ()) -> Figure:
    record = made(SIZES[-1])
    markdown = drafted(record, template, edits)
    rows = sum(line.startswith("- ") and not line.startswith("- [") for line in markdown.splitlines())
    entries = [record.entries[place % len(record.entries)] for place in range(rows)]
    values = {"zone": record.incident.zone, "words": {kind: kind.value for kind in Kind}, "people": record.people}
    bare, prepared = (Environment(autoescape=True).from_string(text) for text in (ROWS, PREPARED))
    plain = [_row(entry) for entry in entries]
    taken, floor, lowest = [], [], []
    for _ in range(runs):
        taken.append(timed(lambda: drafted(record, template, edits)))
        floor.append(timed(lambda: bare.render(entries=entries, **values)))
        lowest.append(timed(lambda: prepared.render(rows=plain)))
    return Figure(
        f"draft of {SIZES[-1]:,} entries, {template}" + (f", {len(edits):,} edited" if edits else ""),
        "s",
        taken,
        reference=Reference(f"{rows:,} of these entries by bare Jinja2", median(floor)),
        target=Target(3.0, of_ratio=True),
        notes=[
            f"{len(markdown):,} characters; findings included",
            f"rows of ready text take bare Jinja2 {median(lowest):.3f} s, {median(taken) / median(lowest):.1f} x",
        ],
    )


def _growth(runs: int) -> Figure:
    per_entry: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(runs):
        for size in SIZES:
            record, repeats = made(size), SIZES[-1] // size
            per_entry[size].append(timed(partial(_repeated, record, repeats)))
    growth = [many / few for few, many in zip(per_entry[SIZES[0]], per_entry[SIZES[-1]], strict=True)]
    seconds = (f"{size:,}: {median(per_entry[size]) / SIZES[-1] * 1e6:.1f} us" for size in SIZES)
    return Figure("time for an entry, 10,000 against 100", "x", growth, target=Target(1.2), notes=[", ".join(seconds)])


def _repeated(record: Record, times: int) -> None:
    for _ in range(times):
        drafted(record, "classic")


def drafted(record: Record, template: str, edits: Sequence[DocumentBlock] = ()) -> str:
    return render_postmortem(build_draft(record, findings=review_record(record), edits=edits), template=template)


def timed(work: Callable[[], object]) -> float:
    """Seconds of the processor: nothing here waits, and what else the machine does shall not count."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def made(size: int) -> Record:
    """A record of so many entries: each text and link its own, ten kinds, eight people, one time in nine unknown."""
    source = Source(SourceKind.COMMAND, "entry-0", "https://acme.example/archives/C1/p0")
    end = START + timedelta(seconds=30 * (size + 1))
    incident = Incident(
        reference="INC-1",
        outside_reference=None,
        titles={"": "Replication lag"},
        status=Status.RESOLVED,
        severity=Severity.SEV2,
        severity_label="SEV2",
        services=("database",),
        zone=ZoneInfo("Europe/Paris"),
        languages=("en",),
        declared=Moment(START, "declared", source),
        declared_by="U0",
        started=Moment(START, "declared", source),
        detected=Moment(START, "declared", source),
        resolved=Moment(end, "resolved", source),
        ended=Moment(end, "resolve was typed", source),
    )
    people = {f"U{number}": f"responder-{number}" for number in range(8)}
    return Record(incident, [_entry(seq) for seq in range(1, size + 1)], people=people)


def _entry(seq: int) -> Entry:
    at = START + timedelta(seconds=30 * seq)
    is_timed = seq % 9 != 0
    return Entry(
        source=Source(SourceKind.MESSAGE, f"entry-{seq}", f"https://acme.example/archives/C1/p{seq:016}"),
        seq=seq,
        kinds=(KINDS[seq % len(KINDS)],),
        text=WORDS[seq % len(WORDS)].format(seq % 8, seq, seq * 31 % 9_973),
        happened_at=at if is_timed else None,
        precision=Precision.EXACT if is_timed else Precision.UNKNOWN,
        sort_at=at,
        recorded_at=at,
        author=f"U{seq % 8}",
        recorded_by=f"U{seq % 8}",
    )


def _row(entry: Entry) -> dict[str, str]:
    return {
        "time": f"{entry.sort_at:%H:%M}",
        "label": entry.kinds[0].value,
        "text": entry.text,
        "by": entry.author or "",
        "link": entry.source.link or "",
    }
