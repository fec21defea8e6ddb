"""CSS of an incident's picture: light, dark, phone, print."""

PLOT_STYLE = """
.plot { margin: 1.25rem 0; --plot-ink: #1d2129; --plot-quiet: #5b6472; --plot-line: #d9dde3; --plot-paper: #fff;
  --plot-impact: #b3261e; --plot-response: #1259c3; --plot-public: #7a3fb3; --plot-lead: #0b6e63;
  --plot-waiting: #8a5200; --plot-alert: #b8400a; --plot-entry: #3d4654; }
@media (prefers-color-scheme: dark) {
  .plot { --plot-ink: #e4e7ec; --plot-quiet: #9aa3b2; --plot-line: #363c46; --plot-paper: #15181d;
    --plot-impact: #ff8a80; --plot-response: #7fb0ff; --plot-public: #c9a2ff; --plot-lead: #5fd3c4;
    --plot-waiting: #ffc266; --plot-alert: #ff9e6b; --plot-entry: #b8c0cc; }
}
.plot svg { display: block; width: 100%; height: auto; font-family: system-ui, -apple-system, "Segoe UI", Roboto,
  "Noto Sans", sans-serif; font-variant-numeric: tabular-nums; }
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
@media print {
  .plot { break-inside: avoid; --plot-ink: #000; --plot-quiet: #444; --plot-line: #bbb; --plot-paper: #fff;
    --plot-impact: #b3261e; --plot-response: #1259c3; --plot-public: #7a3fb3; --plot-lead: #0b6e63;
    --plot-waiting: #8a5200; --plot-alert: #b8400a; --plot-entry: #333; }
  .plot details { display: none; }
}
"""
