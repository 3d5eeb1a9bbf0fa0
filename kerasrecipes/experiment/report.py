"""The report of a run: one page of HTML that loads nothing from elsewhere."""

import base64
import html

from kerasrecipes._printable import visible

STYLE = """
:root { color-scheme: light dark; --text: #1c1e21; --quiet: #5b6168; --line: #d8dce0;
  --page: #fff; --card: #f5f6f8; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --quiet: #a0a7af; --line: #3a4047;
  --page: #16181b; --card: #202327; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem;
  color: var(--text); background: var(--page); overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.3rem; break-after: avoid; }
p { margin: 0.4rem 0; } .note { color: var(--quiet); font-size: 0.94rem; }
.result { font-size: 1.25rem; font-weight: 600; margin: 0.2rem 0 0.8rem; }
.warning { border-left: 4px solid #d9822b; padding-left: 0.7rem; }
.scroll { overflow-x: auto; }
.picture { display: block; overflow-x: auto; } .picture input { position: absolute; opacity: 0; }
.picture img { max-width: 100%; height: auto; display: block; cursor: zoom-in; background: #fff;
  border-radius: 4px; }
.picture input:checked + img { max-width: none; cursor: zoom-out; }
.picture input:focus-visible + img { outline: 2px solid #0b6e99; }
.hint { display: none; } @media (max-width: 40rem) { .hint { display: inline; } }
table { border-collapse: collapse; font-size: 0.94rem; }
td, th { padding: 0.3rem 1rem 0.3rem 0; text-align: left; vertical-align: top; }
td { border-bottom: 1px solid var(--line); max-width: 22rem; overflow-wrap: break-word; }
th { font-weight: 600; border-bottom: 2px solid var(--line); overflow-wrap: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
details { background: var(--card); border-radius: 4px; padding: 0.6rem 0.9rem; margin: 2rem 0; }
summary { cursor: pointer; font-weight: 600; }
@media print { :root { --text: #000; --quiet: #444; --line: #ccc; --page: #fff; --card: #fff; }
  body { max-width: none; font-size: 10pt; padding: 0; } .hint { display: none; }
  .scroll, .picture { overflow: visible; break-inside: avoid; } table { font-size: 9pt; }
  .picture img, .picture input:checked + img { max-width: 100%; max-height: 22cm; width: auto; }
  .note { break-after: avoid; } img, tr { break-inside: avoid; } }
"""
WIDE_PIXELS = 400  # a picture that the screen of a phone shrinks
HINT = ' <span class="hint">Tap the picture to enlarge it.</span>'


def report_html(title, result, summary, figures, tables, settings):
    """Return a self-contained page: the result, pictures, tables, and settings folded away.

    Args:
        title: str.
        result: str, the result in a line.
        summary: List of strings, one per paragraph; of a tuple `("warning", str)` it stands out.
        figures: List of `(heading, caption, PNG bytes)`.
        tables: List of `(heading, header, rows)`; a row is a list of strings.
        settings: List of `(name, value)`.

    Returns:
        str of HTML.
    """
    parts = [f"<h1>{_escaped(title)}</h1>", f'<p class="result">{_escaped(result)}</p>']
    for line in summary:
        kind, text = line if isinstance(line, tuple) else ("note", line)
        parts.append(f'<p class="{kind}">{_escaped(text)}</p>')
    for heading, caption, png in figures:
        data = base64.b64encode(png).decode("ascii")
        hint = HINT if _width(png) > WIDE_PIXELS else ""
        parts += [
            f"<h2>{_escaped(heading)}</h2>",
            f'<p class="note">{_escaped(caption)}{hint}</p>',
            f'<label class="picture"><input type="checkbox" aria-label="{_escaped(heading)}, full '
            f'size"><img alt="{_escaped(caption)}" src="data:image/png;base64,{data}"></label>',
        ]
    for heading, header, rows in tables:
        parts += [f"<h2>{_escaped(heading)}</h2>", table_html(header, rows)]
    parts += ["<details><summary>Settings and versions</summary>"]
    parts += [table_html(("Name", "Value"), settings), "</details>"]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escaped(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def table_html(header, rows):
    """Return an HTML table that scrolls; columns of numbers alone are aligned to the right."""
    classes = [
        ' class="number"' if _is_numeric([row[place] for row in rows]) else ""
        for place in range(len(header))
    ]
    lines = [_row("th", header, classes), *(_row("td", row, classes) for row in rows)]
    return '<div class="scroll"><table>' + "\n".join(lines) + "</table></div>"


def _row(tag, cells, classes):
    parts = [f"<{tag}{kind}>{_escaped(cell)}</{tag}>" for cell, kind in zip(cells, classes)]
    return f"<tr>{''.join(parts)}</tr>"


def _is_numeric(cells):
    """Return whether a column holds numbers, apart from cells that are empty or say "none".

    >>> _is_numeric(["-0.5", "1,000", ""]), _is_numeric(["3.11.7", "2"]), _is_numeric(["", "none"])
    (True, False, False)
    """
    numbers = [cell.replace(",", "") for cell in cells if cell not in ("", "none")]
    try:
        return bool([float(cell) for cell in numbers])
    except ValueError:
        return False


def _width(png):
    """Return the width of a PNG in pixels, which its header has."""
    return int.from_bytes(png[16:20], "big")


def _escaped(text):
    return html.escape(visible(text))
