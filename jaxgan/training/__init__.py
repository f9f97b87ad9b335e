"""The only impure part: placing, the loop, checkpoints, the run directory, progress, pictures."""

from jaxgan.training.checkpoints import Checkpoints as Checkpoints
from jaxgan.training.digests import digest as digest
from jaxgan.training.experiment import Experiment as Experiment
from jaxgan.training.experiment import Fraction as Fraction
from jaxgan.training.experiment import PositiveFloat as PositiveFloat
from jaxgan.training.experiment import PositiveInt as PositiveInt
from jaxgan.training.experiment import Schedule as Schedule
from jaxgan.training.experiment import from_plain as from_plain
from jaxgan.training.experiment import to_plain as to_plain
from jaxgan.training.loop import Interrupted as Interrupted
from jaxgan.training.loop import NotFinite as NotFinite
from jaxgan.training.loop import load as load
from jaxgan.training.loop import resume as resume
from jaxgan.training.loop import train as train
from jaxgan.training.pictures import grid as grid
from jaxgan.training.pictures import picture as picture
from jaxgan.training.pictures import save_picture as save_picture
from jaxgan.training.placement import make_mesh as make_mesh
from jaxgan.training.placement import place as place
from jaxgan.training.placement import replicated as replicated
from jaxgan.training.placement import split as split
from jaxgan.training.reproduce import compare as compare
from jaxgan.training.reproduce import reproduce as reproduce
from jaxgan.training.run import Run as Run
from jaxgan.training.run import RunError as RunError
from jaxgan.training.run import differences as differences
