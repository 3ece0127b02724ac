#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

namespace detrkit {
namespace {

// More than any machine has, so that a mistyped number does not cost gigabytes of stacks.
constexpr long kMostThreads = 1024;

constexpr auto kStayAwake = std::chrono::microseconds(150);

// Yields the core to other threads: TensorFlow's, or those that decode images.
inline void Pause() {
#if defined(__x86_64__)
  for (int i = 0; i < 16; ++i) __builtin_ia32_pause();
#endif
  std::this_thread::yield();
}

struct Job {
  const std::function<void(int64_t, int64_t)>* body;
  int64_t total;
  int64_t piece;
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
};

// Never throws: on a thread of the pool that would end the process, and on the caller's thread it would free the job
// while others use it.
void Work(Job& job) {
  try {
    for (;;) {
      const int64_t begin = job.next.fetch_add(job.piece);
      if (begin >= job.total) return;
      (*job.body)(begin, std::min(begin + job.piece, job.total));
    }
  } catch (...) {
    job.next = job.total;
    if (!job.failed.exchange(true)) job.failure = std::current_exception();
  }
}

// One pool for the process. It is never destroyed: its threads sleep on a condition that must outlive static
// destruction, or the process would crash on exit.
class Pool {
 public:
  explicit Pool(int workers) {
    try {
      for (int i = 0; i < workers; ++i) std::thread(&Pool::Loop, this).detach();
    } catch (const std::system_error&) {
      // The system allows no more threads: the existing ones, or the caller alone, do all the work.
    }
  }

  // False when another thread (a second JavaScript worker) has the pool: the caller then works alone.
  bool Run(Job& job) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (!turn.owns_lock()) return false;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      ++posted_;
    }
    wake_.notify_all();
    Work(job);
    // Threads that have not woken by now are not waited for: waking takes longer than many small jobs.
    std::unique_lock<std::mutex> lock(mutex_);
    job_ = nullptr;
    done_.wait(lock, [this] { return active_ == 0; });
    return true;
  }

 private:
  void Loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      // A small model's ops follow each other faster than a sleeping thread wakes, so it stays awake for a moment.
      const uint64_t seen = posted_;
      lock.unlock();
      const auto until = std::chrono::steady_clock::now() + kStayAwake;
      while (posted_ == seen && std::chrono::steady_clock::now() < until) Pause();
      lock.lock();
      wake_.wait(lock, [this] { return job_ != nullptr && job_->next < job_->total; });
      Job* job = job_;
      ++active_;
      lock.unlock();
      Work(*job);
      lock.lock();
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::mutex turn_, mutex_;
  std::condition_variable wake_, done_;
  std::atomic<uint64_t> posted_{0};
  Job* job_ = nullptr;
  int active_ = 0;
};

}  // namespace

int NumThreads() {
  static const int threads = [] {
    const char* limit = std::getenv("TF_NUM_INTRAOP_THREADS");
    const long asked = limit ? std::strtol(limit, nullptr, 10) : 0;
    const long wanted = asked > 0 ? asked : static_cast<long>(std::thread::hardware_concurrency());
    return static_cast<int>(std::clamp(wanted, 1L, kMostThreads));
  }();
  return threads;
}

void ParallelFor(int64_t total, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  if (total <= 0) return;
  const int64_t least = std::max<int64_t>(grain, 1);
  // Four pieces for each thread balance uneven ones; more would only cost.
  const int64_t pieces = std::min<int64_t>((total + least - 1) / least, 4 * NumThreads());
  const int64_t piece = (total + pieces - 1) / pieces;
  if (pieces <= 1 || NumThreads() == 1) {
    for (int64_t begin = 0; begin < total; begin += piece) body(begin, std::min(begin + piece, total));
    return;
  }
  static Pool* const pool = new Pool(NumThreads() - 1);
  Job job;
  job.body = &body;
  job.total = total;
  job.piece = piece;
  if (!pool->Run(job)) Work(job);
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace detrkit
