"""Training as the published code does it: a loader over a data set, one optimiser step for each batch."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import augmentation


class Given:
    """Augmentation with operations, and perhaps parameters, that were drawn elsewhere."""

    def __init__(self, operations, matrices, draws=None):
        self.operations = operations
        self.matrices = matrices
        self.draws = draws

    def __call__(self, index, images):
        operation = augmentation.OPERATIONS[self.operations[index % len(self.operations)]]
        drawn = self.draws[index] if self.draws else augmentation.draw(operation, images)
        return augmentation.apply(operation, images, drawn, self.matrices)


class Ordered(torch.utils.data.Sampler):
    """An order that was drawn elsewhere."""

    def __init__(self, order):
        self.order = order

    def __iter__(self):
        return iter(self.order)

    def __len__(self):
        return len(self.order)


def loader(images, labels, batch, order=None):
    if order is None:
        return DataLoader(TensorDataset(images, labels), batch_size=batch, shuffle=True)
    return DataLoader(TensorDataset(images, labels), batch_size=batch, sampler=Ordered(order))


def epoch(model, batches, optimiser, augment, first=0, device="cpu"):
    """One pass; returns the loss of every batch."""
    model.train()
    criterion = nn.CrossEntropyLoss()
    losses, correct = [], 0
    for index, (images, labels) in enumerate(batches):
        images, labels = images.float().to(device), labels.to(device)
        if augment is not None:
            images = augment(first + index, images)
        logits = model(images)
        loss = criterion(logits, labels)
        correct += (logits.argmax(dim=1) == labels).sum().item()
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return losses


def evaluation(model, images, labels, settings, augment, orders=None, device="cpu"):
    """A fresh network on a small set, momentum and weight decay, a tenth of the rate after half the epochs."""

    def optimiser(lr):
        return torch.optim.SGD(
            model.parameters(),
            lr=lr,
            momentum=settings["momentum"],
            weight_decay=settings["weightDecay"],
        )

    rate = settings["lr"]
    current = optimiser(rate)
    per_epoch = -(-len(labels) // settings["batch"])
    losses = []
    for number in range(settings["epochs"]):
        order = None if orders is None else orders[number]
        batches = loader(images, labels, settings["batch"], order)
        losses += epoch(model, batches, current, augment, number * per_epoch, device)
        if number == settings["schedule"] // 2 + 1:
            current = optimiser(rate * 0.1)
    return losses
