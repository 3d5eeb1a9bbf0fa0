"""What no page of the site may have: a picture without a text, a file from another machine."""

import html.parser

FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}


class PageCheck(html.parser.HTMLParser):
    """Collects what is wrong with a page in `problems`."""

    def __init__(self):
        super().__init__()
        self.problems = []

    def handle_starttag(self, tag, attrs):
        """Look at one tag."""
        attributes = dict(attrs)
        address = attributes.get(FETCHED.get(tag, ""), "") or ""
        loaded = ("stylesheet", "preload", "preconnect", "icon")
        if tag == "link" and attributes.get("rel") in loaded:
            address = attributes.get("href") or ""
        if address.startswith(("http:", "https:", "//")):
            self.problems.append(f"it fetches {address}")
        if tag == "img" and len((attributes.get("alt") or "").split()) < 3:
            self.problems.append(f"the picture {attributes.get('src')} has no text for `alt`")


def problems_of(page):
    """Return what is wrong with a page of HTML, as sentences."""
    check = PageCheck()
    check.feed(page)
    return check.problems
