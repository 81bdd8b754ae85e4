#!/usr/bin/env bash
# The benchmark of bench/README.md on an NVIDIA GPU, in one command. Not yet run on one.
#
# Usage: bench/gpu.sh [arguments of `npm run bench`, such as --only match --repeats 7]
#
# Provides TensorFlow with CUDA for this checkout (and links it, until `distillery engine install` links the CPU's
# again), tests that it computes the right numbers, and writes bench-gpu-<time>.json beside the table.
set -euo pipefail

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0"
  exit 0
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v nvidia-smi >/dev/null; then
  echo 'bench/gpu.sh: there is no nvidia-smi here: install the NVIDIA driver, or start the container with its runtime' >&2
  exit 1
fi
nvidia-smi --query-gpu=index,name,driver_version,memory.total --format=csv

# One device for both sides; the first one unless another is chosen.
export CUDA_VISIBLE_DEVICES="${CUDA_VISIBLE_DEVICES:-0}"
# distillery refuses to go on on the CPU, unnoticed.
export DISTILLERY_DEVICE="$CUDA_VISIBLE_DEVICES"

node scripts/bootstrap.mjs setup --cuda
node bin/distillery.mjs engine info
npm run --silent bench -- --cuda --json "bench-gpu-$(date +%Y%m%d-%H%M%S).json" "$@"
