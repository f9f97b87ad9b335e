"""What experiments have in common: their bases, and the figures that `evaluate` gives."""

from jaxgan.recipes.digits import check_digits as check_digits
from jaxgan.recipes.digits import digit_classifier as digit_classifier
from jaxgan.recipes.digits import evaluate_codes as evaluate_codes
from jaxgan.recipes.digits import evaluate_digits as evaluate_digits
from jaxgan.recipes.digits import evaluate_labels as evaluate_labels
from jaxgan.recipes.digits import evaluate_modes as evaluate_modes
from jaxgan.recipes.digits import evaluate_samples as evaluate_samples
from jaxgan.recipes.digits import real_digits as real_digits
from jaxgan.recipes.latents import Architecture as Architecture
from jaxgan.recipes.latents import FromLabels as FromLabels
from jaxgan.recipes.latents import FromLatents as FromLatents
from jaxgan.recipes.latents import convolutional_networks as convolutional_networks
from jaxgan.recipes.tags import TaggedDrawings as TaggedDrawings
from jaxgan.recipes.tags import draw_tags as draw_tags
from jaxgan.recipes.tags import evaluate_tags as evaluate_tags
from jaxgan.recipes.tags import tagged_drawings as tagged_drawings
from jaxgan.recipes.translation import BetweenSides as BetweenSides
from jaxgan.recipes.translation import draw_strips as draw_strips
from jaxgan.recipes.translation import evaluate_translation as evaluate_translation
from jaxgan.recipes.translation import mean_image as mean_image
from jaxgan.recipes.translators import Norm as Norm
from jaxgan.recipes.translators import Translator as Translator
from jaxgan.recipes.translators import Translators as Translators
from jaxgan.recipes.translators import imported_player as imported_player
