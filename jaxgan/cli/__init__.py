"""The verbs that every experiment gets, and judges for its `evaluate`."""

from jaxgan.cli.drawings import TaggedDrawings as TaggedDrawings
from jaxgan.cli.drawings import draw_tags as draw_tags
from jaxgan.cli.drawings import judge_tags as judge_tags
from jaxgan.cli.drawings import tagged_drawings as tagged_drawings
from jaxgan.cli.judges import digit_classifier as digit_classifier
from jaxgan.cli.judges import judge as judge
from jaxgan.cli.judges import judge_codes as judge_codes
from jaxgan.cli.judges import judge_digits as judge_digits
from jaxgan.cli.judges import judge_labels as judge_labels
from jaxgan.cli.judges import judge_modes as judge_modes
from jaxgan.cli.judges import real_digits as real_digits
from jaxgan.cli.main import main as main
from jaxgan.cli.translations import Translation as Translation
from jaxgan.cli.translations import draw_strips as draw_strips
from jaxgan.cli.translations import judge_translation as judge_translation
from jaxgan.cli.translations import mean_image as mean_image
