"""
A Slack for one laptop: a workspace that speaks Slack's Web API, Events API and Socket Mode, and a page to look at it.

It knows nothing of the app that is tried against it: whatever works here uses Slack's public interfaces only.
"""
