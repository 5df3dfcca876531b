"""`python -m refund` is the command `refund`."""

from refund.cli import main

main()
