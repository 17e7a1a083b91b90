"""Networks: neurons, layers and multi-layer perceptrons, and what trains and stores them.

>>> from autograd_lite import nn
>>> model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
>>> xor = [[0, 0], [0, 1], [1, 0], [1, 1]]
>>> history = model.learn(xor, [0, 1, 1, 0], learning_rate=0.1, progress=False, seed=1)
>>> (model.predict(xor) > 0.5).tolist()
[False, True, True, False]
"""

from autograd_lite.nn import init, losses, optim, schedules
from autograd_lite.nn.architectures import load
from autograd_lite.nn.layers import Layer, Neuron
from autograd_lite.nn.learning.history import Epoch, History
from autograd_lite.nn.learning.recorder import Recorder
from autograd_lite.nn.learning.resuming import Checkpoint
from autograd_lite.nn.learning.stopping import EarlyStopping
from autograd_lite.nn.model_files import read_extra
from autograd_lite.nn.module import Module
from autograd_lite.nn.networks import MLP, Sequential
from autograd_lite.nn.parts.blocks import Dropout, Embedding, LayerNorm, Residual
from autograd_lite.nn.rate_test import RateTest, find_learning_rate
from autograd_lite.nn.samplewise import per_sample

__all__ = [
    "MLP", "Checkpoint", "Dropout", "EarlyStopping", "Embedding", "Epoch", "History", "Layer",
    "LayerNorm", "Module", "Neuron", "RateTest", "Recorder", "Residual", "Sequential",
    "find_learning_rate", "init", "load", "losses", "optim", "per_sample", "read_extra",
    "schedules",
]  # fmt: skip
