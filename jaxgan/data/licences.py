"""Whose the pictures are that a generator learns from."""

from jaxgan.data.faces import attribution, parse_faces
from jaxgan.data.openmoji.builder import OPENMOJI_ATTRIBUTION


def licence_of(dataset: str) -> str | None:
    """Whose pictures a data set has, and under which licence, in a sentence.

    Args:
        dataset: as `Images` and `Sides` have it.

    Returns:
        None of sets that others keep: they say it themselves.

    >>> licence_of("openmoji/64")[:45]
    'The drawings are by OpenMoji, the open-source'
    """
    kind, _, configuration = dataset.partition("/")
    if kind == "openmoji":
        return OPENMOJI_ATTRIBUTION
    return attribution(parse_faces(configuration).style) if kind == "faces" else None
