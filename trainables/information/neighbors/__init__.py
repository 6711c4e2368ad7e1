"""Exact searches for neighbors in the max norm on CPUs: k-th distances, and counts within radii. `queries` is its face.

Covers compiled kernels and the arrays that they read. Knows nothing of noise, scales or information. For `host`,
`estimators` and `credibility` only. All kernels lie here: numba's cache is keyed by the files of this package.

    queries                          the questions that can be asked, on several threads
    search      count                compiled loops: the nearest points; the points within radii
    space       saturation           samples as bytes: their whole range; the ends of the range, magnified
    bounds      ordering             what bytes prove about distances; the order of the rows
    lanes                            a point of one block against the 64 points of another
    simd        compilation          vector instructions; how numba is called
"""
