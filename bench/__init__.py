"""
How fast it is, and what it could be: each figure stands beside a limit that was measured in the same run.

`python -m bench [NAMES] [--long] [--runs N] [--database sqlite|postgresql]`; without names it writes
`bench/RESULTS.md`. The bot and the local Slack are processes of their own, and all is measured from outside.
"""
