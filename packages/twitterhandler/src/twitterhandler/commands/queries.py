"""`twitterhandler query`: try one before it is used."""

from typing import get_args

import typer

from twitterhandler.commands.options import Networks, QueryText
from twitterhandler.errors import SettingError
from twitterhandler.query import Query
from twitterhandler.topics import Network

app = typer.Typer(no_args_is_help=True, help="Try a query before it is used.")


@app.command("check", epilog="Example: twitterhandler query check '#WorldCup lang:en' --network x")
def check_query(text: QueryText, network: Networks = None) -> None:
    """Say whether a query can be used; if not, where it is wrong."""
    _checked(text, network)
    print("ok")


@app.command("explain", epilog="Example: twitterhandler query explain '#WorldCup -tickets'")
def explain_query(text: QueryText, network: Networks = None) -> None:
    """Say in words what a query finds."""
    print(_checked(text, network).explain())


def _checked(text: str, networks: list[str] | None) -> Query:
    for network in networks or ():
        if network not in get_args(Network):
            raise SettingError(f"network {network!r} is not known; choose from {', '.join(get_args(Network))}")
    query = Query.parse(text)
    query.check(networks or ())
    return query
