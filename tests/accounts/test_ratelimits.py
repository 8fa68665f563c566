import pytest

from accounts.ratelimits import consume, network_of


def test_the_limit_is_reached_and_not_passed():
    assert [consume("booking", "person 1", "3/hour") for _try in range(4)] == [True, True, True, False]


def test_each_action_and_each_person_has_an_own_count():
    consume("booking", "person 1", "1/hour")
    assert consume("booking", "person 2", "1/hour")
    assert consume("registration", "person 1", "1/hour")


def test_the_key_is_stored_as_a_hash_only(redis):
    consume("registration", "hanako@mail.example", "1/hour")
    keys = list(redis.scan_iter())
    assert keys
    assert not [key for key in keys if b"hanako" in key]


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::/64"), ("2001:db8::ffff", "2001:db8::/64")],
)
def test_clients_are_counted_by_network(address, network):
    assert network_of(address) == network
