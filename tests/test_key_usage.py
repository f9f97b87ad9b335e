"""The check of keys sees what it is for, and nothing else."""

import jax
import pytest

from jaxgan.games import stream
from tests.key_usage import misused

normal = jax.random.normal


def folded_and_drawn(key):
    return normal(key, (2,)) + normal(stream(key, "more"), (2,))


def inside_of_jit(key):
    return jax.jit(normal, static_argnums=1)(key, (2,)) + normal(stream(key, "more"), (2,))


def in_a_branch(key):
    return jax.lax.cond(True, lambda key: normal(key), lambda key: normal(stream(key, "a")), key)


def folded_and_split(key):
    return jax.random.split(key), stream(key, "more")


def folded_often(key):
    return [normal(stream(key, name)) for name in ("a", "b")]


def folds_of_a_fold(key):
    key = stream(key, "a")
    return [normal(jax.random.fold_in(key, number)) for number in range(3)]


def split_and_drawn(key):
    one, other = jax.random.split(key)
    return normal(one), normal(stream(other, "a"))


@pytest.mark.parametrize(
    "function", [folded_and_drawn, inside_of_jit, in_a_branch, folded_and_split]
)
def test_what_is_found(function):
    assert len(misused(jax.make_jaxpr(function)(jax.random.key(0)))) == 1


@pytest.mark.parametrize("function", [folded_often, folds_of_a_fold, split_and_drawn])
def test_what_is_right(function):
    assert misused(jax.make_jaxpr(function)(jax.random.key(0))) == []
