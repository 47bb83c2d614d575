"""Entities, keywords, sentiment and emotion of short posts, in batches.

```python
import nlp_services

nlp_services.analyze(["Ada Lovelace loves London!"])     # rows to look at
nlp_services.Analyzer(emotion=None).analyze(texts)       # columns to work with
```
"""

from nlp_services.__about__ import __version__
from nlp_services.analyzer import Analyzer
from nlp_services.annotations import (
    NOT_RATED,
    Analysis,
    Capability,
    EmotionLabel,
    Entity,
    EntityType,
    Keyword,
    Label,
    SentimentLabel,
)
from nlp_services.errors import BackendError, InputError, ModelError, NlpError, UnavailableError
from nlp_services.notebook import Rows, analyze

__all__ = [
    "NOT_RATED",
    "Analysis",
    "Analyzer",
    "BackendError",
    "Capability",
    "EmotionLabel",
    "Entity",
    "EntityType",
    "InputError",
    "Keyword",
    "Label",
    "ModelError",
    "NlpError",
    "Rows",
    "SentimentLabel",
    "UnavailableError",
    "__version__",
    "analyze",
]
