"""What may go wrong while a model is made: one line that says what to do.

ModelsError
├── DataError        the data sets are not there, or not as the schema says
└── NotReleasedError the model was made, but is not good enough to replace the one that is used
"""


class ModelsError(Exception):
    pass


class DataError(ModelsError):
    pass


class NotReleasedError(ModelsError):
    pass
