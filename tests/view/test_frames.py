"""Pictures that move, beside the player of the page; and pages inside of other pages."""

import io
import re
import sys
import xml.etree.ElementTree as ElementTree

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.errors import GraphError
from autograd_lite.nn import MLP
from autograd_lite.view.frames import attributes, frames, lines_of
from autograd_lite.view.layout import lay_out, lay_out_each
from autograd_lite.view.page.page import PACE

#: What the page shows at a step: of boxes and arrows what is marked, and what is said.
STATE = """() => {
  const root = document.querySelector("[data-lm-suppress-shortcuts]").shadowRoot;
  const all = (name) => [...root.querySelectorAll(name)];
  const ids = (name) => all(name).map((g) => g.id).sort();
  const told = (name, of) => Object.fromEntries(all(name).map((g) => [g.id, of(g)]));
  return {
    boxes: told("[data-box]", (g) => [g.dataset.data, g.dataset.grad]),
    pending: ids(".node.pending"), now: [...ids(".node.now"), ...ids(".edge.now")],
    widths: told(".edge", (g) => Number(g.querySelector("path").style.strokeWidth)),
    phase: root.querySelector(".phase").textContent,
    formula: root.querySelector(".formula").textContent,
    sum: root.querySelector(".sum")?.textContent,
  };
}"""
#: The same of a network.
LAYERS = """() => {
  const root = document.querySelector("[data-lm-suppress-shortcuts]").shadowRoot;
  const nodes = [...root.querySelectorAll(".network")].flatMap((svg, n) =>
    [...svg.querySelectorAll(".neuron")].map((g) => [n, JSON.parse(g.dataset.target), g]));
  return {
    phase: root.querySelector(".phase").textContent,
    formula: root.querySelector(".formula").textContent,
    numbers: nodes.flatMap(([, { layer }, g]) => (layer < 0 ? []
      : [g.matches(".pending") ? "" : g.querySelector("text").textContent])),
    now: nodes.filter(([, , g]) => g.matches(".now"))
      .map(([n, { layer, neuron }]) => `${n}${layer + 1}${neuron}`),
  };
}"""
#: The texts that are seen in an SVG.
SEEN = """[...document.querySelectorAll("text")]
  .filter((e) => getComputedStyle(e).visibility === "visible").map((e) => e.textContent)"""


def graph():
    """Re-use, a constant, a node without a name, and a minus before a number."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    d = a * b
    d.label = "d"
    out = ag.tanh(d * a + a * a * 2.5) - b
    out.label = "L"
    return out


@pytest.fixture(scope="module")
def picture():
    return ag.draw(graph())


@pytest.fixture(scope="module")
def moving(picture, tmp_path_factory):
    path = picture.save(tmp_path_factory.mktemp("moving") / "x.svg", animated=True)
    return path, path.read_text()


class TestFrames:
    def test_they_are_the_player_s_states(self, picture, page):
        """Numbers, marks, widths and words, step by step, as a browser shows them."""
        page.show(picture)
        nodes = picture.page.nodes
        found = [*frames(nodes)]
        assert len(found) == page.steps() + 1
        for position, frame in enumerate(found):
            page.step(position)
            seen = page.page.evaluate(STATE)
            for i, node in enumerate(nodes):
                data, grad = seen["boxes"][f"n{i}"]
                assert (data != "") == (i in frame.known)
                assert data in ("", repr(float(node["data"])))
                assert float(grad) == frame.grad.get(i, 0.0)
            pending = sorted(f"n{i}" for i in range(len(nodes)) if i not in frame.known)
            assert seen["pending"] == pending
            boxes, edges = ({f"n{i}" for i in frame.boxes}, {f"n{i}-{k}" for i, k in frame.edges})
            assert {*seen["now"]} == boxes | edges
            own = attributes(frame, picture._drawing.shown.boxes, nodes, [0.0] * len(nodes))
            widths = {name: float(own[name]["penwidth"]) for name in seen["widths"]}
            assert widths == pytest.approx(seen["widths"], abs=0.011)
            phase, formula, *rest = frame.caption
            assert seen["phase"] == phase
            if seen["sum"]:
                assert rest == [seen["sum"]]
                up, _, slope, _, to, *goes = formula.split(" ")
                shown = [float(x) for x in re.findall(r"-?[\d.]+(?:e[-+]\d+)?", seen["formula"])]
                assert {float(up), float(slope), float(to)} <= {*shown}
                assert seen["formula"].endswith(" ".join(goes))
            else:
                assert seen["formula"] == formula

    def test_the_last_gradients_are_those_of_backward(self, picture):
        *_, last = frames(picture.page.nodes)
        order = ag.draw(graph()).folding.graph.order
        grads = ag.gradient(order[-1], order)
        assert [last.grad.get(i, 0.0) for i in range(len(order))] == grads

    def test_without_constants_and_in_small_steps_they_end_alike(self):
        """What is not drawn is there for the arithmetic, and has no marks."""
        x = Value(2.0, "x")
        root = ag.dot([x, x * 3.0], [x, x], 1.0)
        for options in ({"constants": False}, {"expand": True}, {"rankdir": "TB"}):
            view = ag.draw(root, **options)
            *_, last = frames(view.page.nodes)
            place = [node["name"] for node in view.page.nodes].index("x")
            assert last.grad[place] == ag.gradient(root, [x])[0]

    def test_a_constant_has_no_backward_pass(self):
        view = ag.draw((Value(2.0) * 1.0).parents[1])
        assert [frame.caption[0] for frame in frames(view.page.nodes)] == ["Start"]


class TestMovingSvg:
    def test_every_frame_has_its_words_and_nothing_jumps(self, picture, moving):
        """Boxes keep their outlines, whatever numbers they hold."""
        _, text = moving
        for frame in frames(picture.page.nodes):
            for line in lines_of(frame.caption):
                assert f">{line}</text>" in text, line
        boxes = re.findall(r'<g class="node[^>]*>.*?<path [^>]*d="([^"]*)"', text, re.DOTALL)
        assert len({*boxes}) == len(picture.page.nodes)
        assert len(boxes) > 2 * len({*boxes})

    def test_it_is_one_file_without_scripts(self, moving):
        _, text = moving
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert not re.search(r"<script|https?://(?!www\.w3\.org)", text)
        assert re.findall(' id="([^"]*)"', text) == ["graph0"]

    def test_css_shows_one_frame_after_the_other(self, picture, moving, page):
        """In the middle of each step its caption is seen, and no other; then it begins again."""
        page.page.emulate_media(reduced_motion="no-preference")
        page.page.goto(moving[0].as_uri())
        texts = """(t) => {
          for (const a of document.getAnimations()) { a.pause(); a.currentTime = t; }
          return SEEN;
        }""".replace("SEEN", SEEN)
        found = [*frames(picture.page.nodes)]
        whole = PACE * (len(found) - 1) + 3500
        for n, frame in enumerate([*found, found[0]]):
            at = whole + PACE / 2 if n == len(found) else PACE * (n + 0.5)
            seen = page.page.evaluate(texts, at)
            assert {*lines_of(frame.caption)} <= {*seen}
            grads = sorted(
                text
                for text in seen
                if text.startswith("grad ") and text not in lines_of(frame.caption)
            )
            nodes = enumerate(picture.page.nodes)
            shown = [f"grad {frame.grad.get(i, 0.0):.4g}" for i, x in nodes if not x["constant"]]
            assert grads == sorted(shown)
        page.page.emulate_media(reduced_motion="reduce")

    @pytest.mark.parametrize("still", ["no CSS", "reduced motion"])
    def test_where_nothing_moves_it_is_the_last_frame(self, picture, moving, page, tmp_path, still):
        *_, last = frames(picture.page.nodes)
        path, text = moving
        if still == "no CSS":
            path = tmp_path / "plain.svg"
            path.write_text(re.sub("<style>.*?</style>", "", text, flags=re.DOTALL))
            page.page.emulate_media(reduced_motion="no-preference")
        page.page.goto(path.as_uri())
        seen = page.page.evaluate(f"() => {SEEN}")
        page.page.emulate_media(reduced_motion="reduce")
        assert {*lines_of(last.caption)} <= {*seen}
        assert "Start" not in seen

    def test_names_from_a_user_are_text(self, tmp_path):
        """Marks of XML, of HTML-like labels, and of our own templates."""
        x = Value(2.0, "<b>&{n}\\N")
        text = ag.draw(x * x).save(tmp_path / "x.svg", animated=True).read_text()
        said = ["".join(e.itertext()) for e in ElementTree.fromstring(text).iter()]
        assert "grad of <b>&{n}\\N: 0 + 2 = 2" in said


class TestGif:
    def test_it_has_the_frames_at_the_player_s_pace(self, tmp_path):
        image = pytest.importorskip("PIL.Image")
        x = Value(3.0, "x")
        view = ag.draw(x * x)
        with image.open(view.save(tmp_path / "x.gif")) as gif:
            assert gif.n_frames == len([*frames(view.page.nodes)]) == 5
            times, pixels = [], []
            for n in range(gif.n_frames):
                gif.seek(n)
                times.append(gif.info["duration"])
                pixels.append(gif.convert("RGB").tobytes())
                assert gif.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
        assert times == [PACE] * 4 + [3500]
        assert gif.info["loop"] == 0
        assert len({*pixels}) == 5

    def test_without_pillow_the_extra_is_named(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "PIL", None)
        with pytest.raises(ImportError, match=r'pip install "autograd-lite\[plot\]"'):
            ag.draw(graph()).save(tmp_path / "x.gif")
        assert not (tmp_path / "x.gif").exists()

    def test_several_pngs_come_from_one_process(self):
        image = pytest.importorskip("PIL.Image")
        sources = ["digraph { a }", "digraph { a -> b }"]
        found = lay_out_each(sources, "png")
        sizes = [image.open(io.BytesIO(png)).size for png in found]
        assert sizes == [image.open(io.BytesIO(lay_out(each, "png"))).size for each in sources]


class TestNetworks:
    """The player of a network goes layer by layer, and so do its frames."""

    @pytest.mark.parametrize("several", [False, True])
    def test_they_are_the_player_s_states(self, page, several):
        """Words, numbers of neurons, and what takes part in a step."""
        x, y = ([0.5, -1.0], [-0.25, 2.0])
        model = MLP(2, [3, 1], "tanh", seed=1)
        out = model(x) * MLP(2, [2, 1], "tanh", seed=2)(y) if several else model(x) * model(y)
        out.backward()
        view = ag.draw(out)
        page.page.goto("about:blank")
        page.show(view)
        found = [*view.page.pictures()]
        assert len(found) == page.steps() + 1 == (12 if several else 7)
        for position, (caption, drawing) in enumerate(found):
            page.step(position)
            seen = page.page.evaluate(LAYERS)
            assert caption[:2] == [seen["phase"], seen["formula"]]
            source = drawing.source
            numbers = [
                label.split()[-1] if len(label.split()) > 1 else label
                for label in re.findall(r'm\dc[1-9]r\d \[label="?([^" \]]*)', source)
            ]
            assert numbers == seen["numbers"]
            now = re.findall(r'm(\d)c(\d)r(\d) \[[^\n]*color="#F0B429"', source)
            assert ["".join(each) for each in now] == seen["now"]

    def test_a_moving_picture_has_them(self, tmp_path):
        view = ag.draw(MLP(2, [2, 1], "tanh", seed=1))
        text = view.save(tmp_path / "x.svg", animated=True).read_text()
        for caption, _ in view.page.pictures():
            assert f">{caption[0]}</text>" in text
        places = re.findall(r'<ellipse [^>]*cx="([^"]*)"', text)
        assert len({*places}) == 2  # columns: nothing jumps
        image = pytest.importorskip("PIL.Image")
        with image.open(view.save(tmp_path / "x.gif")) as gif:
            assert gif.n_frames == 3

    def test_a_stale_network_is_refreshed_first(self, tmp_path):
        model = MLP(2, [2, 1], "tanh", seed=1)
        out = model([1.0, 2.0])
        model.parameters()[0].data = 4.0
        with pytest.raises(GraphError, match=r"root\.refresh\(\)"):
            ag.draw(out).save(tmp_path / "x.gif")


class TestRefusals:
    def test_a_folded_picture_has_no_steps(self, tmp_path):
        view = ag.draw(ag.sum([Value(float(i)) * 2.0 for i in range(20)]), max_nodes=5)
        with pytest.raises(GraphError, match=r"max_nodes=\.\.\."):
            view.save(tmp_path / "x.gif")

    def test_a_stale_graph_is_refreshed_first(self, tmp_path):
        x = Value(3.0)
        y = x * x
        x.data = 4.0
        with pytest.raises(GraphError, match=r"root\.refresh\(\)"):
            ag.draw(y).save(tmp_path / "x.svg", animated=True)

    def test_only_svg_and_gif_move(self, tmp_path):
        with pytest.raises(ValueError, match=r"an \.svg or a \.gif, and not 'x\.png'"):
            ag.draw(graph()).save(tmp_path / "x.png", animated=True)


class TestEmbedding:
    def test_it_is_one_element_that_holds_the_page(self, picture, page):
        """As high as the page at any width, and quiet."""
        page.page.goto("about:blank")
        assert "\n" not in picture.embed()
        page.page.set_content(f"<main>{picture.embed()}</main>")
        frame = page.page.frame_locator("iframe")
        for width in (360, 1280, 3840):
            page.page.set_viewport_size({"width": width, "height": 800})
            page.page.wait_for_function(
                """() => { const f = document.querySelector("iframe");
                  const { body } = f.contentDocument ?? {};
                  return body && body.scrollHeight > 300
                    && Math.abs(f.clientHeight - body.scrollHeight) <= 1; }"""
            )
        frame.get_by_role("button", name="First", exact=True).click()
        assert frame.locator(".phase").text_content() == "Start"
        page.page.set_viewport_size({"width": 1280, "height": 800})

    def test_without_scripts_around_it_the_page_fits_too(self, picture, page):
        """The height that is written suits a column of text."""
        html = re.sub(' onload="[^"]*"', "", picture.embed())
        page.page.goto("about:blank")
        page.page.set_content(f"<main style='width: 760px'>{html}</main>")
        page.page.frame_locator("iframe").locator(".app").wait_for()
        wanted, given = page.page.evaluate(
            """() => { const f = document.querySelector("iframe");
              return [f.contentDocument.body.scrollHeight, f.clientHeight]; }"""
        )
        assert wanted <= given

    def test_with_a_path_the_page_lies_beside_it(self, picture, page, tmp_path):
        html = picture.embed(tmp_path / "my graph.html")
        assert 'src="my%20graph.html"' in html
        assert "srcdoc" not in html
        (tmp_path / "post.html").write_text(f"<!DOCTYPE html><title>x</title>{html}")
        page.page.goto((tmp_path / "post.html").as_uri())
        page.page.frame_locator("iframe").locator(".app").wait_for()

    def test_in_a_dark_page_its_corners_are_dark(self, picture, page):
        """A frame of another scheme than the page around it would get a white ground."""
        page.page.emulate_media(color_scheme="dark")
        page.page.goto("about:blank")
        page.page.set_content(f"<style>:root {{ color-scheme: dark }}</style>{picture.embed()}")
        page.page.frame_locator("iframe").locator(".app").wait_for()
        shot = page.page.locator("iframe").screenshot()
        page.page.emulate_media(color_scheme="light")
        image = pytest.importorskip("PIL.Image").open(io.BytesIO(shot)).convert("RGB")
        assert max(image.getpixel((0, 0))) < 60

    def test_a_label_cannot_leave_the_attribute(self):
        html = ag.draw(Value(1.0, '"><script>x</script>') * 2.0).embed()
        assert html.count('"><') == 1
        assert html.endswith('"></iframe>')
