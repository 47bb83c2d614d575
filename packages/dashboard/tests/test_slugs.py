from __future__ import annotations

import pytest
from dashboard.slugs import slug


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("airline:US Airways", "airline-us-airways"),
        ("  FIFA World  Cup! ", "fifa-world-cup"),
        ("Straße ﬁne", "strasse-fine"),
        ("snake_case", "snake-case"),
        ("東京 マラソン", "東京-マラソン"),
        ("🎉 …", ""),
    ],
)
def test_a_name_becomes_the_slug_of_the_queues_contract(name: str, made: str) -> None:
    assert slug(name) == made
    assert slug(made) == made
