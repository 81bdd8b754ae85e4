"""A whole small experiment as the published code goes about it, in one process: experts, distillation, evaluation.

Our own script, written from the description of the method. Usage: experiment.py SETTINGS.json FOLDER THREADS DEVICE,
where FOLDER holds the idx files of Fashion-MNIST. Prints one line of JSON.
"""

import json
import os
import sys
import tempfile
import time

import torch

import augmentation
import matching
import networks
import training

MEAN, STD = 0.2861, 0.3530
CLASSES = 10
DSA = list(range(len(augmentation.OPERATIONS)))


def idx(path, header):
    with open(path, "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8)[header:]


def split(folder, name, limit=None):
    pixels = idx(os.path.join(folder, f"{name}-images-idx3-ubyte"), 16).view(-1, 1, 28, 28)[:limit]
    labels = idx(os.path.join(folder, f"{name}-labels-idx1-ubyte"), 8)[:limit].long()
    return (pixels.float() / 255 - MEAN) / STD, labels


def network(width):
    return networks.build({"architecture": "ConvNet", "width": width, "depth": 3}, IMAGE, CLASSES)


IMAGE = {"channels": 1, "height": 28, "width": 28}


class Draw(training.Given):
    """DSA: one of the operations for every batch, drawn anew each time."""

    def __init__(self):
        super().__init__(DSA, "each")

    def __call__(self, index, images):
        return super().__call__(torch.randint(len(DSA), (1,)).item(), images)


def accuracy(model, images, labels, device):
    model.eval()
    right = 0
    with torch.no_grad():
        for x, y in training.loader(images, labels, 256, range(len(labels))):
            right += (model(x.to(device)).argmax(dim=1).cpu() == y).sum().item()
    return right / len(labels)


def train_experts(settings, train, test, folder, device):
    """Snapshots of every expert after every epoch, in one file for each."""
    for expert in range(settings["experts"]):
        model = network(settings["width"]).to(device)
        optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
        snapshots = [flat(model)]
        for _ in range(settings["epochs"]):
            training.epoch(model, training.loader(*train, 256), optimiser, Draw(), device=device)
            accuracy(model, *test, device)
            snapshots.append(flat(model))
        torch.save(snapshots, os.path.join(folder, f"expert-{expert}.pt"))


def flat(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach().clone()


def distil(settings, train, folder, device):
    images, labels = train
    ipc, steps = settings["ipc"], settings["synSteps"]
    chosen = torch.cat([torch.nonzero(labels == c).flatten()[:ipc] for c in range(CLASSES)])
    synthetic = images[chosen].to(device).clone().requires_grad_(True)
    targets = labels[chosen].to(device)
    alpha = torch.tensor(0.02, device=device, requires_grad=True)
    of_images = torch.optim.SGD([synthetic], lr=1000.0, momentum=0.5)
    of_alpha = torch.optim.SGD([alpha], lr=1e-5, momentum=0.5)
    experts = [
        torch.load(os.path.join(folder, f"expert-{expert}.pt")) for expert in range(settings["experts"])
    ]
    model = network(settings["width"]).to(device)
    everything = torch.arange(len(targets), device=device)
    for _ in range(settings["iterations"]):
        snapshots = experts[torch.randint(len(experts), (1,)).item()]
        start = torch.randint(settings["maxStartEpoch"], (1,)).item()
        of_images.zero_grad()
        of_alpha.zero_grad()
        matching.match(
            model,
            snapshots[start].to(device),
            snapshots[start + settings["expertEpochs"]].to(device),
            synthetic,
            targets,
            alpha,
            [everything] * steps,
            Draw(),
        )
        of_images.step()
        of_alpha.step()
        with torch.no_grad():
            alpha.clamp_(min=1e-6)
    return synthetic.detach(), targets, alpha.item()


def evaluate(settings, images, labels, rate, test, device):
    results = []
    for _ in range(settings["networks"]):
        model = network(settings["width"]).to(device)
        rules = {
            "lr": rate,
            "momentum": 0.9,
            "weightDecay": 5e-4,
            "batch": 256,
            "epochs": settings["evaluationEpochs"],
            "schedule": settings["evaluationEpochs"],
        }
        training.evaluation(model, images.cpu(), labels.cpu(), rules, Draw(), device=device)
        results.append(accuracy(model, *test, device))
    return results


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        settings = json.load(file)
    data, device = sys.argv[2], torch.device(sys.argv[4])
    torch.set_num_threads(int(sys.argv[3]))
    torch.manual_seed(1)
    train, test = split(data, "train", settings["images"]), split(data, "t10k")
    times = [time.perf_counter()]
    with tempfile.TemporaryDirectory() as folder:
        train_experts(settings, train, test, folder, device)
        times.append(time.perf_counter())
        images, labels, rate = distil(settings, train, folder, device)
        times.append(time.perf_counter())
    accuracies = evaluate(settings, images, labels, rate, test, device)
    times.append(time.perf_counter())
    names = ["experts", "distill", "evaluate"]
    stages = {name: times[i + 1] - times[i] for i, name in enumerate(names)}
    print(json.dumps({"stages": stages, "accuracies": accuracies, "rate": rate}), flush=True)
    # Its memory is read before it goes.
    sys.stdin.readline()


main()
