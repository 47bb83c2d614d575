"""The real models, loaded once a run."""

import pytest
from nlp_services import Analyzer

pytest.register_assert_rewrite("backends.contract")


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    analyzer = Analyzer()
    analyzer.warm_up()
    return analyzer
