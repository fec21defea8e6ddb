"""The kinds of database that a test is run on."""

SQLITE = ("sqlite",)
POSTGRESQL = ("postgresql",)
BOTH_DATABASES = (*SQLITE, *POSTGRESQL)
