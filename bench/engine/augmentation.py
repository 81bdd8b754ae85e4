"""DSA in PyTorch: one operation for a batch, parameters for each image.

`matrices="each"` makes the affine matrices one image at a time in Python, which is how the published code does
it and where most of its time goes; `"batch"` makes them with a handful of tensor operations.
"""

import math

import torch
from torch.nn import functional

OPERATIONS = ["color", "crop", "cutout", "flip", "scale", "rotate"]
LARGEST_SCALE = 1.2
LARGEST_ANGLE = 15.0


def reach(side):
    return int(side * 0.125 + 0.5)


def hole(side):
    return int(side * 0.5 + 0.5)


def draw(operation, images):
    """Fresh parameters, one row of values for each."""
    n, _, height, width = images.shape
    device = images.device
    if operation == "crop":
        return [
            torch.randint(-reach(side), reach(side) + 1, (n,), device=device) for side in (height, width)
        ]
    if operation == "cutout":
        return [
            torch.randint(0, side + (1 - hole(side) % 2), (n,), device=device) for side in (height, width)
        ]
    rows = {"color": 3, "flip": 1, "scale": 2, "rotate": 1}[operation]
    return [torch.rand(n, device=device) for _ in range(rows)]


def apply(operation, images, draws, matrices):
    if operation == "color":
        return color(images, *draws)
    if operation == "crop":
        return crop(images, *draws)
    if operation == "cutout":
        return cutout(images, *draws)
    if operation == "flip":
        return flip(images, *draws)
    if operation == "scale":
        return sample(images, scale_matrices(*draws, matrices))
    return sample(images, rotation_matrices(*draws, matrices))


def per_image(values, images):
    return values.to(images.dtype).view(-1, 1, 1, 1)


def color(images, brightness, saturation, contrast):
    images = images + (per_image(brightness, images) - 0.5)
    grey = images.mean(dim=1, keepdim=True)
    images = (images - grey) * (2 * per_image(saturation, images)) + grey
    level = images.mean(dim=(1, 2, 3), keepdim=True)
    return (images - level) * (per_image(contrast, images) + 0.5) + level


def pixel_indices(images, rows, columns):
    n = images.shape[0]
    device = images.device
    return torch.meshgrid(
        torch.arange(n, device=device),
        torch.arange(rows, device=device),
        torch.arange(columns, device=device),
        indexing="ij",
    )


def crop(images, rows, columns):
    height, width = images.shape[2:]
    image, row, column = pixel_indices(images, height, width)
    row = torch.clamp(row + rows.view(-1, 1, 1).long() + 1, 0, height + 1)
    column = torch.clamp(column + columns.view(-1, 1, 1).long() + 1, 0, width + 1)
    padded = functional.pad(images, [1, 1, 1, 1])
    return padded.permute(0, 2, 3, 1).contiguous()[image, row, column].permute(0, 3, 1, 2)


def cutout(images, rows, columns):
    height, width = images.shape[2:]
    image, row, column = pixel_indices(images, hole(height), hole(width))
    row = torch.clamp(row + rows.view(-1, 1, 1).long() - hole(height) // 2, 0, height - 1)
    column = torch.clamp(column + columns.view(-1, 1, 1).long() - hole(width) // 2, 0, width - 1)
    mask = torch.ones(images.shape[0], height, width, dtype=images.dtype, device=images.device)
    mask[image, row, column] = 0
    return images * mask.unsqueeze(1)


def flip(images, u):
    return torch.where(u.view(-1, 1, 1, 1) < 0.5, images.flip(3), images)


def scale_matrices(ux, uy, matrices):
    smallest = 1 / LARGEST_SCALE
    sx = ux.float() * (LARGEST_SCALE - smallest) + smallest
    sy = uy.float() * (LARGEST_SCALE - smallest) + smallest
    if matrices == "each":
        rows = [[[sx[i], 0, 0], [0, sy[i], 0]] for i in range(len(sx))]
        return torch.tensor(rows, dtype=torch.float32, device=ux.device)
    zero = torch.zeros_like(sx)
    return torch.stack([sx, zero, zero, zero, sy, zero], dim=1).view(-1, 2, 3)


def rotation_matrices(u, matrices):
    angle = (u.float() - 0.5) * 2 * LARGEST_ANGLE / 180 * math.pi
    if matrices == "each":
        rows = [
            [[torch.cos(a), torch.sin(-a), 0], [torch.sin(a), torch.cos(a), 0]] for a in angle
        ]
        return torch.tensor(rows, dtype=torch.float32, device=u.device)
    cos, sin, zero = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
    return torch.stack([cos, -sin, zero, sin, cos, zero], dim=1).view(-1, 2, 3)


def sample(images, theta):
    grid = functional.affine_grid(theta, list(images.shape), align_corners=True)
    return functional.grid_sample(images, grid, align_corners=True)
