"""Files of safetensors, by the library of that name."""

import numpy as np

from jaxgan.weights.refusals import refuse, shown
from jaxgan.weights.views import AXES, DTYPES

_DTYPES = {
    **{"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"},
    **{"F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8_e8m0fnu"},
    **{"F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz"},
    **{"I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8"},
    **{"U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8"},
    **{"BOOL": "bool", "C64": "complex64"},
}
"""By the names of safetensors, PyTorch's."""


def is_safetensors(raw: bytes) -> bool:
    """Whether a file begins like one: the length of a header, and a header in JSON."""
    return raw[8:9] == b"{" and int.from_bytes(raw[:8], "little") <= len(raw) - 8


def read_safetensors(raw: bytes) -> dict[str, np.ndarray]:
    """The tensors of a file, in the order of their names; its metadata are left aside.

    The library's own functions for NumPy do not know bfloat16 and float8, so that its
    `deserialize`, which checks a file and cuts it, is called here.

    Raises:
        RefusedError: where the file is damaged, or holds numbers that NumPy has no type for.
    """
    import safetensors

    try:
        found = safetensors.deserialize(raw)
    except safetensors.SafetensorError as error:
        refuse(f"is a file of safetensors that is cut short or damaged ({shown(error)[1:-1]})")
    tensors = {}
    for name, tensor in sorted(found, key=lambda pair: pair[0]):
        if tensor["dtype"] not in _DTYPES:
            refuse(
                f"holds {shown(name)} in the type {shown(tensor['dtype'])[1:-1]} of safetensors, "
                "which is not read: convert it to F32 and save again"
            )
        if len(tensor["shape"]) > AXES:
            refuse(f"is damaged: its tensor {shown(name)} has {len(tensor['shape'])} axes")
        dtype = DTYPES[_DTYPES[tensor["dtype"]]]
        numbers = np.frombuffer(tensor["data"], dtype)
        tensors[name] = numbers.reshape(tensor["shape"]).copy()
    return tensors
