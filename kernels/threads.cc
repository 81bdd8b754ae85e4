#include "threads.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace distillery {
namespace {

// Numbers too small to be normal are zero, on every thread alike, as in TensorFlow's own kernels.
class FlushSmallNumbers {
 public:
#if defined(__x86_64__)
  FlushSmallNumbers() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushSmallNumbers() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#elif defined(__aarch64__)
  FlushSmallNumbers() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" ::"r"(before_ | (1ull << 24)));
  }
  ~FlushSmallNumbers() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

 private:
  uint64_t before_;
#endif
};

using Task = std::function<void(int, int64_t)>;

// Lives as long as the process: its threads may be waiting while the process exits.
class Team {
 public:
  explicit Team(int helpers) {
    for (int k = 1; k <= helpers; k++) std::thread([this, k] { Help(k); }).detach();
  }

  void Run(int64_t count, const Task& task, int helpers) {
    // One caller at a time; a second one waits.
    std::lock_guard<std::mutex> turn(turn_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      task_ = &task;
      count_ = count;
      next_ = 0;
      working_ = helpers;
      round_++;
    }
    start_.notify_all();
    Work(0, task, count);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return working_ == 0; });
  }

 private:
  void Work(int thread, const Task& task, int64_t count) {
    FlushSmallNumbers flush;
    for (int64_t k = next_++; k < count; k = next_++) task(thread, k);
  }

  void Help(int thread) {
    for (uint64_t seen = 0;;) {
      std::unique_lock<std::mutex> lock(mutex_);
      start_.wait(lock, [&] { return round_ != seen; });
      seen = round_;
      const Task& task = *task_;
      const int64_t count = count_;
      lock.unlock();
      Work(thread, task, count);
      lock.lock();
      if (--working_ == 0) done_.notify_one();
    }
  }

  std::mutex turn_, mutex_;
  std::condition_variable start_, done_;
  const Task* task_ = nullptr;
  int64_t count_ = 0;
  std::atomic<int64_t> next_{0};
  int working_ = 0;
  uint64_t round_ = 0;
};

}  // namespace

int ThreadCount() {
  static const int count = [] {
    const char* given = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int wanted = given == nullptr ? 0 : std::atoi(given);
    const int processors = static_cast<int>(std::thread::hardware_concurrency());
    return std::max(1, wanted > 0 ? wanted : processors);
  }();
  return count;
}

void ParallelFor(int64_t count, const std::function<void(int, int64_t)>& task) {
  const int helpers = ThreadCount() - 1;
  if (helpers == 0 || count < 2) {
    FlushSmallNumbers flush;
    for (int64_t k = 0; k < count; k++) task(0, k);
    return;
  }
  static Team* team = new Team(helpers);
  team->Run(count, task, helpers);
}

}  // namespace distillery
