import pytest
from sparkstream.errors import SettingsError
from sparkstream.stores import open_store
from sparkstream.stores.sqlite import SqliteStore


def test_a_store_is_chosen_by_its_url(tmp_path):
    store = open_store(f"sqlite:{tmp_path}/views.db")
    assert isinstance(store, SqliteStore)
    store.close()


@pytest.mark.parametrize("url", ["", "views.db", "sqlite:", "cassandra:", "mysql://host/posts", ":memory:"])
def test_another_url_is_one_line_that_says_how_to_write_it(url):
    with pytest.raises(SettingsError, match="is no store; write sqlite:PATH"):
        open_store(url)
