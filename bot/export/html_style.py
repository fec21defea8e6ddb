"""CSS of the exported HTML: phone, desktop, light, dark, print."""

STYLE = """
:root { color-scheme: light dark; --text: #1d2129; --quiet: #5b6472; --line: #d9dde3; --link: #1259c3; --paper: #fff;
  --tint: #f5f6f8; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e7ec; --quiet: #9aa3b2; --line: #363c46; --link: #7fb0ff; --paper: #15181d;
    --tint: #1d2128; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 0 0 1.25rem; }
nav a { padding: .5rem 0; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; text-wrap: balance; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .5rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .4rem; }
p { margin: .5rem 0; }
ul, ol { margin: .5rem 0; padding-left: 1.2rem; }
li { margin: .35rem 0; }
li::marker { color: var(--quiet); }
em { color: var(--quiet); }
strong { font-variant-numeric: tabular-nums; }
code { font: .875em/1.5 ui-monospace, "Cascadia Mono", "Source Code Pro", Menlo, "Noto Sans Mono", monospace;
  padding: .1em .3em; background: var(--tint); border: 1px solid var(--line); border-radius: .25rem; }
pre { overflow-x: auto; margin: .4rem 0; padding: .5rem .75rem; background: var(--tint); border: 1px solid var(--line);
  border-radius: .35rem; }
pre code { padding: 0; background: none; border: 0; }
blockquote { margin: 1rem 0; padding: .35rem 1rem; border-left: 3px solid var(--line); background: var(--tint);
  border-radius: 0 .35rem .35rem 0; }
li > blockquote { margin: .4rem 0; padding: .1rem .75rem; }
a { color: var(--link); text-underline-offset: .15em; }
a.source { padding: 0 .1em; font-size: .75em; line-height: 1; vertical-align: super;
  color: var(--quiet); text-decoration: none; }
a.source:hover, a.source:focus { color: var(--link); text-decoration: underline; }
a:focus-visible, .wide:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
figure { margin: 1rem 0; }
figure img { max-width: 100%; height: auto; }
hr { border: 0; border-top: 1px solid var(--line); margin: 2rem 0; }
article + article { margin-top: 3.5rem; padding-top: 2.5rem; border-top: 3px double var(--line); }
.wide { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; width: 100%; overflow-wrap: break-word; }
th, td { border: 1px solid var(--line); padding: .4rem .55rem; text-align: left; vertical-align: top; min-width: 6rem; }
th { font-weight: 600; }
@media (pointer: coarse) { a.source { padding: .5em; } }
@media print {
  @page { margin: 18mm 16mm 20mm; @bottom-right { content: counter(page) " / " counter(pages);
    font: 8pt system-ui, "Noto Sans", sans-serif; color: #555; } }
  :root { color-scheme: light; --text: #000; --quiet: #555; --line: #bbb; --link: #000; --paper: #fff;
    --tint: none; }
  body { max-width: none; padding: 0; font-size: 10.5pt; line-height: 1.45; background: none; }
  nav { display: none; }
  h1 { font-size: 17pt; } h2 { font-size: 13pt; margin-top: 1.4rem; } h3 { font-size: 11pt; margin-top: 1rem; }
  h1, h2, h3 { break-after: avoid; break-inside: avoid; }
  p, li { orphans: 3; widows: 3; }
  li, tr, blockquote { break-inside: avoid; }
  thead { display: table-header-group; }
  a { text-decoration: none; }
  .wide { overflow: visible; }
  pre { white-space: pre-wrap; }
  article + article { break-before: page; margin: 0; padding: 0; border: 0; }
  .transcript { font-size: 9pt; }
}
"""
