"""The pages of the site that are made from code: `mkdocs build --strict` imports `hooks`.

- `hooks`: what MkDocs calls, in its order.
- `api_pages`: a page for each room, with every public name.
- `recipe_pages`: a page for each recipe: header, results, source.
- `included`: pages that live elsewhere in the repository, with their links mended.
- `measured`: the tables of gains, from `recipes/results`; `speeds`: from `benchmarks/results`.
- `card_figures`: draws what `pictures` holds.
- `gallery`: every transform at three strengths and six seeds.
- `blocks`: blocks of a page that stand for such a table or file.
- `message_texts`: the messages of the package, for the page that explains them.
- `formulas`: formulas as MathML, which browsers draw without a script.
- `page_check`: refuses pictures without a text, and files from elsewhere.
- `docstring_sections`: our docstrings as mkdocstrings reads them.
"""
