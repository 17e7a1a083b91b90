"""The figures of README and RESULTS.md: `make bench`, or `python -m benchmarks --help`.

step         one training step of a small network: one source for plain floats, Values and peers
engines      that step by ours; `peers`, by libraries whose numbers behave like numbers; `arrays`,
             by others in the form that they recommend
programs     functions whose gradients are compared, as a loop and over arrays; `derivatives`
             differentiates them by ours and by peers, `gradients` says which
recorded     what programs are measured on; `runners` runs that by ours, by peers that record or
             compile, and by formulas by hand; `compiled` says which, and what ours must reach
training     whole trainings; `characters`, that of a small GPT as loops; `grid`, value and gradient
             of networks by width and rows; `tables`, predictions and large tables; `classifying`,
             classes beside scikit-learn; `workers`, two of Dask beside one
calls        compiled calls; `nested`, derivatives of derivatives; `sparse`, those of large ones;
             `readable`, the Python engine
imports      how long importing takes; `entered`, how many files a call enters

measuring/   `apart` gives each engine a process of its own, `rounds` times them in turn and checks
             that values and gradients agree, `paired` times two calls in turn, `probes` measures
             what needs a process of its own, `peaks` what the processor can do; `figures` holds
             each ratio against what it must reach, `report` writes the page

A peer is one class, and its name in `__main__.py`, `gradients.py`, `compiled.py` or `training.py`.
"""
