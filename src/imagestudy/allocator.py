"""What the memory allocator of a process that trains is told before the process starts."""

# A training step allocates and frees some hundred megabytes. glibc keeps them instead of returning
# them to the system, and asks for large pages, where `transparent_hugepage` is not `never`: the
# system would otherwise clear the same memory again, in pages of 4 KB, at each step. Other
# allocators, and versions of glibc that lack one of these, ignore it.
TUNABLES = ":".join(
    f"glibc.malloc.{name}={value}"
    for name, value in (
        ("hugetlb", 1),
        ("mmap_threshold", 4 * 1024**3),
        ("trim_threshold", 64 * 1024**3),
    )
)
ENVIRONMENT = {"GLIBC_TUNABLES": TUNABLES}
