"""What the theory of queues says of a desk, to hold the simulated ones against."""

from __future__ import annotations


def erlang_b(servers: int, offered: float) -> float:
    """The share of arrivals that find everybody busy where nobody waits.

    Args:
        servers: how many people work at the desk, 0 or more.
        offered: arrivals a second times the mean time of service in seconds.

    Raises:
        ValueError: fewer than none.

    Source: A. K. Erlang, 1917; the recursion over the number of servers.
    """
    if servers < 0 or offered < 0:
        raise ValueError((servers, offered))
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """The share of arrivals that must wait, in an M/M/c queue; 1 where the queue only grows.

    Raises:
        ValueError: fewer than none.

    Source: A. K. Erlang, 1917.
    """
    blocked = erlang_b(servers, offered)
    if offered >= servers:
        return 1.0
    return servers * blocked / (servers - offered * (1.0 - blocked))


def mean_wait_s(servers: int, arrivals_a_second: float, service_s: float) -> float:
    """The mean time in the queue of an M/M/c desk, in seconds; of those too who do not wait.

    Raises:
        ValueError: a desk that cannot keep up: its queue only grows.
    """
    offered = arrivals_a_second * service_s
    if offered >= servers:
        raise ValueError((servers, offered))
    return erlang_c(servers, offered) * service_s / (servers - offered)
