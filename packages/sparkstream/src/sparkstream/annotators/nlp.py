"""nlp-services in process: the one place where a package of this repository imports another."""

from __future__ import annotations

from nlp_services import Analyzer

from sparkstream.annotation import Annotator


def local_analyzer() -> Annotator:
    return Analyzer(entities="local:", keywords="local:", sentiment="local:", emotion="local:")
