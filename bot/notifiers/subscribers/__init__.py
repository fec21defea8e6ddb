"""Notices to subscribers of the status page, by e-mail and by webhook."""
