"""Configurations as plain values: none is lost or read as another."""

import dataclasses
import sys
from types import ModuleType

import pytest

from jaxgan.training import PositiveInt, Schedule, experiment_name, from_plain, to_plain


@dataclasses.dataclass(frozen=True)
class Plain:
    schedule: Schedule
    thorough: PositiveInt = 100
    widths: tuple[PositiveInt, ...] = (8, 4)
    rate: float = 1e-3


PLAIN = Plain(Schedule(steps=10))


def test_back_and_forth():
    assert from_plain(Plain, to_plain(PLAIN)) == PLAIN


def test_fields_that_have_come_since_have_their_defaults():
    values = to_plain(PLAIN)
    del values["widths"], values["schedule"]["keep"]
    assert from_plain(Plain, values) == PLAIN


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"thorough": True}, "thorough = True means nothing to Plain as it is now"),
        ({"thorough": False}, "thorough = False will not do: it should be greater than 0"),
        ({"gone": None}, "gone = None means nothing to Plain"),
        ({"schedule": {"steps": 10, "gone": 3}}, "schedule.gone = 3 means nothing to Plain"),
        ({"widths": [8, 0]}, "widths.1 = 0 will not do: it should be greater than 0"),
    ],
)
def test_values_of_another_version(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        from_plain(Plain, to_plain(PLAIN) | change)


@pytest.mark.parametrize(
    ("file", "kind", "name"),
    [
        ("/home/somebody/first try.py", "MyGAN", "first try"),
        ("experiments/dcgan.py", "DCGAN", "dcgan"),
        ("/home/somebody/my_gan/__init__.py", "Anything", "my_gan"),
        ("/home/somebody/my_gan/__main__.py", "Anything", "my_gan"),
        (None, "MyGAN", "my_gan"),
        (None, "DCGAN", "dcgan"),
        (None, "WGAN_GP", "wgan_gp"),
        (None, "Pix2Pix", "pix2pix"),
        (None, "GANOfMine", "gan_of_mine"),
    ],
)
def test_a_name_comes_from_the_file_or_else_from_the_class(monkeypatch, file, kind, name):
    module = ModuleType("elsewhere")  # of a notebook, it has no __file__
    if file is not None:
        module.__file__ = file
    monkeypatch.setitem(sys.modules, "elsewhere", module)
    assert experiment_name(type(kind, (), {"__module__": "elsewhere"})) == name


def test_a_class_of_no_module_has_a_name():
    assert experiment_name(type("MyGAN", (), {"__module__": "nowhere"})) == "my_gan"
