"""Runs the published PyTorch code of trajectory matching on Fashion-MNIST with reduced settings, on a CPU.

It fetches nothing: it takes a checkout of the published code and the idx files of Fashion-MNIST, and leaves both as
they are. The published `buffer.py` and `distill.py` run unchanged, each in a process of its own; what they would not
find or could not do here is put in its place before they are imported (`stand_ins.py` says what and why).

    python run.py --checkout mtt-distillation --data fashion-mnist --work scratch --settings settings.json

Writes `scratch/results.json`: accuracies, seconds (elapsed and of the processor) and the most memory of each part.
Needs PyTorch and NumPy, nothing else.
"""

import argparse
import json
import os
import resource
import runpy
import subprocess
import sys
import time

MODEL = "ConvNetW{width}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--checkout", required=True, help="folder of the published code")
    parser.add_argument("--data", required=True, help="folder with the four idx files of Fashion-MNIST")
    parser.add_argument("--work", required=True, help="folder for experts and results")
    parser.add_argument("--settings", required=True, help="JSON: width, experts, epochs, and runs of distillation")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with open(options.settings, encoding="utf-8") as file:
        settings = json.load(file)
    if options.part is None:
        run_parts(options, settings)
    else:
        run_part(options, settings)


def run_parts(options, settings):
    """A process for the experts and one for each distillation, so that memory is that of the part alone."""
    os.makedirs(options.work, exist_ok=True)
    path = os.path.join(options.work, "results.json")
    results = {"settings": settings, "threads": options.threads, "parts": {}}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            earlier = json.load(file)
        if earlier["settings"] == settings:
            results = earlier
    for part in ["experts", *settings["distillations"]]:
        if part in results["parts"]:
            continue
        environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
        command = [sys.executable, os.path.abspath(__file__), *sys.argv[1:], "--part", part]
        subprocess.run(command, env=environment, check=True)
        with open(os.path.join(options.work, f"{part}.json"), encoding="utf-8") as file:
            results["parts"][part] = json.load(file)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=2)
        print(part, json.dumps(results["parts"][part]), flush=True)


def run_part(options, settings):
    # Both sit beside this script or in the checkout, whose own imports are by plain names.
    sys.path.insert(0, os.path.abspath(options.checkout))
    import stand_ins

    data, work = os.path.abspath(options.data), os.path.abspath(options.work)
    stand_ins.install(data, options.threads)
    started = time.perf_counter()
    os.chdir(work)
    if options.part == "experts":
        arguments = experts_arguments(settings)
        script, record = "buffer.py", {}
    else:
        arguments = distillation_arguments(settings, settings["distillations"][options.part])
        script, record = "distill.py", stand_ins.watch_evaluation(settings["networks"])
    sys.argv = [script, *(str(argument) for argument in arguments)]
    runpy.run_path(os.path.join(sys.path[0], script), run_name="__main__")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    record["seconds"] = time.perf_counter() - started
    record["processorSeconds"] = usage.ru_utime + usage.ru_stime
    record["peakBytes"] = usage.ru_maxrss * 1024
    if options.part == "experts":
        record["accuracies"] = stand_ins.test_accuracies(settings["epochs"])
    with open(os.path.join(work, f"{options.part}.json"), "w", encoding="utf-8") as file:
        json.dump(record, file)


def experts_arguments(settings):
    return [
        *("--dataset", "FashionMNIST", "--model", MODEL.format(**settings)),
        *("--num_experts", settings["experts"], "--save_interval", settings["experts"]),
        *("--train_epochs", settings["epochs"], "--lr_teacher", settings["lr"], "--buffer_path", "buffers"),
    ]


def distillation_arguments(settings, run):
    return [
        *("--dataset", "FashionMNIST", "--model", MODEL.format(**settings), "--buffer_path", "buffers"),
        *("--ipc", run["ipc"], "--Iteration", run["iterations"], "--eval_it", run["iterations"]),
        *("--syn_steps", run["synSteps"], "--expert_epochs", run["expertEpochs"]),
        *("--max_start_epoch", run["maxStartEpoch"], "--lr_img", run["lrImg"], "--lr_lr", run["lrLr"]),
        *("--lr_teacher", run["lrInit"], "--num_eval", settings["networks"]),
        *("--epoch_eval_train", settings["evaluationEpochs"]),
    ]


if __name__ == "__main__":
    main()
