"""`python -m web.cli`."""

from web.cli.root import main

main()
