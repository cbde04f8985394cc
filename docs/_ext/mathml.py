"""Formulas as MathML, which browsers show without a script: nothing is loaded from elsewhere."""

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

BAR = r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>'
PRIME = '<mo lspace="0" rspace="0">\N{PRIME}</mo>'


def mathml(tex, as_block=False):
    """A formula; bars, here mostly those of a norm, neither grow nor have the space of a relation around them."""
    text = re.sub(r"<mo[^>]*>([|‖])</mo>", BAR, tex2mathml(tex, as_block=as_block))
    return text.replace("<mo>'</mo>", PRIME)


def inline(writer, node):
    """A formula within a line."""
    writer.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def display(writer, node):
    """A formula on lines of its own, which scrolls where it is wider than the page."""
    writer.body.append(f'<div class="math-display">{mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer; conf.py chooses it by `html_math_renderer`."""
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
