"""Atom and RSS: entries of a feed, and one module for each product that writes incidents as such."""
