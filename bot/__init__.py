"""Rushes: follows AI video and image generations and puts the finished media into the chat."""

import os

__version__ = "0.1.0"

# python-telegram-bot warns whenever it makes a RetryAfter, unless it is told this; a process that is strict about
# warnings would then get the warning instead of the error.
os.environ.setdefault("PTB_TIMEDELTA", "1")
