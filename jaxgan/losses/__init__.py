"""What a player minimises, per example."""

from jaxgan.losses.adversarial import AdversarialLoss as AdversarialLoss
from jaxgan.losses.adversarial import hinge as hinge
from jaxgan.losses.adversarial import label_smoothing as label_smoothing
from jaxgan.losses.adversarial import least_squares as least_squares
from jaxgan.losses.adversarial import minimax as minimax
from jaxgan.losses.adversarial import non_saturating as non_saturating
from jaxgan.losses.adversarial import relativistic as relativistic
from jaxgan.losses.adversarial import wasserstein as wasserstein
from jaxgan.losses.classification import classification as classification
from jaxgan.losses.information import categorical_information as categorical_information
from jaxgan.losses.information import gaussian_information as gaussian_information
from jaxgan.losses.reconstruction import domain_confusion as domain_confusion
from jaxgan.losses.reconstruction import l1 as l1
from jaxgan.losses.regularisers import consistency as consistency
from jaxgan.losses.regularisers import lecam as lecam
from jaxgan.losses.terms import combine as combine
