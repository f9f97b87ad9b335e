"""Games: small tuples of pure functions. `game.py` holds the contract."""

from jaxgan.games.acgan import told_labels as told_labels
from jaxgan.games.adversarial import AdversarialState as AdversarialState
from jaxgan.games.adversarial import adversarial as adversarial
from jaxgan.games.game import Batch as Batch
from jaxgan.games.game import Game as Game
from jaxgan.games.game import Info as Info
from jaxgan.games.game import Player as Player
from jaxgan.games.game import deal as deal
from jaxgan.games.game import enter as enter
from jaxgan.games.game import improve as improve
from jaxgan.games.game import perform as perform
from jaxgan.games.game import prefixed as prefixed
from jaxgan.games.game import present as present
from jaxgan.games.game import stream as stream
from jaxgan.games.game import variables as variables
from jaxgan.games.infogan import Coded as Coded
from jaxgan.games.infogan import CodedLatent as CodedLatent
from jaxgan.games.infogan import information as information
from jaxgan.games.terms import Auxiliary as Auxiliary
from jaxgan.games.terms import Critic as Critic
from jaxgan.games.terms import Penalties as Penalties
from jaxgan.games.terms import Terms as Terms
from jaxgan.games.terms import no_penalties as no_penalties
