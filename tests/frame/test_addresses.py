from django.urls import reverse, set_script_prefix

from revops.addresses import address_of


def test_the_address_of_a_record_is_the_one_its_url_pattern_gives():
    assert address_of("pipeline:deal-advance", 7) == reverse("pipeline:deal-advance", args=[7])


def test_the_address_of_a_record_begins_where_the_server_says():
    set_script_prefix("/desk/")
    try:
        under = address_of("pipeline:deal-detail", 7)
    finally:
        set_script_prefix("/")

    assert under == "/desk" + address_of("pipeline:deal-detail", 7)
