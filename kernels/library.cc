// The library as TensorFlow and Node see it: registers the operations when Node loads it.
#include <node_api.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

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

void RegisterRegion() {
  Status status(TF_NewStatus());
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder("DistilleryRegion");
  TF_OpDefinitionBuilderAddAttr(definition, "I: int >= 0");
  TF_OpDefinitionBuilderAddAttr(definition, "O: int >= 1");
  TF_OpDefinitionBuilderAddAttr(definition, "program: string");
  TF_OpDefinitionBuilderAddInput(definition, "inputs: I * float");
  TF_OpDefinitionBuilderAddOutput(definition, "outputs: O * float");
  TF_RegisterOpDefinition(definition, status.get());
  Check(status);
  TF_KernelBuilder* kernel =
      TF_NewKernelBuilder("DistilleryRegion", "CPU", CreateRegion, ComputeRegion, DeleteRegion);
  TF_RegisterKernelBuilder("DistilleryRegion", kernel, status.get());
  Check(status);
}

}  // namespace
}  // namespace distillery

NAPI_MODULE_INIT() {
  static bool registered = false;
  try {
    if (!registered) distillery::RegisterRegion();
    registered = true;
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return exports;
}
