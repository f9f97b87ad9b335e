"""Data as a function of the step."""

from jaxgan.data.digits import digits_builder as digits_builder
from jaxgan.data.finish import Batch as Batch
from jaxgan.data.finish import Raw as Raw
from jaxgan.data.folder import FolderSource as FolderSource
from jaxgan.data.folder import folder_source as folder_source
from jaxgan.data.images import Images as Images
from jaxgan.data.order import batch_indices as batch_indices
from jaxgan.data.pipeline import pipeline as pipeline
from jaxgan.data.resident import Resident as Resident
from jaxgan.data.resident import resident as resident
from jaxgan.data.sources import ArraySource as ArraySource
from jaxgan.data.sources import Source as Source
from jaxgan.data.streamed import Streamed as Streamed
from jaxgan.data.streamed import streamed as streamed
from jaxgan.data.tfds import TfdsSource as TfdsSource
from jaxgan.data.tfds import tfds_source as tfds_source
from jaxgan.data.transforms import Transform as Transform
