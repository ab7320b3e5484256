"""Typed keys (AppKey) for the objects in the Litestar application's state."""

import pytest
from litestar import Litestar

from kit.http.app_key import AppKey

NUMBER: AppKey[int] = AppKey("number")


def test_an_object_is_found_by_its_key() -> None:
    app = Litestar()
    app.state.update([NUMBER.entry(3)])
    assert NUMBER.get(app) == 3
    NUMBER.set(app, 4)
    assert NUMBER.get(app) == 4


def test_an_application_made_without_the_object_is_named_as_the_fault() -> None:
    with pytest.raises(LookupError, match="holds no 'number'"):
        NUMBER.get(Litestar())
