"""Programs in few operations: the same numbers, without what cannot be converted."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export, lax
from jax.extend import core

from jaxgan import layers
from jaxgan.weights import plain_program

PLAIN = ("NHWC", "HWIO", "NHWC")


def rows(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def operations(program):
    return {equation.primitive.name for equation in program.jaxpr.eqns}


def check(make, *arrays):
    """The plain program makes the same, of any count of examples."""
    (count,) = export.symbolic_shape("n")
    shapes = [jax.ShapeDtypeStruct((count, *x.shape[1:]), x.dtype) for x in arrays]
    program = plain_program(make, shapes)
    for equation in program.jaxpr.eqns:
        assert not set(equation.params) & {"jaxpr", "call_jaxpr", "branches"}
        if equation.primitive is lax.conv_general_dilated_p:
            assert equation.params["dimension_numbers"] == lax.conv_dimension_numbers(
                (1, 1, 1, 1), (1, 1, 1, 1), PLAIN
            )
            assert equation.params["lhs_dilation"] == (1, 1)
    assert not operations(program) & {"pad", "stack", "platform_index"}
    found = plain_program(make, [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in arrays])
    (made,) = jax.jit(core.jaxpr_as_fun(found))(*arrays)
    np.testing.assert_allclose(made, jax.jit(make)(*arrays), rtol=1e-5, atol=1e-5)
    return program


@pytest.mark.parametrize(
    ("layer", "taps", "options"),
    [
        (layers.convolution, (3, 3), {"padding": 1}),
        (layers.convolution, (4, 3), {"stride": 2, "padding": 1}),
        (layers.transposed_convolution, (4, 4), {"stride": 2, "padding": 1}),
        (layers.transposed_convolution, (3, 3), {"stride": 2}),
        (layers.transposed_convolution, (3, 2), {"stride": 2, "padding": 1, "output_padding": 1}),
        (layers.transposed_convolution, (5, 4), {"stride": 3, "padding": 2}),
        (layers.transposed_convolution, (1, 1), {"stride": 2}),  # some phases see nothing
        (layers.transposed_convolution, (3, 3), {"padding": 2}),
    ],
)
def test_convolutions_of_this_library(layer, taps, options):
    w = rows((*taps, 3, 3))
    check(lambda x: layer(x, w, **options), rows((2, 5, 6, 3), seed=1))


def test_grouped_convolutions_stay_in_groups():
    w = rows((3, 3, 4, 8))
    program = check(
        lambda x: layers.grouped_convolution(x, w, groups=4), rows((2, 4, 4, 16), seed=1)
    )
    (convolution,) = (e for e in program.jaxpr.eqns if e.primitive is lax.conv_general_dilated_p)
    assert convolution.params["feature_group_count"] == 4


@pytest.mark.parametrize("numbers", [("NCHW", "OIHW", "NCHW"), ("NHWC", "OIHW", "NCHW")])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 3)])
def test_convolutions_of_other_layouts(numbers, dilation):
    image, kernel, _ = numbers
    sizes = {"N": 2, "H": 5, "W": 4, "C": 3}
    taps = {"O": 2, "I": 3, "H": 3, "W": 2}
    w = rows([taps[axis] for axis in kernel])
    convolve = partial(
        lax.conv_general_dilated,
        window_strides=(1, 1),
        padding=((2, 1), (0, -1)),
        lhs_dilation=dilation,
        dimension_numbers=numbers,
    )
    check(lambda x: convolve(x, w), rows([sizes[axis] for axis in image], seed=1))


def test_padding_resampling_and_stacking():
    check(lambda x: jnp.pad(x, ((0, 0), (1, 2), (0, 1)), constant_values=3.0), rows((2, 3, 4)))
    check(lambda x: lax.pad(x, 1.0, ((0, 0, 0), (-1, 2, 0), (3, -2, 0))), rows((2, 3, 4)))
    check(lambda x: jnp.stack([x, 2 * x], axis=2), rows((2, 3, 4)))
    check(layers.upsample_filtered, rows((2, 4, 4, 3)))
    check(layers.bilinear_upsample, rows((2, 4, 4, 3)))


def test_what_has_no_plain_form():
    image = jax.ShapeDtypeStruct((2, 4, 4, 3), jnp.float32)
    w = rows((3, 3, 3, 3))
    dilated = partial(lax.conv_general_dilated, padding=((1, 1), (1, 1)), dimension_numbers=PLAIN)
    with pytest.raises(NotImplementedError, match="dilated and strided at once"):
        plain_program(lambda x: dilated(x, w, window_strides=(2, 2), lhs_dilation=(2, 2)), [image])
    with pytest.raises(NotImplementedError, match="padding between the elements"):
        plain_program(lambda x: lax.pad(x, 0.0, ((0, 0, 0),) * 3 + ((0, 0, 1),)), [image])
    line = jax.ShapeDtypeStruct((2, 3, 4), jnp.float32)
    with pytest.raises(NotImplementedError, match="not of images"):
        plain_program(lambda x: lax.conv(x, w[0], (1,), "SAME"), [line])
