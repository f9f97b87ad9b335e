"""The one-way GAN: CycleGAN with the direction from b to a switched off.

    L_GAN(G_AB, D_B) + lambda E_a |G_BA(G_AB(a)) - a|_1

python experiments/one_way.py train                 drawings coloured, about four minutes
python experiments/one_way.py train --preset paper  horses to zebras
python experiments/one_way.py evaluate runs/one_way-001
"""

import dataclasses

from cyclegan import SMALL as BOTH_WAYS
from cyclegan import CycleGAN

from jaxgan import cli
from jaxgan.training import NonNegativeFloat


@dataclasses.dataclass(frozen=True)
class OneWay(CycleGAN):
    """Defaults are CycleGAN's, but for the direction and the identity, which is 0."""

    one_way: bool = True
    """Switch the direction from b to a off: no D_A, no cycle of b."""
    identity: NonNegativeFloat = 0.0
    """Of G(b) = b."""


SMALL = OneWay(**(vars(BOTH_WAYS) | {"one_way": True}))

if __name__ == "__main__":
    cli.main(OneWay(), small=SMALL)
