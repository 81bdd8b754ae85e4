// The library as TensorFlow and Node see it: registers the operations when Node loads it.
#include <node_api.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "convolution.h"
#include "region.h"
#include "tensorflow.h"
#include "threads.h"

namespace distillery {
namespace {

struct DeleteStatus {
  void operator()(TF_Status* status) const { TF_DeleteStatus(status); }
};
using Status = std::unique_ptr<TF_Status, DeleteStatus>;

struct DeleteTensor {
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
};
using Tensor = std::unique_ptr<TF_Tensor, DeleteTensor>;

void Check(const Status& status) {
  if (TF_GetCode(status.get()) != TF_OK) throw std::runtime_error(TF_Message(status.get()));
}

// Aligned memory that grows to the most that was ever asked for; one a thread.
class Scratch {
 public:
  float* Get(int64_t floats) {
    if (floats > size_) {
      operator delete(data_, std::align_val_t(64));
      data_ = static_cast<float*>(operator new(floats * sizeof(float), std::align_val_t(64)));
      size_ = floats;
    }
    return data_;
  }

 private:
  float* data_ = nullptr;
  int64_t size_ = 0;
};

Scratch& ScratchOf(int thread) {
  static auto* scratches = new std::vector<Scratch>(ThreadCount());
  return (*scratches)[thread];
}

struct RegionKernel {
  Region region;
  Tiling tiling;
};

void* CreateRegion(TF_OpKernelConstruction* construction) {
  Status status(TF_NewStatus());
  try {
    int32_t list_size = 0, size = 0;
    TF_OpKernelConstruction_GetAttrSize(construction, "program", &list_size, &size, status.get());
    Check(status);
    std::string text(size, '\0');
    TF_OpKernelConstruction_GetAttrString(construction, "program", text.data(), size, status.get());
    Check(status);
    auto kernel = std::make_unique<RegionKernel>();
    kernel->region = ParseRegion(text);
    kernel->tiling = TileRegion(kernel->region);
    return kernel.release();
  } catch (const std::exception& error) {
    TF_SetStatus(status.get(), TF_INVALID_ARGUMENT, error.what());
    TF_OpKernelConstruction_Failure(construction, status.get());
    return nullptr;
  }
}

void DeleteRegion(void* kernel) { delete static_cast<RegionKernel*>(kernel); }

void ComputeRegion(void* opaque, TF_OpKernelContext* context) {
  Status status(TF_NewStatus());
  try {
    const auto& [region, tiling] = *static_cast<const RegionKernel*>(opaque);
    std::vector<Tensor> tensors;
    std::vector<const float*> inputs;
    std::vector<float*> outputs;
    for (int k = 0; k < region.inputs; k++) {
      TF_Tensor* tensor = nullptr;
      TF_GetInput(context, k, &tensor, status.get());
      Check(status);
      tensors.emplace_back(tensor);
      inputs.push_back(static_cast<const float*>(TF_TensorData(tensor)));
    }
    for (int k = 0; k < region.outputs; k++) {
      int64_t shape[] = {region.images, region.height, region.width, region.channels};
      if (region.output_spaces[k] == Space::kPooled) {
        shape[1] = region.pooled_height();
        shape[2] = region.pooled_width();
      } else if (region.output_spaces[k] == Space::kVector) {
        shape[1] = shape[2] = 1;
      }
      const size_t bytes = shape[0] * shape[1] * shape[2] * shape[3] * sizeof(float);
      TF_Tensor* tensor = TF_AllocateOutput(context, k, TF_FLOAT, shape, 4, bytes, status.get());
      Check(status);
      tensors.emplace_back(tensor);
      outputs.push_back(static_cast<float*>(TF_TensorData(tensor)));
    }
    static const TileFunction run = ChooseTileFunction();
    ParallelFor(region.images * tiling.chunks, [&, &region = region, &tiling = tiling](int thread, int64_t k) {
      float* scratch = ScratchOf(thread).Get(tiling.scratch);
      run(region, tiling, inputs.data(), outputs.data(), scratch, k / tiling.chunks, k % tiling.chunks);
    });
  } catch (const std::exception& error) {
    TF_SetStatus(status.get(), TF_INTERNAL, error.what());
    TF_OpKernelContext_Failure(context, status.get());
  }
}

Tensor Input(TF_OpKernelContext* context, int index, const Status& status) {
  TF_Tensor* tensor = nullptr;
  TF_GetInput(context, index, &tensor, status.get());
  Check(status);
  return Tensor(tensor);
}

Tensor Output(TF_OpKernelContext* context, int index, const int64_t (&shape)[4], const Status& status) {
  const size_t bytes = shape[0] * shape[1] * shape[2] * shape[3] * sizeof(float);
  TF_Tensor* tensor = TF_AllocateOutput(context, index, TF_FLOAT, shape, 4, bytes, status.get());
  Check(status);
  return Tensor(tensor);
}

float* Data(const Tensor& tensor) { return static_cast<float*>(TF_TensorData(tensor.get())); }

// Kept for the next call; operations are executed one at a time.
float* SharedScratch(int64_t floats) {
  static auto* scratch = new Scratch;
  return scratch->Get(floats);
}

// Runs `compute`, and reports what it throws.
template <typename F>
void Guarded(TF_OpKernelContext* context, F compute) {
  Status status(TF_NewStatus());
  try {
    compute(status);
  } catch (const std::exception& error) {
    TF_SetStatus(status.get(), TF_INTERNAL, error.what());
    TF_OpKernelContext_Failure(context, status.get());
  }
}

void* CreateConvolution(TF_OpKernelConstruction* construction) {
  Status status(TF_NewStatus());
  unsigned char adjoint = 0;
  TF_OpKernelConstruction_GetAttrBool(construction, "adjoint", &adjoint, status.get());
  if (TF_GetCode(status.get()) != TF_OK) TF_OpKernelConstruction_Failure(construction, status.get());
  return new bool(adjoint != 0);
}

void DeleteConvolution(void* adjoint) { delete static_cast<bool*>(adjoint); }

void ComputeConvolution(void* opaque, TF_OpKernelContext* context) {
  const bool adjoint = *static_cast<bool*>(opaque);
  Guarded(context, [&](const Status& status) {
    const Tensor x = Input(context, 0, status), filter = Input(context, 1, status);
    const int64_t in = TF_Dim(filter.get(), adjoint ? 3 : 2), out = TF_Dim(filter.get(), adjoint ? 2 : 3);
    const Convolution conv{TF_Dim(x.get(), 0), TF_Dim(x.get(), 1), TF_Dim(x.get(), 2), in, out};
    const Tensor y = Output(context, 0, {conv.images, conv.height, conv.width, out}, status);
    const ConvolutionFunctions& run = ChooseConvolutionFunctions();
    float* packed = SharedScratch(16 * in * out);
    ParallelFor(in / 16, [&](int, int64_t k) {
      run.transform_filter(conv, Data(filter), adjoint, 16 * k, packed);
    });
    const int64_t most = TilesOfBlock(conv), scratch = run.block_scratch(conv);
    ParallelFor((conv.tiles() + most - 1) / most, [&](int thread, int64_t block) {
      run.run_block(conv, Data(x), packed, Data(y), ScratchOf(thread).Get(scratch), block);
    });
  });
}

void* CreateNothing(TF_OpKernelConstruction*) { return nullptr; }
void DeleteNothing(void*) {}

void ComputeFilterGradient(void*, TF_OpKernelContext* context) {
  Guarded(context, [&](const Status& status) {
    const Tensor x = Input(context, 0, status), dy = Input(context, 1, status);
    const int64_t in = TF_Dim(x.get(), 3), out = TF_Dim(dy.get(), 3);
    const Convolution conv{TF_Dim(x.get(), 0), TF_Dim(x.get(), 1), TF_Dim(x.get(), 2), in, out};
    const Tensor filter = Output(context, 0, {3, 3, in, out}, status);
    const ConvolutionFunctions& run = ChooseConvolutionFunctions();
    const int64_t parts = PartsOfSum(conv), scratch = run.part_scratch(conv), size = 16 * in * out;
    float* sums = SharedScratch(parts * size);
    ParallelFor(parts, [&](int thread, int64_t part) {
      run.run_part(conv, Data(x), Data(dy), sums + part * size, ScratchOf(thread).Get(scratch), part);
    });
    ParallelFor(in, [&](int, int64_t channel) { run.finish_filter(conv, sums, channel, Data(filter)); });
  });
}

struct Operation {
  const char* name;
  std::vector<const char*> attributes, inputs, outputs;
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
};

void Register(const Operation& operation) {
  Status status(TF_NewStatus());
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(operation.name);
  for (const char* attribute : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  for (const char* input : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : operation.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  TF_RegisterOpDefinition(definition, status.get());
  Check(status);
  TF_KernelBuilder* kernel =
      TF_NewKernelBuilder(operation.name, "CPU", operation.create, operation.compute, operation.destroy);
  TF_RegisterKernelBuilder(operation.name, kernel, status.get());
  Check(status);
}

void RegisterAll() {
  Register({"DistilleryRegion",
            {"I: int >= 0", "O: int >= 1", "program: string"},
            {"inputs: I * float"},
            {"outputs: O * float"},
            CreateRegion,
            ComputeRegion,
            DeleteRegion});
  Register({"DistilleryConvolution",
            {"adjoint: bool"},
            {"images: float", "filter: float"},
            {"output: float"},
            CreateConvolution,
            ComputeConvolution,
            DeleteConvolution});
  Register({"DistilleryFilterGradient",
            {},
            {"images: float", "gradient: float"},
            {"filter: float"},
            CreateNothing,
            ComputeFilterGradient,
            DeleteNothing});
}

}  // namespace
}  // namespace distillery

NAPI_MODULE_INIT() {
  static bool registered = false;
  try {
    if (!registered) distillery::RegisterAll();
    registered = true;
    napi_value compiler;
#if defined(__clang__)
    const char* name = "clang " __clang_version__;
#else
    const char* name = "gcc " __VERSION__;
#endif
    if (napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &compiler) == napi_ok) {
      napi_set_named_property(env, exports, "compiler", compiler);
    }
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return exports;
}
