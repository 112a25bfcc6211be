# SPDX-License-Identifier: Apache-2.0
"""What the scripts of a trial wrote down about themselves; see witness.c."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Testimony:
    # start, end or overlap
    what: str
    # Nanoseconds of CLOCK_MONOTONIC.
    time: int
    action: str
    run: str
    attempt: int
    event: str
    status: int
    key: str


class WitnessLog:
    """Reads the log on as it grows."""

    def __init__(self, directory):
        self.directory = directory
        self.path = directory / "log"
        self.testimonies = []
        self._offset = 0
        (directory / "locks").mkdir(parents=True, exist_ok=True)

    def read(self):
        """Takes up what was written since, and returns all."""
        try:
            with open(self.path, "rb") as log:
                log.seek(self._offset)
                text = log.read()
        except FileNotFoundError:
            return self.testimonies
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.decode().splitlines():
            what, time, action, run, attempt, event, status, key = line.split("\t")
            self.testimonies.append(
                Testimony(what, int(time), action, run, int(attempt), event, int(status), key)
            )
        return self.testimonies
