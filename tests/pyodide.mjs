// The pure wheel in Pyodide, as in a browser: `make pyodide`, which says where the wheel is. NumPy and safetensors for
// Pyodide are in no registry of packages, so stand-ins have their names, and say no when they are called: numbers,
// graphs and derivatives make no array.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const began = Date.now();
const found = createRequire(`${folder}/package.json`).resolve("pyodide/pyodide.mjs");
const { loadPyodide } = await import(pathToFileURL(found));
const pyodide = await loadPyodide();
const wheels = readdirSync(`${folder}/wheels`).sort();
const ours = wheels.filter((name) => name.startsWith("autograd_lite-"));
assert.equal(ours.length, 1);
assert.match(ours[0], /^autograd_lite-[\d.]+-py3-none-any\.whl$/);
const site = pyodide.runPython("import sysconfig; sysconfig.get_path('purelib')");
for (const name of wheels) {
  const bytes = new Uint8Array(readFileSync(`${folder}/wheels/${name}`));
  pyodide.unpackArchive(bytes, "wheel", { extractDir: site });
}

const done = [];
const did = (what) => {
  done.push(what);
  console.log(`pyodide: ${what}`);
};
// An error that Pyodide throws shows a megabyte of its source; its message is Python's.
const python = (code) => {
  try {
    return pyodide.runPython(code);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
};
python(`
import contextlib, sys, types

class Placeholder(type):
    def __call__(self, *_, **__):
        raise AssertionError(f"{self.__name__} was called, and this NumPy is a stand-in")
    def __getitem__(self, _):
        return self
    def __or__(self, _):
        return self
    __ror__ = __or__
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return asked(f"{self.__name__}.{name}")

class errstate(contextlib.ContextDecorator):
    """Floats of Python have no such state."""
    def __init__(self, **_):
        pass
    def __enter__(self):
        pass
    def __exit__(self, *_):
        pass

number = types.SimpleNamespace(eps=sys.float_info.epsilon, max=sys.float_info.max, tiny=sys.float_info.min)
names = {}
def zeros(size, kind):
    assert size == 0
    return ()

real = {"finfo": lambda kind: number, "inf": float("inf"), "nan": float("nan")}
real = {f"numpy.{name}": thing for name, thing in (real | {"errstate": errstate, "zeros": zeros}).items()}
def asked(name):
    return names.setdefault(name, real.get(name) or Placeholder(name, (), {}))

for room in ("numpy", "numpy.typing", "numpy.random", "safetensors", "safetensors.numpy"):
    module = sys.modules[room] = types.ModuleType(room)
    def found(name, room=room):
        if name.startswith("__"):
            raise AttributeError(name)
        return asked(f"{room}.{name}")
    module.__getattr__, module.__path__ = found, []
`);
const version = python("import sys; '.'.join(map(str, sys.version_info[:2]))");

python("import autograd_lite as ag");
assert.equal(python("ag.engine"), "python");
did(`Python ${version}, ${ours[0]}; the engine in Python, with ${python("len(names)")} names of NumPy`);

python("x, w = ag.Value(2.0, label='x'), ag.Value(0.5, label='w'); y = ag.tanh(w * x) + x * x; y.backward()");
const tanh = Math.tanh(1), inner = 1 - tanh * tanh;
const near = (got, wanted) => assert.ok(Math.abs(got - wanted) <= 4e-16 * Math.abs(wanted), `${got}, not ${wanted}`);
near(python("y.data"), tanh + 4);
near(python("x.grad"), 0.5 * inner + 4);
near(python("w.grad"), 2 * inner);
did("a gradient is right");

assert.equal(python("ag.grad(ag.grad(lambda x: x**3))(2.0)"), 12);
assert.equal(python("ag.latex(x * w)"), "x \\cdot w");
assert.match(python("str(ag.explain(x * w))"), /^dv1\/dx = 0\.5: 1 path from x to v1\n/);
did("a second derivative, a formula and an explanation are right");

// Pictures are laid out by a program, and none starts there.
const refused = python(`
from autograd_lite.view.layout import lay_out
try:
    lay_out("digraph { a -> b }", "svg")
except ag.LayoutError as error:
    said = str(error)
said`);
assert.match(refused, /^No picture, because no program starts in a browser; `playground` makes a page/);
did(`a picture is refused: ${refused}`);
const seconds = ((Date.now() - began) / 1000).toFixed(1);
did(`all of it in ${seconds} s`);
writeFileSync(`${folder}/junit.xml`, `<testsuite tests="${done.length}" time="${seconds}"/>`);
