"""A terminal in memory."""

import io
import re

HIDE_CURSOR = "\x1b[?25l"


class Screen(io.TextIOWrapper):
    """Takes what is written to a terminal, and says what a user sees."""

    def __init__(self, encoding="utf-8"):
        super().__init__(io.BytesIO(), encoding=encoding, newline="")

    def isatty(self):
        return True

    def written(self):
        """All characters, without those that set colours."""
        self.flush()
        text = self.buffer.getvalue().decode(self.encoding)
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    def bars(self):
        """Every line that was erased later, in order."""
        erased = re.split(r"\r\x1b\[2K|\n", self.written())
        return [line.rstrip() for line in erased if re.search("[━╸╺-]{2}", line)]

    def lines(self):
        """The lines that are left in the end, by the few movements of the cursor in use."""
        lines, row, column = [""], 0, 0
        for part in re.findall(r"\x1b\[\d*[A-Z]|\r|\n|[^\x1b\r\n]+", self.written()):
            if part == "\r":
                column = 0
            elif part == "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
                column = 0
            elif part == "\x1b[2K":
                lines[row] = ""
            elif part == "\x1b[1A":
                row -= 1
            else:
                assert "\x1b" not in part, repr(part)
                before = lines[row].ljust(column)
                lines[row] = before[:column] + part + before[column + len(part) :]
                column += len(part)
        assert lines[-1] == "" and column == 0
        return [line.rstrip() for line in lines[:-1]]
