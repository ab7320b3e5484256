"""What tests of the running application share."""

import pytest
from litestar import Litestar

from kit.db.database import Database
from kit.http.app_key import DATABASE


@pytest.fixture
def walled(app: Litestar) -> Database:
    """The application's own database: it sees one organization at a time, as requests do."""
    return DATABASE.get(app)
