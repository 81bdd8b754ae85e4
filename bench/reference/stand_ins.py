"""What the published code needs and does not find on a machine without a GPU and without its services.

- Modules: `wandb` keeps its numbers to itself; `torchvision`, `kornia`, `tqdm` and SciPy's rotation are imported by
  the published code, but not used for this data set without whitening, so empty ones do.
- Fashion-MNIST, which the published loader does not know: read from idx files, normalised like the others.
- On a CPU, `tensor.cpu()` is the tensor itself. The snapshots of an expert would all be its live weights, so here it
  copies, as it does on a GPU. `tensor.cuda()` stays where it is.
- On a CPU, newer versions keep the features of one-channel images with the channels last, where `tensor.view` refuses
  to flatten them; `tensor.reshape` does it, with the same numbers.
- `torch.load` of newer versions refuses what `buffer.py` writes unless it is told that it may be trusted.
"""

import contextlib
import importlib.machinery
import io
import os
import sys
import time
import types

import torch

MEAN, STD, CLASSES = 0.2861, 0.3530, 10
_test_accuracies = []


def install(data, threads):
    torch.set_num_threads(threads)
    _modules()
    _tensors()
    _utils(data)


def test_accuracies(epochs):
    """Of every expert after its last epoch, as fractions."""
    return _test_accuracies[epochs - 1 :: epochs]


def watch_evaluation(networks):
    """Skips the evaluation of the images that a distillation starts from, which nobody asked for, and keeps the
    accuracies and the time of the other one."""
    import utils

    record = {"accuracies": [], "evaluationSeconds": 0.0, "evaluationProcessorSeconds": 0.0}
    original, calls = utils.evaluate_synset, [0]

    def evaluate_synset(index, network, images, labels, loader, args, **options):
        calls[0] += 1
        if calls[0] <= networks:
            return network, [0.0], 0.0
        start, processor = time.perf_counter(), time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            result = original(index, network, images, labels, loader, args, **options)
        record["evaluationSeconds"] += time.perf_counter() - start
        record["evaluationProcessorSeconds"] += time.process_time() - processor
        record["accuracies"].append(float(result[2]))
        record["learnedRate"] = float(args.lr_net)
        return result

    utils.evaluate_synset = evaluate_synset
    return record


def _modules():
    def module(name, **content):
        made = types.ModuleType(name)
        made.__spec__ = importlib.machinery.ModuleSpec(name, None)  # PyTorch asks what can be imported.
        made.__dict__.update(content)
        sys.modules[name] = made
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, made)
        return made

    def progress(items, **_):
        return items

    class Kept:
        """An image or a histogram for a service that is not there."""

        def __init__(self, *_, **__):
            pass

    module("tqdm", tqdm=progress)
    module("kornia")
    module("scipy")
    module("scipy.ndimage")
    module("scipy.ndimage.interpolation", rotate=None)
    module("torchvision", datasets=None, transforms=None)
    module("torchvision.utils", make_grid=lambda images, **_: images)
    config = types.SimpleNamespace(_items={})

    def init(config, **_):
        sys.modules["wandb"].config._items = dict(vars(config))

    wandb = module("wandb", init=init, config=config, finish=lambda: None, Image=Kept, Histogram=Kept)
    wandb.log = lambda *_, **__: None
    wandb.run = types.SimpleNamespace(name="reference")


def _tensors():
    copy_to_host = torch.Tensor.cpu

    def cpu(tensor, *options, **named):
        if tensor.device.type == "cpu":
            return tensor.clone()
        return copy_to_host(tensor, *options, **named)

    torch.Tensor.cpu = cpu
    if not torch.cuda.is_available():
        torch.Tensor.cuda = lambda tensor, *_, **__: tensor
    view = torch.Tensor.view

    def flatten(tensor, *shape):
        try:
            return view(tensor, *shape)
        except RuntimeError:
            return tensor.reshape(*shape)

    torch.Tensor.view = flatten
    load = torch.load
    torch.load = lambda path: load(path, weights_only=False)


def _utils(data):
    import utils

    def get_dataset(dataset, data_path, batch_size=1, subset=None, args=None):
        assert dataset == "FashionMNIST"
        train = utils.TensorDataset(*_split(data, "train"))
        test = utils.TensorDataset(*_split(data, "t10k"))
        loader = torch.utils.data.DataLoader(test, batch_size=128, shuffle=False, num_workers=0)
        classes = [str(index) for index in range(CLASSES)]
        same = {index: index for index in range(CLASSES)}
        return 1, (28, 28), CLASSES, classes, [MEAN], [STD], train, test, loader, None, same, None

    utils.get_dataset = get_dataset
    run_epoch = utils.epoch

    def epoch(mode, *arguments, **named):
        result = run_epoch(mode, *arguments, **named)
        if mode == "test":
            _test_accuracies.append(float(result[1]))
        return result

    utils.epoch = epoch


def _split(folder, name):
    def content(suffix, header):
        with open(os.path.join(folder, f"{name}-{suffix}"), "rb") as file:
            return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8)[header:]

    pixels = content("images-idx3-ubyte", 16).view(-1, 1, 28, 28)
    return (pixels.float() / 255 - MEAN) / STD, content("labels-idx1-ubyte", 8).long()
