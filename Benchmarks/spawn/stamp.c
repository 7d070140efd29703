// The program that benchmarks start: appends the time of its start to a file, as nanoseconds since 1970 in 8 bytes, and ends.
// Build: cc -O2 -static -o stamp stamp.c      Use: ./stamp FILE
// The time is taken first; appends this short are never torn or lost, however many processes write at once.
#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **arguments) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (count != 2) return 64;
    int64_t nanoseconds = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    int file = open(arguments[1], O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (file < 0) return 1;
    return write(file, &nanoseconds, sizeof nanoseconds) == sizeof nanoseconds ? 0 : 1;
}
