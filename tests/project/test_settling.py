import gc

from revops.settling import settle


def test_what_was_loaded_before_the_first_request_is_set_aside():
    try:
        settle()
        assert gc.get_freeze_count() > 100_000
    finally:
        gc.unfreeze()
