"""trending: what rises in a topic, and whether it is up."""

from __future__ import annotations

from urllib.parse import quote

from dashboard.clients.http import Client
from dashboard.messages import Rising


class TrendingClient(Client):
    """What rises."""

    name = "trending"

    async def emerging(self, topic: str) -> Rising:
        """What rises in a topic, best first.

        Raises:
            UnknownTopicError: trending knows no such topic (yet).
            UpstreamDownError: not reachable or it answered an error.
            ContractError: the answer is not what the contract says.
        """
        answer: Rising = await self._ask(f"/v1/emerging/{quote(topic, safe='')}")
        if "items" not in answer:
            raise self._unlike_the_contract()
        return answer
