import nlp_services


def test_all_that_is_listed_is_there_and_the_version_is_the_distribution_s():
    assert all(hasattr(nlp_services, name) for name in nlp_services.__all__)
    assert nlp_services.__version__.count(".") == 2
