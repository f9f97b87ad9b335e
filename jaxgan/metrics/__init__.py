"""Measures of what a generator makes."""

from jaxgan.metrics.agreement import label_agreement as label_agreement
from jaxgan.metrics.agreement import mean_distance as mean_distance
from jaxgan.metrics.agreement import relative_diversity as relative_diversity
from jaxgan.metrics.classifier import Classifier as Classifier
from jaxgan.metrics.classifier import jitter as jitter
from jaxgan.metrics.classifier import train_classifier as train_classifier
from jaxgan.metrics.matching import best_matching as best_matching
from jaxgan.metrics.matching import confusion as confusion
from jaxgan.metrics.modes import Modes as Modes
from jaxgan.metrics.modes import count_labels as count_labels
from jaxgan.metrics.modes import mode_statistics as mode_statistics
from jaxgan.metrics.modes import stack_labels as stack_labels
from jaxgan.metrics.ranking import attainable_precision_at as attainable_precision_at
from jaxgan.metrics.ranking import precision_at as precision_at
from jaxgan.metrics.typicality import typicality as typicality
