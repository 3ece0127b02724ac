#pragma once
#include <cstdint>
#include <functional>

namespace detrkit {

// Number of threads that ParallelFor uses, the caller's included. TF_NUM_INTRAOP_THREADS sets it, as it does
// TensorFlow's.
int NumThreads();

// Runs body(begin, end) over [0, total) in pieces of at least `grain` (and at least 1), on the caller and the pool.
// Pieces depend on `total`, `grain` and the number of threads only, never on timing: results are the same in every run.
// An exception of body, on any thread, is thrown again here once all threads have finished their current pieces; the
// other pieces are skipped. Body must not call ParallelFor.
void ParallelFor(int64_t total, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace detrkit
