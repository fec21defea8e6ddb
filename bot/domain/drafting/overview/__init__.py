"""Sections about the incident as a whole: the times of the response, and how long it took."""
