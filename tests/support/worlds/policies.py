"""Escalation policies of the stories."""

POLICIES = """
[nudges]
acknowledged_quiet = 0
[incidents]
policy = "slow"
[severities.SEV1]
policy = "major"
[services.checkout]
policy = { SEV1 = "major", SEV2 = "payments", SEV4 = "none" }
[teams.dba]
members = ["U0DBA", "U0DEVELOPER"]
[vendors.payplug]
name = "PayPlug"
[schedules.nobody]
zone = "UTC"
[schedules.always]
zone = "UTC"
[[schedules.always.layers]]
people = ["U0ENGINEER"]
starts = "2026-01-05 09:00"
every = "week"
[policies.payments]
at_end = { page = ["U0MANAGER"] }
[[policies.payments.levels]]
targets = ["U0ONCALL"]
wait = 5
[[policies.payments.levels]]
targets = ["team:dba", "vendor:payplug"]
wait = 10
[policies.major]
repeat = 1
[[policies.major.levels]]
targets = ["U0DBA", "U0DEVELOPER"]
acknowledge = "all"
wait = 5
[[policies.major.levels]]
targets = ["U0MANAGER"]
wait = 5
[policies.slow]
[[policies.slow.levels]]
targets = ["schedule:nobody"]
[[policies.slow.levels]]
targets = ["schedule:always", "group:S0DATABASE"]
wait = 30
"""
