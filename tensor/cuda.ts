/**
 * @file Why TensorFlow sees no GPU, or does not load for want of NVIDIA's libraries: in words, with what to do.
 */
import { readFileSync } from 'node:fs';

/** The oldest driver that runs programs of CUDA 12, which TensorFlow is built with. */
const oldestDriver = '525.60.13';

/** The libraries that TensorFlow's CUDA build opens. */
const cudaLibrary =
  /lib(cudart|cudnn|cublas|cublasLt|cufft|curand|cusolver|cusparse|cupti|nccl|nvrtc|nvJitLink)[\w.]*\.so/;

/** Version of NVIDIA's kernel driver, such as `550.54.15`; undefined without one. */
export function driverVersion(path = '/proc/driver/nvidia/version'): string | undefined {
  try {
    return parseDriverVersion(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** From the text that the driver shows, in which it is the first number of three parts or two. */
export function parseDriverVersion(text: string): string | undefined {
  return /Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)/.exec(text)?.[1];
}

/** Compares part by part; missing parts count as 0. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let part = 0; part < Math.max(a?.length ?? 0, b?.length ?? 0); part++) {
    const difference = (a?.[part] ?? 0) - (b?.[part] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/**
 * The likeliest reason, and what to do about it.
 *
 * @param driver as `driverVersion` gives it
 */
export function whyNoGpu(driver: string | undefined, tensorflow: string): string {
  return (
    driverProblem(driver) ??
    `the driver is ${driver}, so TensorFlow ${tensorflow} is the build for the CPU or lacks NVIDIA's libraries; ` +
      'run `distillery engine install --cuda`, and see that `nvidia-smi` lists the device'
  );
}

/** What is wrong with the driver, undefined when it will do. */
export function driverProblem(driver: string | undefined): string | undefined {
  if (driver === undefined)
    return (
      'no NVIDIA driver is loaded here; install one (in a container, start it with the NVIDIA runtime), ' +
      'and see that `nvidia-smi` lists the device'
    );
  if (isOlder(driver, oldestDriver))
    return `the NVIDIA driver ${driver} is too old for CUDA 12; update it to ${oldestDriver} or newer`;
  return undefined;
}

/** What to do when the binding does not load. */
export function loadRemedy(reason: string): string {
  if (/libcuda\.so/.test(reason))
    return 'The NVIDIA driver is missing: install it, or run `distillery engine install` for the CPU.';
  if (cudaLibrary.test(reason))
    return "A library of NVIDIA's is missing or of another version: run `distillery engine install --cuda`.";
  if (/GLIBC|GLIBCXX/.test(reason))
    return 'The C library here is older than TensorFlow needs (glibc 2.28): use a newer system.';
  return 'Run `distillery engine install`.';
}
