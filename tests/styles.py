"""The smallest networks that the style game can be played with."""

import flax.linen as nn
import jax.numpy as jnp

Z = W = 4


class LinearGenerator(nn.Module):
    """w = z A, image = sum over layers of w_l B: one pixel for each number of W.

    Grown, stage 0 makes an image of half the size, the mean of 2x2 pixels of it.
    """

    channels: int = 1
    num_ws: int = 4

    def setup(self):
        self.map = nn.Dense(W, use_bias=False)
        self.paint = nn.Dense(4 * 4 * self.channels, use_bias=False)
        self.mean = self.variable("latent_mean", "mapping", lambda: {"mean": jnp.zeros(W)})
        self.constant = self.variable("noise", "constant", jnp.zeros, (4, 4, 1))

    def __call__(self, latent, *label, train):
        return self.synthesise(self.map_latents(latent, *label, train=train), train=train)

    def map_latents(self, latent, *label, train):
        if label:
            latent = latent + label[0].astype(latent.dtype)[:, None]
        w = self.map(latent)
        if train and not self.is_initializing():
            mean = self.mean.value["mean"]
            self.mean.value = {"mean": mean + 0.1 * (w.mean(axis=0) - mean)}
        return jnp.repeat(w[:, None], self.num_ws, axis=1)

    def synthesise(self, w, *, train, stage=None, fade=1.0):
        x = self.paint(w).sum(axis=1).reshape(-1, 4, 4, self.channels)
        if stage == 0:
            return x.reshape(-1, 2, 2, 2, 2, self.channels).mean(axis=(2, 4))
        return x


class LinearDiscriminator(nn.Module):
    """D(x) = b mean(x) + label."""

    @nn.compact
    def __call__(self, images, *label, train, stage=None, fade=1.0):
        slope = self.param("slope", nn.initializers.constant(0.5), ())
        scores = slope * images.mean(axis=(1, 2, 3))
        return scores + label[0] if label else scores
