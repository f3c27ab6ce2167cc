"""Brings the tables of a database to the form that this program knows."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from streamrec.errors import StoreError
from streamrec.store.place import ELSEWHERE

_SCRIPTS = "streamrec.store:migrations"


def migrate(connection: Connection) -> None:
    """Run the migrations that are missing, in the connection's transaction.

    Raises:
        StoreError: the database was made by a newer program.
    """
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _SCRIPTS)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = set(MigrationContext.configure(connection).get_current_heads())
    if found - known:
        raise StoreError(
            f"its tables are of version {', '.join(sorted(found))}, made by a newer streamrec; "
            f"known here are those up to {max(known)}: update streamrec, or {ELSEWHERE}"
        )
    if found != set(ScriptDirectory.from_config(config).get_heads()):
        command.upgrade(config, "heads")
