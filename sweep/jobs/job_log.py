"""The log of a job, read piece by piece: Ray's preparations, messages, and the answer."""

import json
from collections.abc import Callable

from sweep.jobs.request import ANSWER, BEGIN


class JobLog:
    """Shows every complete line of messages after the job's first line, and keeps its answer.

    `has_begun`: whether the first line has come; `preparations`: the lines before it, which say why if it never came.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show, self._rest, self._taken = show, "", 0
        self.has_begun = False
        self.preparations: list[str] = []
        self.answer = ""

    def take(self, text: str) -> None:
        """Take the next piece, which may end within a line."""
        self._taken += len(text)
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._take_line(line)

    def again(self) -> Callable[[str], None]:
        """A function that takes the pieces of the log, read again from its beginning; skips what it took before."""
        passed_over = self._taken

        def take(text: str) -> None:
            nonlocal passed_over
            passed, passed_over = min(passed_over, len(text)), max(0, passed_over - len(text))
            if passed < len(text):
                self.take(text[passed:])

        return take

    def end(self) -> None:
        """Take a last line without a line break."""
        if self._rest:
            self.take("\n")

    def _take_line(self, line: str) -> None:
        if line.startswith(BEGIN):
            self.has_begun = True
        elif not self.has_begun:
            self.preparations.append(line)
        elif line.startswith(ANSWER):
            self.answer += json.loads(line.removeprefix(ANSWER))
        else:
            self._show(line)
