// Tries the threads that all kernels share: pieces, exceptions, and several callers at the same time. For
// ThreadSanitizer; the number of threads is TF_NUM_INTRAOP_THREADS.
//   pool_test [repeats]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "shared/parallel.h"

namespace {

using detrkit::NumThreads;
using detrkit::ParallelFor;

void Expect(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  std::_Exit(1);
}

std::string Text(int64_t total, int64_t grain) {
  return std::to_string(total) + " in pieces of " + std::to_string(grain);
}

// Every number is visited once, in pieces as large as asked for, of which there are not too many.
void CheckPieces(int64_t total, int64_t grain) {
  // Written without a lock: two threads on one number, or one unseen at the end, is a race that the sanitiser reports.
  std::vector<int> visits(std::max<int64_t>(total, 0));
  std::mutex mutex;
  std::vector<std::pair<int64_t, int64_t>> pieces;
  ParallelFor(total, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) ++visits[i];
    const std::lock_guard<std::mutex> lock(mutex);
    pieces.emplace_back(begin, end);
  });
  Expect(std::all_of(visits.begin(), visits.end(), [](int count) { return count == 1; }),
         Text(total, grain) + ": not every number once");
  for (const auto& [begin, end] : pieces) {
    Expect(end == total || end - begin >= grain, Text(total, grain) + ": a piece that is too small");
  }
  Expect(static_cast<int64_t>(pieces.size()) <= 4 * NumThreads(), Text(total, grain) + ": too many pieces");
}

// What a body throws reaches the caller, whichever piece it was, and the pool works on.
void CheckThrows(int64_t total, int64_t from) {
  std::atomic<int64_t> running{0};
  bool caught = false;
  try {
    ParallelFor(total, 1, [&](int64_t, int64_t end) {
      ++running;
      std::this_thread::yield();
      --running;
      if (end > from) throw std::runtime_error("piece");
    });
  } catch (const std::runtime_error& error) {
    caught = std::string(error.what()) == "piece";
  }
  Expect(caught, "what a piece threw did not reach the caller");
  Expect(running == 0, "a piece still ran when its caller went on");
}

void CheckAll(int repeats) {
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (int64_t total : {-1, 0, 1, 2, 3, 7, 64, 1009}) {
      for (int64_t grain : {-5, 0, 1, 3, 64, 1 << 30}) CheckPieces(total, grain);
    }
    for (int64_t from : {0, 1, 500, 1008}) CheckThrows(1009, from);
    CheckThrows(1, 0);
    // Jobs that follow each other at once, and after the threads fell asleep.
    for (int i = 0; i < 50; ++i) CheckPieces(13, 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

int main(int count, char** arguments) {
  const int repeats = count > 1 ? std::atoi(arguments[1]) : 100, callers = 4;
  CheckAll(repeats);
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) threads.emplace_back(CheckAll, repeats);
  for (std::thread& thread : threads) thread.join();
  std::printf("pool of %d threads: %d repeats alone, and by %d callers at once\n", NumThreads(), repeats, callers);
}
