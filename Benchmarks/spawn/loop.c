// The least that starting processes costs: posix_spawn in a loop, then one wait for each.
// Build: cc -O2 -o loop loop.c      Use: ./loop [-a NANOSECONDS | -s] COUNT PROGRAM [ARGUMENT …]
// With -a it first sleeps until that many nanoseconds after 1970, as a scheduler does until tasks are due; with -s each process is
// waited for before the next is started, as what comes after it would be.
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
    int in_turn = 0;
    if (argc > 2 && strcmp(argv[1], "-a") == 0) {
        instant = atoll(argv[2]);
        argc -= 2;
        argv += 2;
    } else if (argc > 1 && strcmp(argv[1], "-s") == 0) {
        in_turn = 1;
        argc -= 1;
        argv += 1;
    }
    if (argc < 3) {
        fprintf(stderr, "usage: %s [-a NANOSECONDS | -s] COUNT PROGRAM [ARGUMENT ...]\n", name);
        return 64;
    }
    int count = atoi(argv[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (instant > 0) sleep_until(instant);
    long long begin = microseconds();
    int reaped = 0;
    for (int index = 0; index < count; index++) {
        pid_t pid;
        int reason = posix_spawnp(&pid, argv[2], &actions, NULL, argv + 2, environ);
        if (reason != 0) {
            fprintf(stderr, "start %d: %s\n", index, strerror(reason));
            return 1;
        }
        if (in_turn && wait(NULL) > 0) reaped++;
    }
    long long started = microseconds();
    while (wait(NULL) > 0) reaped++;
    printf("started %d in %lld us, reaped %d in %lld us\n", count, started - begin, reaped, microseconds() - begin);
    return reaped == count ? 0 : 1;
}
