"""CSS of an incident's picture: light, dark, phone, print."""

from collections.abc import Mapping

LIGHT = {
    "ink": "#1d2129",
    "quiet": "#5b6472",
    "line": "#d9dde3",
    "paper": "#ffffff",
    "impact": "#b3261e",
    "response": "#1259c3",
    "public": "#7a3fb3",
    "lead": "#0b6e63",
    "waiting": "#8a5200",
    "alert": "#b8400a",
    "entry": "#3d4654",
}
"""Colours by name: those of each `Tone`, and of letters and lines."""
DARK = {
    "ink": "#e4e7ec",
    "quiet": "#9aa3b2",
    "line": "#363c46",
    "paper": "#15181d",
    "impact": "#ff8a80",
    "response": "#7fb0ff",
    "public": "#c9a2ff",
    "lead": "#5fd3c4",
    "waiting": "#ffc266",
    "alert": "#ff9e6b",
    "entry": "#b8c0cc",
}
PRINT = {**LIGHT, "ink": "#000000", "quiet": "#444444", "line": "#bbbbbb", "entry": "#333333"}


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--plot-{name}: {colour};" for name, colour in colours.items())


RULES = """
.plot svg { display: block; width: 100%; height: auto; font-family: system-ui, -apple-system, "Segoe UI",
  Roboto, "Noto Sans", sans-serif; font-variant-numeric: tabular-nums; }
.plot .plot-narrow { display: none; }
.plot text { fill: var(--plot-ink); }
.plot .plot-group { font-weight: 600; }
.plot .plot-axis-label { fill: var(--plot-quiet); }
.plot .plot-label, .plot .plot-group, .plot .plot-milestone-label, .plot .plot-axis-label { paint-order: stroke;
  stroke: var(--plot-paper); stroke-width: 3px; stroke-linejoin: round; }
.plot .plot-count-label { fill: var(--plot-ink); }
.plot .plot-hatch { fill: var(--plot-quiet); opacity: .65; }
.plot .plot-grid { stroke: var(--plot-line); }
.plot .plot-axis { stroke: var(--plot-quiet); }
.plot .plot-milestone { stroke: var(--plot-quiet); stroke-dasharray: 1 3; }
.plot .plot-impact { --plot-tone: var(--plot-impact); } .plot .plot-response { --plot-tone: var(--plot-response); }
.plot .plot-public { --plot-tone: var(--plot-public); } .plot .plot-lead { --plot-tone: var(--plot-lead); }
.plot .plot-waiting { --plot-tone: var(--plot-waiting); } .plot .plot-alert { --plot-tone: var(--plot-alert); }
.plot .plot-entry { --plot-tone: var(--plot-entry); }
.plot .plot-bar { stroke: var(--plot-tone); }
.plot .plot-bar:not([fill]) { fill: color-mix(in srgb, var(--plot-tone) 28%, var(--plot-paper)); }
.plot .plot-dot { fill: var(--plot-tone); stroke: var(--plot-paper); }
.plot .plot-about, .plot .plot-count { fill: var(--plot-paper); stroke: var(--plot-tone); stroke-width: 1.5px; }
.plot figcaption, .plot summary { color: var(--plot-quiet); font-size: .875rem; margin-top: .5rem; }
.plot summary { padding: .25rem 0; cursor: pointer; }
.plot table { border-collapse: collapse; width: 100%; font-size: .875rem; }
.plot th, .plot td { border: 0; border-top: 1px solid var(--plot-line); padding: .3rem .5rem .3rem 0; text-align: left;
  vertical-align: top; font-weight: 400; }
.plot tr > th[scope="row"] { width: 30%; color: var(--plot-quiet); } .plot th[scope="rowgroup"] { font-weight: 600; }
@media (max-width: 38rem) { .plot .plot-wide { display: none; } .plot .plot-narrow { display: block; } }
"""
PLOT_STYLE = f"""
.plot {{ margin: 1.25rem 0; {_variables(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ .plot {{ {_variables(DARK)} }} }}
@media print {{ .plot {{ break-inside: avoid; {_variables(PRINT)} }} .plot details {{ display: none; }} }}
{RULES}"""
