// In glibc 2.32 and newer this variable says whether a process has only one thread, and the C++ library that is linked
// in statically reads it. Ours is for machines with an older glibc: it says no, which is always safe.
extern "C" char __libc_single_threaded = 0;
