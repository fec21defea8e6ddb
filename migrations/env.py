"""Alembic's entry: runs the revisions on the connection that `bot.store.database.migrate` hands over."""

from alembic import context

from bot.store.database.migrate import all_tables, is_of_models

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=all_tables(),
    include_name=is_of_models,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
