"""The departure tax-refund point-of-sale service, as a simulation on real rules."""

__version__ = "0.1.0"
