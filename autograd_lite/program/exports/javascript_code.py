"""Programs as JavaScript that stands alone."""

from collections.abc import Sequence
from itertools import chain

from autograd_lite.errors import counted
from autograd_lite.program.code import Code
from autograd_lite.program.exports.language import Language, Listing, check_name
from autograd_lite.writing.javascript import JavaScript
from autograd_lite.writing.printer import Rule
from autograd_lite.writing.statements import Function, Output


class JavaScriptLanguage(JavaScript, Language):
    """JavaScript and its `Math`."""

    way_out, row, define = Language.way_out, Language.row, Language.define
    short, declare, end = 5, "const ", ";"

    def __init__(self, name: str) -> None:
        Language.__init__(self)
        self._name = name

    def body(self, rule: Rule, parameters: Sequence[str]) -> str:
        """Statements, which compute each part of the rule once."""
        return "\n".join(Function([Output(rule.result)], lambda row: 0, self).lines)

    def definition(self, name: str, parameters: Sequence[str], text: str) -> str:
        """A function of such statements."""
        return self.function("", name, parameters, text.split("\n"))

    def free_name(self, wanted: str) -> str:
        """A name that begins with the program's."""
        return super().free_name(f"{self._name}_{wanted}")


def to_javascript(program: Code, name: str = "program") -> str:
    """A program as JavaScript that needs nothing else, in a page or anywhere.

    It defines ``function NAME(x)``, from an array of as many numbers as the program takes to a
    number, or an array of them. Arithmetic, choice and roots have the program's bits; other
    functions are those of ``Math``, or made of them, and a few ulp off.

    Parameters
    ----------
    program : Program
    name : str, default="program"
        Of the function, and what the names of all others begin with.

    Returns
    -------
    str
        The text of a script. It is a module with ``export { NAME };`` after it.

    Raises
    ------
    ProgramError
        If `name` is no identifier, or means something in JavaScript.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> x = ag.Value(2.0)
    >>> print(ag.freeze(ag.relu(x) * x, [x]).to_javascript("gate"), end="")
    /* A program of autograd_lite: 2 instructions, 1 input, 1 output. */
    function gate(x) {
      if (x.length !== 1) throw new TypeError(`gate takes 1 number and was given ${x.length}`);
      const x0 = +x[0];
      const r0 = x0 <= 0.0 ? 0.0 : x0;
      const r1 = r0 * x0;
      return r1;
    }
    """
    check_name(name, "JavaScript", "JavaScript", "javascript_names.txt", "to_javascript")
    listing, language = Listing(program), JavaScriptLanguage(name)
    written, n = listing.written(language, "+x"), program.n_inputs
    said = f"{name} takes {counted(n, 'number')} and was given ${{x.length}}"
    lines = [f"if (x.length !== {n}) throw new TypeError(`{said}`);"]
    if len(written.parts) == 1:
        lines += [*chain(*written.parts[0])]
    else:
        lines.append(f"const kept = new Float64Array({written.n_kept});")
        for part in written.parts:
            called = language.free_name("part")
            language.definitions.append(
                language.function("", called, ["x", "kept"], [*chain(*part)])
            )
            lines.append(f"{called}(x, kept);")
    registers = zip(program.outputs.tolist(), written.outputs, strict=True)
    given = ", ".join([f"+x[{r}]" if r < n else text for r, text in registers])
    lines.append(f"return {given};" if program.single else f"return [{given}];")
    about = f"/* {listing.about} */"
    return "\n".join([about, *language.definitions, language.function("", name, ["x"], lines), ""])
