// A few threads that work on one list of tasks together with the caller.
#pragma once

#include <cstdint>
#include <functional>

namespace distillery {

// Calls `task(thread, k)` once for every k below `count`, and returns when all are done. Which thread takes
// which task is left to chance, so a task must not depend on it. `thread` is below ThreadCount().
void ParallelFor(int64_t count, const std::function<void(int thread, int64_t k)>& task);

// TF_NUM_INTRAOP_THREADS, else the number of processors.
int ThreadCount();

}  // namespace distillery
