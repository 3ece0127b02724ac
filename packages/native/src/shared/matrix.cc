#include "matrix.h"

namespace detrkit {

void Multiply(ConstMatrixView a, ConstMatrixView b, MatrixView into) { into.noalias() = a * b; }
void MultiplyByTransposed(ConstMatrixView a, ConstMatrixView b, MatrixView into) { into.noalias() = a * b.transpose(); }
void MultiplyTransposedBy(ConstMatrixView a, ConstMatrixView b, MatrixView into) { into.noalias() = a.transpose() * b; }
void AddByTransposed(ConstMatrixView a, ConstMatrixView b, MatrixView into) { into.noalias() += a * b.transpose(); }
void AddTransposedBy(ConstMatrixView a, ConstMatrixView b, MatrixView into) { into.noalias() += a.transpose() * b; }

}  // namespace detrkit
