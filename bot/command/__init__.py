"""Grammar of the text after `/incident`: a table of commands in, typed values out. Pure."""
