// The least that starting processes costs: posix_spawn in a loop, then one wait for each.
// Build: cc -O2 -o loop loop.c      Use: ./loop [-a NANOSECONDS] COUNT PROGRAM [ARGUMENT …]
// With -a it first sleeps until that many nanoseconds after 1970, as a scheduler does until tasks are due.
// Prints the microseconds from the first start to the last one, and until every process was reaped.
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void sleep_until(long long nanoseconds) {
    struct timespec instant = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &instant, NULL) != 0) continue;
}

int main(int argc, char **argv) {
    const char *name = argv[0];
    long long instant = 0;
    if (argc > 2 && strcmp(argv[1], "-a") == 0) {
        instant = atoll(argv[2]);
        argc -= 2;
        argv += 2;
    }
    if (argc < 3) {
        fprintf(stderr, "usage: %s [-a NANOSECONDS] COUNT PROGRAM [ARGUMENT ...]\n", name);
        return 64;
    }
    int count = atoi(argv[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (instant > 0) sleep_until(instant);
    long long begin = microseconds();
    for (int index = 0; index < count; index++) {
        pid_t pid;
        int reason = posix_spawnp(&pid, argv[2], &actions, NULL, argv + 2, environ);
        if (reason != 0) {
            fprintf(stderr, "start %d: %s\n", index, strerror(reason));
            return 1;
        }
    }
    long long started = microseconds();
    int reaped = 0;
    while (wait(NULL) > 0) reaped++;
    printf("started %d in %lld us, reaped %d in %lld us\n", count, started - begin, reaped, microseconds() - begin);
    return reaped == count ? 0 : 1;
}
