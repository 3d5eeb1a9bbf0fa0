"""What MkDocs calls while it builds the site."""

import pathlib
import sys

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from docs_build import (  # noqa: E402
    api_pages,
    blocks,
    card_figures,
    gallery,
    page_check,
    recipe_pages,
)

# Pages whose tables need the room of the lists beside them.
WIDE = ("migration.md", "evidence/claims.md", "recipes/index.md")


def on_config(config):
    """Add the generated pages to the navigation."""
    for entry in config["nav"]:
        if "API" in entry:
            entry["API"] = list(api_pages.pages())
        if "Recipes" in entry:
            entry["Recipes"] += list(recipe_pages.pages())
    return config


def on_pre_build(config):
    """Draw the pictures."""
    card_figures.draw_all()
    gallery.draw_all()


def on_files(files, config):
    """Add the generated pages to the files of the site."""
    for path, text in {**api_pages.pages(), **recipe_pages.pages()}.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    """Replace the blocks that ask for measured tables or for files of the repository."""
    if page.file.src_uri in WIDE:
        page.meta["hide"] = ["navigation", "toc"]
    return blocks.expanded(markdown, page.file.src_uri)


def on_post_page(output, page, config):
    """Refuse pictures without a text, files from elsewhere, and a room that lacks a name."""
    problems = page_check.problems_of(output) + missing_names(page.file.src_uri, output)
    if problems:
        raise PluginError(f"{page.file.src_uri}: {'; '.join(problems)}")
    return output


def missing_names(path, output):
    """Return a sentence for each public name that its room's page does not show."""
    room = pathlib.PurePosixPath(path).name.removesuffix(".md")
    names = api_pages.rooms().get(room, ()) if path.startswith("api/") else ()
    shown = [name for name in names if name not in api_pages.MODULES.get(room, ())]
    anchors = {name: f'id="{api_pages.identifier(room, name)}"' for name in shown}
    return [f"`{name}` is missing" for name, anchor in anchors.items() if anchor not in output]
