"""The two towers. Parameter names are the ones of the exported file, so a shape error can be looked up by name."""

from dataclasses import asdict, dataclass, field

import torch
import torch.nn as nn
import torch.nn.functional as F

from tokenizer import END, VOCABULARY_SIZE


@dataclass
class Config:
    """Everything that fixes the shapes of the towers and the way a picture enters."""

    embed_dim: int = 256
    context_length: int = 32
    token_dim: int = 64
    text_width: int = 256
    text_layers: int = 3
    text_heads: int = 4
    text_mlp: int = 1024
    image_size: int = 112
    average_transpose: bool = True
    stem: list[int] = field(default_factory=lambda: [24, 48])
    stages: list[list[int]] = field(default_factory=lambda: [[48, 2], [96, 2], [192, 3], [256, 1]])
    mean: list[float] = field(default_factory=lambda: [0.48145466, 0.4578275, 0.40821073])
    std: list[float] = field(default_factory=lambda: [0.26862954, 0.26130258, 0.27577711])

    def as_dict(self) -> dict:
        return asdict(self)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            setattr(self, name, nn.Linear(width, width))

    def forward(self, x):
        batch, tokens, width = x.shape
        split = lambda y: y.view(batch, tokens, self.heads, -1).transpose(1, 2)
        q, k, v = split(self.q_proj(x)), split(self.k_proj(x)), split(self.v_proj(x))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=self.dropout if self.training else 0.0)
        return self.out_proj(y.transpose(1, 2).reshape(batch, tokens, width))


class Mlp(nn.Module):
    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Layer(nn.Module):
    def __init__(self, config: Config, dropout: float):
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(config.text_width)
        self.self_attn = Attention(config.text_width, config.text_heads, dropout)
        self.layer_norm2 = nn.LayerNorm(config.text_width)
        self.mlp = Mlp(config.text_width, config.text_mlp)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        x = x + self.drop(self.self_attn(self.layer_norm1(x)))
        return x + self.drop(self.mlp(self.layer_norm2(x)))


class TextTower(nn.Module):
    """ids (batch, tokens) -> (batch, embed_dim), not normalised."""

    def __init__(self, config: Config, dropout: float = 0.1):
        super().__init__()
        model = nn.Module()
        model.embeddings = nn.Module()
        model.embeddings.token_embedding = nn.Embedding(VOCABULARY_SIZE, config.token_dim)
        model.embeddings.token_projection = nn.Linear(config.token_dim, config.text_width, bias=False)
        model.embeddings.position_embedding = nn.Embedding(config.context_length, config.text_width)
        model.encoder = nn.Module()
        model.encoder.layers = nn.ModuleList(Layer(config, dropout) for _ in range(config.text_layers))
        model.final_layer_norm = nn.LayerNorm(config.text_width)
        nn.init.normal_(model.embeddings.token_embedding.weight, std=0.05)
        nn.init.normal_(model.embeddings.position_embedding.weight, std=0.01)
        self.text_model = model
        self.text_projection = nn.Linear(config.text_width, config.embed_dim, bias=False)

    def hidden(self, ids):
        """The end token's row after the final layer norm: (batch, text_width)."""
        parts = self.text_model
        x = parts.embeddings.token_projection(parts.embeddings.token_embedding(ids))
        x = x + parts.embeddings.position_embedding.weight[: ids.shape[1]]
        for layer in parts.encoder.layers:
            x = layer(x)
        ends = (ids == END).int().argmax(1)
        return parts.final_layer_norm(x[torch.arange(len(ids), device=ids.device), ends])

    def forward(self, ids):
        return self.text_projection(self.hidden(ids))


def convolution(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """A 3x3 convolution and its batch norm; the export folds the second into the first."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs))


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.conv1, self.conv2 = convolution(width, width, 1), convolution(width, width, 1)
        # A block starts as the identity: deep stacks then train well from the first step.
        nn.init.zeros_(self.conv2[1].weight)

    def forward(self, x):
        return F.relu(x + self.conv2(F.relu(self.conv1(x))))


class Stage(nn.Module):
    def __init__(self, inputs: int, width: int, blocks: int, first: bool):
        super().__init__()
        if not first:
            self.down = convolution(inputs, width, 2)
        self.blocks = nn.ModuleList(Block(width) for _ in range(blocks))

    def forward(self, x):
        if hasattr(self, "down"):
            x = F.relu(self.down(x))
        for block in self.blocks:
            x = block(x)
        return x


class ImageTower(nn.Module):
    """pixels (batch, 3, side, side), normalised by mean and std -> (batch, embed_dim), not normalised."""

    def __init__(self, config: Config, dropout: float = 0.2):
        super().__init__()
        model = nn.Module()
        channels = [3, *config.stem]
        model.stem = nn.ModuleList(convolution(a, b, 2) for a, b in zip(channels, channels[1:]))
        widths = [config.stem[-1], *(width for width, _ in config.stages)]
        if widths[0] != widths[1]:
            raise ValueError(f"the first stage's width {widths[1]} must be the stem's last {widths[0]}")
        model.stages = nn.ModuleList(
            Stage(widths[at], width, blocks, at == 0) for at, (width, blocks) in enumerate(config.stages)
        )
        self.vision_model = model
        self.dropout = nn.Dropout(dropout)
        self.visual_projection = nn.Linear(widths[-1], config.embed_dim, bias=False)

    def hidden(self, pixels):
        """Mean over the last feature map: (batch, last stage's width)."""
        x = pixels
        for step in self.vision_model.stem:
            x = F.relu(step(x))
        for stage in self.vision_model.stages:
            x = stage(x)
        return x.mean((2, 3))

    def project(self, hidden):
        return self.visual_projection(self.dropout(hidden))

    def forward(self, pixels):
        return self.project(self.hidden(pixels))


class Clip(nn.Module):
    """Both towers, the temperature, and what only training uses: `gloss` compares names with glosses; with a teacher of
    `features` components, `teacher` guesses these from a picture and `head` takes them to the embedding."""

    def __init__(self, config: Config, features: int):
        super().__init__()
        self.config = config
        self.text, self.image = TextTower(config), ImageTower(config)
        self.log_scale = nn.Parameter(torch.tensor(3.0))
        self.gloss = nn.Linear(config.text_width, config.embed_dim, bias=False)
        if features:
            self.teacher = nn.Linear(config.stages[-1][0], features)
            self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(features, config.embed_dim))

    def scale(self):
        """Temperature as the factor on cosines, kept at or below 50."""
        return self.log_scale.exp().clamp(max=50.0)


def pad(sequences: list[list[int]]) -> torch.Tensor:
    """Token lists to one matrix. What follows the end token cannot matter: the tower is causal."""
    longest = max(map(len, sequences))
    return torch.tensor([ids + [0] * (longest - len(ids)) for ids in sequences])
