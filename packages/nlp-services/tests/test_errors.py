import pytest
from nlp_services import errors


@pytest.mark.parametrize(
    "error", [e for e in vars(errors).values() if isinstance(e, type) and e is not errors.ClassVar]
)
def test_every_error_is_of_the_tree_and_drawn_in_it(error):
    assert issubclass(error, errors.NlpError)
    assert error is errors.NlpError or error.__name__ in errors.__doc__
