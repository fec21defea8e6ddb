"""Status pages of vendors: one look at a page, and the news since the looks before it."""
