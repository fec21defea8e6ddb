"""
A local Slack: Web API, Events API, Socket Mode, and a page for people.

It knows nothing of the app under test, which uses Slack's public interfaces only.
"""
