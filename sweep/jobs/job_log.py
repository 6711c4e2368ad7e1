"""What a job prints, read piece by piece: Ray's preparations, messages, and the answer."""

import json
from collections.abc import Callable

from sweep.jobs.request import ANSWER, BEGIN


class JobLog:
    """Hands on every whole line of talk once the job itself speaks, and keeps its answer.

    `has_begun` tells whether it ever spoke; `preparations` are the lines before, which say why if it did not.
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
        """Takes the pieces of a log that is read again from its beginning; what was taken before is passed over."""
        passed_over = self._taken

        def take(text: str) -> None:
            nonlocal passed_over
            passed, passed_over = min(passed_over, len(text)), max(0, passed_over - len(text))
            if passed < len(text):
                self.take(text[passed:])

        return take

    def end(self) -> None:
        """Take a last line that was not ended."""
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
