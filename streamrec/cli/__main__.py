"""Lets ``python -m streamrec.cli`` be the command line."""

import sys

from streamrec.cli import main

sys.exit(main())
