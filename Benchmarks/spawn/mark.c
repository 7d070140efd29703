// A program for tasks of benchmarks: appends a line about this start to a file and ends.
// Build: cc -O2 -static -o mark mark.c      Use: ./mark FILE
// The line: task, due instant, attempt, node, and the time of the first instruction as nanoseconds since 1970. The time is taken first;
// appends this short are never torn or lost, however many processes write at once.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value ? value : "?";
}

int main(int count, char **arguments) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (count != 2) return 64;
    char line[512];
    int length = snprintf(
        line, sizeof line, "%s %s %s %s %lld\n", variable("CLOUDTASK_TASK"), variable("CLOUDTASK_DUE"),
        variable("CLOUDTASK_ATTEMPT"), variable("CLOUDTASK_NODE"), (long long)now.tv_sec * 1000000000 + now.tv_nsec);
    if (length < 0 || length >= (int)sizeof line) return 1;
    int file = open(arguments[1], O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (file < 0) return 1;
    return write(file, line, length) == length ? 0 : 1;
}
