"""Figures for faces that were translated from one style to another."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from jaxgan import metrics
from jaxgan.data import FacePairs, Sides, face_pairs, face_words, to_floats
from jaxgan.recipes.faces import FaceClassifier, face_classifier, real_faces


def held_out_people(sides: Sides) -> FacePairs:
    """The people whom both styles drew, as `Sides.held_out` gives their pictures.

    Args:
        sides: Faces of two styles.

    Raises:
        ValueError: where the sides are no faces, or `face_pairs` raises it.
    """
    if (faces := sides.faces) is None:
        raise ValueError(f"the sides of '{sides.dataset}' are no faces of two styles: choose faces")
    return face_pairs(faces, "test", transform=sides.transform, data_dir=sides.data_dir)


def evaluate_face_sides(
    sides: Sides,
    a_to_b: np.ndarray,
    b_to_a: np.ndarray,
    *,
    say: Callable[[str], None] = print,
) -> dict[str, float]:
    """Whether faces keep their glasses, beard and colours on the way to another style.

    What a picture shows is what the classifier of its style sees; what it is to show is known of
    the picture that was translated.

    Args:
        sides: Faces of two styles.
        a_to_b: All held-out a, translated, `[N, H, W, 3]` float32 in [-1, 1].
        b_to_a: All held-out b, translated.
        say: As of `face_classifier`.

    Returns:
        By direction, as `a_to_b_FIGURE`. For each attribute that the styles share, and `all` of
        them together, `NAME_kept`, the share of translations that show what they are to show;
        `NAME_real`, the same of the style's own pictures of these people, the ceiling; and
        `NAME_chance`, the same where each translation is to show what any of these people do. Then
        `frechet_distance` to faces of the style for training, in its classifier's features, and
        the same of the pictures before translation, `input_frechet_distance`, and of the style's
        own, `real_frechet_distance`. And `retrieval_5`, how often the style's picture of the same
        person is among the 5 nearest to a translation, in these features, of pictures of people
        who are all different, and `chance_retrieval_5`.

    Raises:
        ValueError: where the sides are no faces or not in colour, or `face_pairs` or
            `face_classifier` raises it.
    """
    if not sides.channels == (sides.channels_b or 3) == 3:
        raise ValueError(
            "faces are judged in colour, and one side of these is grey: evaluate a run of 3 "
            "channels (--channels 3, no --channels-b)"
        )
    pairs = held_out_people(sides)
    held_out = {side: to_floats(images) for side, images in sides.held_out().items()}
    style_a, style_b = pairs.styles[:: -1 if sides.swap else 1]
    figures = {}
    for made, start, end, style in (a_to_b, "a", "b", style_b), (b_to_a, "b", "a", style_a):
        classifier = face_classifier(style, data_dir=sides.data_dir, say=say)
        trained, _ = real_faces(style, data_dir=sides.data_dir, split=f"train[:{len(made)}]")
        reference = classifier.features(trained)
        pictures = {"": made, "input_": held_out[start], "real_": held_out[end]}
        features = {name: classifier.features(images) for name, images in pictures.items()}
        found = {
            f"{name}frechet_distance": metrics.frechet_distance(seen, reference)
            for name, seen in features.items()
        }
        people, truth = features[""][: pairs.kinds], features["real_"][: pairs.kinds]
        found["retrieval_5"] = metrics.retrieval_at(people, truth, nearest=5)
        found["chance_retrieval_5"] = 5 / pairs.kinds
        real = compare_words(_shown(classifier, style, held_out[end], pairs.words), pairs.words)
        kept = compare_words(_shown(classifier, style, made, pairs.words), pairs.words)
        for name, (share, chance) in kept.items():
            found[f"{name}_kept"], found[f"{name}_chance"] = share, chance
            found[f"{name}_real"], _ = real[name]
        figures |= {f"{start}_to_{end}_{name}": value for name, value in found.items()}
    return figures


def compare_words(
    shown: Mapping[str, np.ndarray], wanted: Mapping[str, np.ndarray]
) -> dict[str, tuple[float, float]]:
    """How often pictures show what they are to show, and how often they would by chance.

    Args:
        shown: By attribute, `[N]` texts.
        wanted: The same attributes.

    Returns:
        By attribute, and of `all` together, the share of pictures that show it, and the share of
        all pairs of a picture and somebody's wishes, its own or another's, that agree.

    >>> compare_words({"beard": np.array(["none", "some"])}, {"beard": np.array(["some", "some"])})
    {'beard': (0.5, 0.5), 'all': (0.5, 0.5)}
    """
    agree = {name: np.equal.outer(shown[name], wanted[name]) for name in wanted}
    agree["all"] = np.logical_and.reduce(list(agree.values()))
    return {
        name: (float(np.diag(table).mean()), float(table.mean())) for name, table in agree.items()
    }


def _shown(
    classifier: FaceClassifier, style: str, images: np.ndarray, names: Iterable[str]
) -> dict[str, np.ndarray]:
    seen = classifier.classify(images)
    return {name: face_words(style, name, seen[name]) for name in names}
