"""A tab of a browser that notes what a page should never do."""

from contextlib import contextmanager


class Tab:
    """A tab that notes what a page should never do: ask the network, or complain."""

    def __init__(self, context):
        self.page = context.new_page()
        self.page.set_default_timeout(60_000)  # only on failure, and a machine may be busy
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def quiet(self):
        """Whether it has kept to itself so far."""
        beyond = [url for url in self.asked if not url.startswith(("file:", "data:", "about:"))]
        return not self.said and not beyond

    def show(self, view):
        """Show the fragment of a view as a notebook's output would be."""
        self.page.set_content(f"<body>{view._repr_html_()}</body>")
        return self

    def open(self, view, path):
        """Save a view as a file and open that."""
        self.page.goto(view.save(path).as_uri())
        return self

    def numbers(self):
        """Of each box its data and gradient, as Python writes them."""
        return self.page.evaluate(
            """() => Object.fromEntries([...document.querySelector("[data-lm-suppress-shortcuts]")
              .shadowRoot.querySelectorAll("[data-box]")]
              .map((g) => [g.id, [g.dataset.data, g.dataset.grad]]))"""
        )

    def texts(self):
        """All texts of the drawing."""
        return self.page.locator(".stage svg text").all_text_contents()

    def step(self, number):
        """Move the slider."""
        self.page.locator(".player input").fill(str(number))

    def steps(self):
        return int(self.page.locator(".player input").get_attribute("max"))

    def marked(self, name):
        """The boxes and arrows with a mark."""
        return self.page.evaluate(
            """(name) => [...document.querySelector("[data-lm-suppress-shortcuts]").shadowRoot
              .querySelectorAll(`g.${name}`)].map((g) => g.id)""",
            name,
        )


@contextmanager
def tab(browser, **options):
    """A tab in a context of its own, which has to be quiet.

    Nothing moves by itself in it: drawing that again and again is half of a browser's work.
    """
    context = browser.new_context(**{"reduced_motion": "reduce", **options})
    try:
        opened = Tab(context)
        yield opened
        assert opened.quiet(), (opened.said, opened.asked)
    finally:
        context.close()
