"""Measures of what a generator makes."""

from jaxgan.metrics.agreement import chance_agreement as chance_agreement
from jaxgan.metrics.agreement import label_agreement as label_agreement
from jaxgan.metrics.agreement import mean_distance as mean_distance
from jaxgan.metrics.agreement import relative_diversity as relative_diversity
from jaxgan.metrics.classes import class_frechet_distances as class_frechet_distances
from jaxgan.metrics.classes import class_frechet_distances_error as class_frechet_distances_error
from jaxgan.metrics.classifier import Classifier as Classifier
from jaxgan.metrics.classifier import jitter as jitter
from jaxgan.metrics.classifier import train_classifier as train_classifier
from jaxgan.metrics.estimate import Estimate as Estimate
from jaxgan.metrics.frechet import Extrapolation as Extrapolation
from jaxgan.metrics.frechet import frechet_distance as frechet_distance
from jaxgan.metrics.frechet import frechet_distance_unbiased as frechet_distance_unbiased
from jaxgan.metrics.frechet import moments_frechet_distance as moments_frechet_distance
from jaxgan.metrics.frechet import normal_frechet_distance as normal_frechet_distance
from jaxgan.metrics.frechet_error import frechet_distance_error as frechet_distance_error
from jaxgan.metrics.frechet_error import (
    moments_frechet_distance_error as moments_frechet_distance_error,
)
from jaxgan.metrics.inception import inception_score as inception_score
from jaxgan.metrics.kernel import kernel_distance as kernel_distance
from jaxgan.metrics.manifold import DensityCoverage as DensityCoverage
from jaxgan.metrics.manifold import PrecisionRecall as PrecisionRecall
from jaxgan.metrics.manifold import density_coverage as density_coverage
from jaxgan.metrics.manifold import density_coverage_error as density_coverage_error
from jaxgan.metrics.manifold import precision_recall as precision_recall
from jaxgan.metrics.manifold import precision_recall_error as precision_recall_error
from jaxgan.metrics.matching import best_matching as best_matching
from jaxgan.metrics.matching import confusion as confusion
from jaxgan.metrics.memorisation import Memorisation as Memorisation
from jaxgan.metrics.memorisation import memorisation as memorisation
from jaxgan.metrics.memorisation import nearest_neighbours as nearest_neighbours
from jaxgan.metrics.modes import Modes as Modes
from jaxgan.metrics.modes import count_labels as count_labels
from jaxgan.metrics.modes import mode_statistics as mode_statistics
from jaxgan.metrics.modes import stack_labels as stack_labels
from jaxgan.metrics.moments import Moments as Moments
from jaxgan.metrics.path_length import perceptual_path_length as perceptual_path_length
from jaxgan.metrics.ranking import attainable_precision_at as attainable_precision_at
from jaxgan.metrics.ranking import precision_at as precision_at
from jaxgan.metrics.retrieval import retrieval_at as retrieval_at
from jaxgan.metrics.sampling import jackknife as jackknife
from jaxgan.metrics.sampling import jackknife_error as jackknife_error
from jaxgan.metrics.sampling import random_groups as random_groups
from jaxgan.metrics.similarity import absolute_error as absolute_error
from jaxgan.metrics.similarity import chroma as chroma
from jaxgan.metrics.similarity import colour_placement as colour_placement
from jaxgan.metrics.similarity import structural_similarity as structural_similarity
from jaxgan.metrics.typicality import typicality as typicality
from jaxgan.metrics.wasserstein import (
    sliced_wasserstein_distance as sliced_wasserstein_distance,
)
from jaxgan.metrics.wasserstein import wasserstein_distance as wasserstein_distance
