"""StyleGAN: Karras, Laine and Aila, "A Style-Based Generator Architecture for GANs" (2019).

The networks of 2018's code: styles by adaptive instance normalisation, a learnt constant that
starts as ones, noise with a strength for each channel, resampling blurred with [1, 2, 1], and
growing from 4x4 (or 8x8) to the full resolution.

Parameters lie in the tree under the names that StyleGAN2's have, wherever both have the same
thing, and are stored as the authors' files store them (N(0, 1), over the learning rate's
multiplier; what scales them is applied at run time):

    generator
    mapping/embed/kernel [L, Z]                       conditional only; no bias
    mapping/fc{0..7}/{kernel [in, out], bias [out]}
    synthesis/b4/const [H, W, C]                      H and W are the base's
    synthesis/b4/input/{bias [C], noise_strength [C], affine/{kernel [W, 2C], bias [2C]}}
    synthesis/b4/conv1/{kernel [3, 3, C, C'], bias, noise_strength, affine/{kernel, bias}}
    synthesis/b{r}/{conv0, conv1}/{kernel, bias, noise_strength, affine/{kernel, bias}}   r >= 8
    synthesis/b{r}/torgb/{kernel [1, 1, C, channels], bias}                               r >= 4
    discriminator
    b{r}/fromrgb/{kernel [1, 1, channels, C], bias}                                       r >= 4
    b{r}/{conv0, conv1}/{kernel, bias}                                                    r >= 8
    b4/{conv, fc, out}/{kernel, bias}                 out: [C, max(1, labels)]

An affine's first C numbers are the scale less one, its others the shift. Beside the parameters lie
the collections `latent_mean` (`mapping/mean` [W]) and `noise`: `synthesis/b4/{input, conv1}/noise`
and `synthesis/b{r}/{conv0, conv1}/noise`, each [H, W].
"""
