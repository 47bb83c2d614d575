from contextlib import closing

import pytest
from sparkstream.errors import SettingsError
from sparkstream.stores import open_served, open_store
from sparkstream.stores.serving import ServedStore
from sparkstream.stores.sqlite import SqliteStore


def test_a_store_is_chosen_by_its_url(tmp_path):
    store = open_store(f"sqlite:{tmp_path}/views.db")
    assert isinstance(store, SqliteStore)
    store.close()


@pytest.mark.parametrize("url", ["", "views.db", "sqlite:", "cassandra:", "mysql://host/posts", ":memory:"])
def test_another_url_is_one_line_that_says_how_to_write_it(url):
    with pytest.raises(SettingsError, match="is no store; write sqlite:PATH"):
        open_store(url)


def test_one_file_is_served_as_it_is_and_two_stores_each_on_its_own(tmp_path):
    with closing(open_served(f"sqlite:{tmp_path}/views.db")) as store:
        assert isinstance(store, SqliteStore)
    with closing(open_served(f"sqlite:{tmp_path}/views.db", f"sqlite:{tmp_path}/speed.db")) as store:
        assert isinstance(store, ServedStore)
        assert store.at_once().topics() == []


def test_a_url_that_means_nothing_is_said_before_anything_is_served(tmp_path):
    with pytest.raises(SettingsError, match="is no store of speed views"):
        open_served(f"sqlite:{tmp_path}/views.db", "soup:1")
