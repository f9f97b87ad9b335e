"""Tensors and files as the authors' code writes them, without PyTorch: names, shapes, bytes."""

import pickle
import struct

import numpy as np


def sequence(*layers):
    """Tensors of a sequence, whose names count all of its layers."""
    return {
        f"{index}.{name}": shape
        for index, layer in enumerate(layers)
        for name, shape in layer.items()
    }


def within(prefix, tensors):
    return {f"{prefix}.{name}": shape for name, shape in tensors.items()}


def conv(inputs, outputs, size, bias):
    return {"weight": (outputs, inputs, size, size)} | ({"bias": (outputs,)} if bias else {})


def transposed(inputs, outputs, size, bias):
    return {"weight": (inputs, outputs, size, size)} | ({"bias": (outputs,)} if bias else {})


def normalised(norm, channels):
    if norm != "batch":
        return {}
    kept = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (channels,))
    return kept | {"num_batches_tracked": ()}


def resnet(inputs=3, outputs=3, width=2, blocks=1, norm="instance", dropout=False):
    """ResnetGenerator."""
    bias, none = norm == "instance", {}
    layers = [none, conv(inputs, width, 7, bias), normalised(norm, width), none]
    for wide in (width, 2 * width):
        layers += [conv(wide, 2 * wide, 3, bias), normalised(norm, 2 * wide), none]
    inner = 4 * width
    for _ in range(blocks):
        block = [none, conv(inner, inner, 3, bias), normalised(norm, inner), none]
        block += [none] if dropout else []
        block += [none, conv(inner, inner, 3, bias), normalised(norm, inner)]
        layers.append(within("conv_block", sequence(*block)))
    for wide in (inner, 2 * width):
        layers += [transposed(wide, wide // 2, 3, bias), normalised(norm, wide // 2), none]
    return within("model", sequence(*layers, none, conv(width, outputs, 7, True), none))


def unet(inputs=3, outputs=3, width=2, halvings=3, norm="batch"):
    """UnetGenerator, whose levels are nested; dropout comes last and has no tensors."""
    bias, none = norm == "instance", {}
    widths = [width * min(2**level, 8) for level in range(halvings)]
    level = {}
    for depth in range(halvings - 1, -1, -1):
        outer = widths[depth - 1] if depth else inputs
        made = outer if depth else outputs
        innermost = depth == halvings - 1
        down = conv(outer, widths[depth], 4, bias)
        up = transposed(widths[depth] * (1 if innermost else 2), made, 4, bias or not depth)
        if innermost:
            layers = [none, down, none, up, normalised(norm, made)]
        elif depth:
            layers = [none, down, normalised(norm, widths[depth]), level, none, up]
            layers.append(normalised(norm, made))
        else:
            layers = [down, level, none, up, none]
        level = within("model", sequence(*layers))
    return within("model", level)


def patches(inputs=3, width=2, layers=1, norm="instance"):
    """NLayerDiscriminator."""
    made, now = [conv(inputs, width, 4, True), {}], width
    for layer in range(1, layers + 1):
        then = width * min(2**layer, 8)
        made += [conv(now, then, 4, norm == "instance"), normalised(norm, then), {}]
        now = then
    return within("model", sequence(*made, conv(now, 1, 4, True)))


def pixels(inputs=3, width=2, norm="instance"):
    """PixelDiscriminator."""
    bias = norm == "instance"
    layers = [conv(inputs, width, 1, True), {}, conv(width, 2 * width, 1, bias)]
    layers += [normalised(norm, 2 * width), {}, conv(2 * width, 1, 1, bias)]
    return within("net", sequence(*layers))


def filled(shapes, seed=0):
    """Random numbers of those shapes; of statistics such that a use of them would be seen."""
    random = np.random.default_rng(seed)
    return {
        name: random.standard_normal(shape).astype(np.float32) * np.float32(0.3)
        + np.float32(name.endswith("running_mean")) * 9
        for name, shape in shapes.items()
    }


def write(path, tensors):
    """What torch.save(..., _use_new_zipfile_serialization=False) writes, by hand.

    Tensors may lie in dicts in dicts.
    """
    storages = []

    def plain(value):
        return pickle.dumps(value, 2)[2:-1]

    def program(value):
        if isinstance(value, dict):
            items = b"".join(plain(key) + program(item) for key, item in value.items())
            return b"}(" + items + b"u"
        array = np.asarray(value, "<f4")
        strides = tuple(step // 4 for step in np.zeros(array.shape, "<f4").strides)
        held = b"(Vstorage\nctorch\nFloatStorage\nV%d\nVcpu\n" % len(storages)
        held += plain(array.size) + b"tQ"
        storages.append(array)
        made = b"ctorch._utils\n_rebuild_tensor_v2\n(" + held + b"K\x00"
        return made + plain(array.shape) + plain(strides) + b"\x89}tR"

    body = b"\x80\x02" + program(tensors) + b"."
    keys = [str(key) for key in range(len(storages))]
    parts = [*(pickle.dumps(x, 2) for x in (0x1950A86A20F9469CFC6C, 1001, {})), body]
    parts.append(pickle.dumps(keys, 2))
    parts += [struct.pack("<q", array.size) + array.tobytes() for array in storages]
    path.write_bytes(b"".join(parts))
    return path
