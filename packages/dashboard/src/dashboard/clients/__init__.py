"""The services behind the page, as clients whose errors are this package's. The vendors' errors stop here."""

from dashboard.clients.collector import CollectorClient
from dashboard.clients.trending import TrendingClient
from dashboard.clients.views import ViewsClient

__all__ = ["CollectorClient", "TrendingClient", "ViewsClient"]
