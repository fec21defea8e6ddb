"""Forms made of the table of commands, and the parser of what people enter. Pure."""
