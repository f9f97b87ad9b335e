"""Building blocks shared by networks."""

from jaxgan.layers.attention import SelfAttention as SelfAttention
from jaxgan.layers.augmentation import colour as colour
from jaxgan.layers.augmentation import cutout as cutout
from jaxgan.layers.augmentation import differentiable_augmentation as differentiable_augmentation
from jaxgan.layers.augmentation import translation as translation
from jaxgan.layers.bilinear import bilinear_downsample as bilinear_downsample
from jaxgan.layers.bilinear import bilinear_upsample as bilinear_upsample
from jaxgan.layers.convolution import Conv as Conv
from jaxgan.layers.convolution import ConvTranspose as ConvTranspose
from jaxgan.layers.convolution import convolution as convolution
from jaxgan.layers.convolution import transposed_convolution as transposed_convolution
from jaxgan.layers.grouped import GroupedConv as GroupedConv
from jaxgan.layers.grouped import grouped_convolution as grouped_convolution
from jaxgan.layers.initialisers import fan_in_normal as fan_in_normal
from jaxgan.layers.initialisers import glorot as glorot
from jaxgan.layers.initialisers import normal as normal
from jaxgan.layers.labels import LabelEmbedding as LabelEmbedding
from jaxgan.layers.labels import check_label as check_label
from jaxgan.layers.labels import one_hot as one_hot
from jaxgan.layers.labels import select as select
from jaxgan.layers.normalisation import ConditionalBatchNorm as ConditionalBatchNorm
from jaxgan.layers.pointwise import Pointwise as Pointwise
from jaxgan.layers.resampling import max_pool as max_pool
from jaxgan.layers.resampling import mean_pool as mean_pool
from jaxgan.layers.resampling import upsample as upsample
from jaxgan.layers.spectral import SpectralNorm as SpectralNorm
