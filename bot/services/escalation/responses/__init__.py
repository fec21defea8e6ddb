"""Responses to an escalation, by button, command, reaction, link or paging service."""
