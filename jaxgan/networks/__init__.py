"""Generators and discriminators: pure Flax modules, one family a file."""

from jaxgan.networks.classifier import SmallClassifier as SmallClassifier
from jaxgan.networks.conditional import AppendLabel as AppendLabel
from jaxgan.networks.conditional import LabelChannel as LabelChannel
from jaxgan.networks.conditional import MultiplyLabel as MultiplyLabel
from jaxgan.networks.dcgan import DCGANDiscriminator as DCGANDiscriminator
from jaxgan.networks.dcgan import DCGANGenerator as DCGANGenerator
from jaxgan.networks.efficientnet import EfficientNetLite0 as EfficientNetLite0
from jaxgan.networks.efficientnet import Lite0Outputs as Lite0Outputs
from jaxgan.networks.fully_connected import (
    FullyConnectedDiscriminator as FullyConnectedDiscriminator,
)
from jaxgan.networks.fully_connected import FullyConnectedGenerator as FullyConnectedGenerator
from jaxgan.networks.heads import Classifier as Classifier
from jaxgan.networks.heads import Projection as Projection
from jaxgan.networks.heads import Score as Score
from jaxgan.networks.inception import InceptionOutputs as InceptionOutputs
from jaxgan.networks.inception import InceptionV3 as InceptionV3
from jaxgan.networks.inception_inputs import CLEAN as CLEAN
from jaxgan.networks.inception_inputs import INPUT_PROTOCOLS as INPUT_PROTOCOLS
from jaxgan.networks.inception_inputs import PYTORCH_FID as PYTORCH_FID
from jaxgan.networks.inception_inputs import TENSORFLOW as TENSORFLOW
from jaxgan.networks.inception_inputs import InputProtocol as InputProtocol
from jaxgan.networks.inception_inputs import check_pictures as check_pictures
from jaxgan.networks.infogan import CodeDistribution as CodeDistribution
from jaxgan.networks.infogan import Codes as Codes
from jaxgan.networks.infogan import InfoGANDiscriminator as InfoGANDiscriminator
from jaxgan.networks.infogan import InfoGANGenerator as InfoGANGenerator
from jaxgan.networks.mapping import Mapping as Mapping
from jaxgan.networks.patchgan import PatchGAN as PatchGAN
from jaxgan.networks.patchgan import PixelDiscriminator as PixelDiscriminator
from jaxgan.networks.perceptron import PerceptronDiscriminator as PerceptronDiscriminator
from jaxgan.networks.perceptron import PerceptronGenerator as PerceptronGenerator
from jaxgan.networks.r3gan import R3GANDiscriminator as R3GANDiscriminator
from jaxgan.networks.r3gan import R3GANGenerator as R3GANGenerator
from jaxgan.networks.r3gan import R3GANProjection as R3GANProjection
from jaxgan.networks.resnet import ResNetDiscriminator as ResNetDiscriminator
from jaxgan.networks.resnet import ResNetGenerator as ResNetGenerator
from jaxgan.networks.resnet_translator import ResNetTranslator as ResNetTranslator
from jaxgan.networks.sizes import doublings as doublings
from jaxgan.networks.sngan import SNGANDiscriminator as SNGANDiscriminator
from jaxgan.networks.sngan import SNGANGenerator as SNGANGenerator
from jaxgan.networks.stylegan import StyleGANGenerator as StyleGANGenerator
from jaxgan.networks.stylegan2 import StyleGAN2Generator as StyleGAN2Generator
from jaxgan.networks.stylegan2_discriminator import (
    StyleGAN2Discriminator as StyleGAN2Discriminator,
)
from jaxgan.networks.stylegan_discriminator import (
    StyleGANDiscriminator as StyleGANDiscriminator,
)
from jaxgan.networks.tags import TagDiscriminator as TagDiscriminator
from jaxgan.networks.tags import TagGenerator as TagGenerator
from jaxgan.networks.tags import TagProjection as TagProjection
from jaxgan.networks.unet import UNetGenerator as UNetGenerator
from jaxgan.networks.vgg import LPIPS as LPIPS
from jaxgan.networks.vgg import VGG16 as VGG16
from jaxgan.networks.vgg import VGG16Maps as VGG16Maps
from jaxgan.networks.vgg import VGG16Outputs as VGG16Outputs
from jaxgan.networks.vgg import vgg16_input as vgg16_input
from jaxgan.networks.xgan import XGAN as XGAN
from jaxgan.networks.xgan import XGANOutputs as XGANOutputs
from jaxgan.networks.xgan import alike as alike
