"""The trajectory gradient by full unrolling: every student step stays in autograd's graph."""

import torch
from torch import nn
from torch.func import functional_call


def split(flat, shapes):
    parts, offset = {}, 0
    for name, shape in shapes:
        size = shape.numel()
        parts[name] = flat[offset : offset + size].view(shape)
        offset += size
    return parts


def match(model, start, target, images, labels, alpha, batches, augment=None):
    """Loss, gradient to the images, gradient to the learned rate, losses of the student.

    `batches` holds the indices of each student step; `images` and `alpha` are leaves that require gradients.
    """
    shapes = [(name, parameter.shape) for name, parameter in model.named_parameters()]
    criterion = nn.CrossEntropyLoss()
    student = [start.clone().requires_grad_(True)]
    losses = []
    for step, indices in enumerate(batches):
        x, y = images[indices], labels[indices]
        if augment is not None:
            x = augment(step, x)
        loss = criterion(functional_call(model, split(student[-1], shapes), (x,)), y)
        (slope,) = torch.autograd.grad(loss, student[-1], create_graph=True)
        student.append(student[-1] - alpha * slope)
        losses.append(loss.item())
    distance = nn.functional.mse_loss(start, target, reduction="sum")
    loss = nn.functional.mse_loss(student[-1], target, reduction="sum") / distance
    loss.backward()
    return loss.item(), losses
