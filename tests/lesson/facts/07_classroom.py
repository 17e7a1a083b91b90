# %%
# after: ag.playground(
assert repr(_) == "Playground('tanh(w*x + b)'), a page: show it in a notebook, or .save('x.html')"

# %%
# after: sheet = exercises.worksheet
assert len(sheet) == 4
assert sheet[0]._repr_html_() == exercises.worksheet(level=2, seed=7, count=4)[0]._repr_html_()

# %%
# after: sheet[0].check(
assert [_[name] for name in ("g", "f", "e", "d")] == ["✓", "✓", "✓", "open"]
assert _["c"].startswith("✗ 1 part")

# %%
# after: exercises.worksheets.FORMATS
assert {path.name for path in here.iterdir()} == {
    f"sheet{key}.{ending}" for key in ("", "-key") for ending in ("html", "tex", "ipynb")
}

# %%
# after: class MyValue
_broken = exercises.check(MyValue)
assert not _broken.ok
assert (_broken.first.law.name, _broken.first.mistake) == ("re-use adds", "grad overwritten")

# %%
# after: MyValue.receive = receive
assert mended.ok
assert mended.first.mistake == "inner grads kept"

# %%
# after: animated=True
assert b"<script" not in moving
assert moving.count(b"<style") == 1

# %%
# after: ag.draw(L).embed()
import re

assert not re.search(r"(?:src|href)\s*=\s*[\"']?\s*(?:https?:)?//", page)
assert "default-src 'none'" in page  # so the browser would refuse it, too
assert len(page) < 150_000
assert frame.startswith("<iframe srcdoc=")

# %%
# after: from autograd_lite.lesson.page import document
assert "default-src 'none'" in written.read_text(encoding="utf-8")

# %%
# after: Your lines for exercise 1
# answer 1
assert {*marks.values()} == {"✓"}

# %%
# after: Your lines for exercise 2
# answer 2
assert (hasty.first.law.name, hasty.first.mistake) == ("order", "no topological order")

# %%
# after: Your lines for exercise 3
# answer 3
assert link.startswith("file://")
assert "Predict" in (here / "neuron.html").read_text()
assert leaves["w"].grad != 0.0
