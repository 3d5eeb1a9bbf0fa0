"""The report of a run: one page of HTML that loads nothing from elsewhere."""

import base64
import html

from kerasrecipes._printable import visible

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff; }
h1 { font-size: 1.5rem; margin-bottom: 0.2rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; } td, th { padding: 0.25rem 0.9rem 0.25rem 0; text-align: left; }
th { font-weight: 600; border-bottom: 1px solid #ccc; } td.number { text-align: right;
font-variant-numeric: tabular-nums; } img { max-width: 100%; } .note { color: #666; }
"""


def report_html(title, summary, tables, figures):
    """Return a self-contained page of text, tables and figures.

    Args:
        title: str.
        summary: List of strings, one per paragraph.
        tables: List of `(heading, header, rows)`; a row is a list of strings.
        figures: List of `(heading, caption, PNG bytes)`.

    Returns:
        str of HTML.
    """
    parts = [f"<h1>{_escaped(title)}</h1>"]
    parts += [f'<p class="note">{_escaped(line)}</p>' for line in summary]
    for heading, header, rows in tables:
        parts += [f"<h2>{_escaped(heading)}</h2>", table_html(header, rows)]
    for heading, caption, png in figures:
        data = base64.b64encode(png).decode("ascii")
        parts += [
            f"<h2>{_escaped(heading)}</h2>",
            f'<p class="note">{_escaped(caption)}</p>',
            f'<img alt="{_escaped(heading)}" src="data:image/png;base64,{data}">',
        ]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{_escaped(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def table_html(header, rows):
    """Return an HTML table; cells that begin with a digit are aligned to the right."""
    head = "".join(f"<th>{_escaped(cell)}</th>" for cell in header)
    lines = [f"<tr>{head}</tr>"]
    for row in rows:
        cells = [
            f'<td class="number">{_escaped(cell)}</td>'
            if cell[:1].isdigit()
            else f"<td>{_escaped(cell)}</td>"
            for cell in row
        ]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "<table>" + "\n".join(lines) + "</table>"


def _escaped(text):
    return html.escape(visible(text))
