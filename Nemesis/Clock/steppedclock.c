// A wall clock that can be stepped, for one process: preloaded, it adds what the file named by STEPPED_CLOCK says to the time
// of day. The file is one number: nanoseconds, 64 bits, in the machine's byte order; a change is seen at once. All other
// clocks stay true. Built by scripts/nemesis.
//
// (libfaketime does not do: it moves the environment, after which Swift finds no command line, and when that is avoided its
// steps reach CLOCK_BOOTTIME, which leases are measured by.)
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic(volatile int64_t *) offset;

__attribute__((constructor)) static void map_offset(void) {
    const char *path = getenv("STEPPED_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (page != MAP_FAILED) offset = page;
}

static void step(struct timespec *time) {
    volatile int64_t *page = offset;
    if (!page) return;
    const int64_t second = 1000000000;
    int64_t nanoseconds = time->tv_nsec + *page % second;
    time->tv_sec += *page / second;
    if (nanoseconds < 0) { nanoseconds += second; time->tv_sec -= 1; }
    if (nanoseconds >= second) { nanoseconds -= second; time->tv_sec += 1; }
    time->tv_nsec = nanoseconds;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int code = (int)syscall(SYS_clock_gettime, clock, time);
    if (code == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) step(time);
    return code;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *time) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
    if (time) *time = now.tv_sec;
    return now.tv_sec;
}
