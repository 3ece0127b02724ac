"""SciPy's linear sum assignment on recorded cost matrices."""
import time

import numpy
from scipy.optimize import linear_sum_assignment
from serving import serve


def prepare(settings):
    count, repeats = settings["count"], settings["repeats"]
    matrices = list(numpy.fromfile(settings["file"]).reshape(count, settings["rows"], settings["columns"]))

    def iterate():
        started = time.perf_counter()
        for _ in range(repeats):
            for matrix in matrices:
                linear_sum_assignment(matrix)
        return (time.perf_counter() - started) * 1000 / (repeats * count)

    return {"totalCost": float(sum(matrix[linear_sum_assignment(matrix)].sum() for matrix in matrices))}, iterate


serve(prepare)
