"""Atom and RSS: the entries of feeds, and the products that write incidents as such."""
