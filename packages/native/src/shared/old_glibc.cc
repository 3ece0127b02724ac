// glibc 2.32 and newer say by this variable whether a process has one thread only, and the C++ library that is linked
// into what is compiled here asks for it. Ours is for machines with an older one: it says no, which is always safe.
extern "C" char __libc_single_threaded = 0;
