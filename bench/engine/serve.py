"""PyTorch's side of one work: answers `check` and `run` on standard input with lines of JSON.

Usage: serve.py FOLDER THREADS DEVICE, where FOLDER holds work.json and inputs.safetensors.
"""

import json
import os
import sys
import time

import torch

import tensors
import works


def main():
    folder, threads, device = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    with open(os.path.join(folder, "work.json"), encoding="utf-8") as file:
        description = json.load(file)
    inputs = tensors.read(os.path.join(folder, "inputs.safetensors"))
    work = works.KINDS[description["work"]["kind"]](description, inputs, torch.device(device))
    name = torch.cuda.get_device_name(0) if device == "cuda" else "cpu"
    say({"ready": f"pytorch {torch.__version__}", "device": name, "threads": torch.get_num_threads()})
    for line in sys.stdin:
        if line.strip() == "check":
            tensors.write(os.path.join(folder, "torch.safetensors"), work.check())
            say({"checked": "torch.safetensors"})
        else:
            start = time.perf_counter()
            work.run()
            if device == "cuda":
                torch.cuda.synchronize()
            say({"seconds": time.perf_counter() - start})


def say(answer):
    print(json.dumps(answer), flush=True)


main()
