// The baseline of the ZooKeeper client: create, get and set of 100-byte nodes through libzookeeper_mt, pipelined.
//
//   cc -O2 -o bench bench.c -lzookeeper_mt && ./bench 127.0.0.1:2181 [requests] [in flight]
//
// Prints one line per operation: its name and requests per second. Makes and removes nodes below /benchmark-c.

#define THREADED
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zookeeper/zookeeper.h>

static sem_t connected;
static sem_t slots;
static sem_t finished;
static int remaining;
static int failures;

static void watcher(zhandle_t *handle, int type, int state, const char *path, void *context) {
    if (type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE) sem_post(&connected);
}

// All completions run on one thread of the library, so counting needs no lock.
static void done(int code) {
    if (code != ZOK) failures++;
    sem_post(&slots);
    if (--remaining == 0) sem_post(&finished);
}

static void on_string_stat(int code, const char *path, const struct Stat *stat, const void *data) { done(code); }
static void on_data(int code, const char *value, int length, const struct Stat *stat, const void *data) { done(code); }
static void on_stat(int code, const struct Stat *stat, const void *data) { done(code); }
static void on_void(int code, const void *data) { done(code); }

enum kind { CREATE, GET, SET, DELETE };

static int issue(zhandle_t *handle, enum kind kind, int number) {
    static const char bytes[100] = {1};
    char path[64];
    snprintf(path, sizeof path, "/benchmark-c/n%d", number);
    switch (kind) {
    case CREATE: return zoo_acreate2(handle, path, bytes, 100, &ZOO_OPEN_ACL_UNSAFE, 0, on_string_stat, NULL);
    case GET: return zoo_aget(handle, path, 0, on_data, NULL);
    case SET: return zoo_aset(handle, path, bytes, 100, -1, on_stat, NULL);
    default: return zoo_adelete(handle, path, -1, on_void, NULL);
    }
}

static void run(zhandle_t *handle, enum kind kind, const char *name, int requests, int in_flight) {
    struct timespec start, end;
    remaining = requests;
    sem_init(&slots, 0, in_flight);
    sem_init(&finished, 0, 0);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int number = 0; number < requests; number++) {
        sem_wait(&slots);
        if (issue(handle, kind, number) != ZOK) exit(2);
    }
    sem_wait(&finished);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9;
    printf("%-7s %8.0f requests/s\n", name, requests / seconds);
}

int main(int count, char **arguments) {
    if (count < 2) return 1;
    int requests = count > 2 ? atoi(arguments[2]) : 20000;
    int in_flight = count > 3 ? atoi(arguments[3]) : 256;
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    sem_init(&connected, 0, 0);
    zhandle_t *handle = zookeeper_init(arguments[1], watcher, 10000, NULL, NULL, 0);
    if (handle == NULL) return 1;
    sem_wait(&connected);
    int code = zoo_create(handle, "/benchmark-c", NULL, -1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
    if (code != ZOK && code != ZNODEEXISTS) return 1;
    run(handle, CREATE, "create", requests, in_flight);
    run(handle, GET, "get", requests, in_flight);
    run(handle, SET, "set", requests, in_flight);
    run(handle, DELETE, "delete", requests, in_flight);
    zookeeper_close(handle);
    if (failures > 0) fprintf(stderr, "%d requests failed\n", failures);
    return failures > 0 ? 3 : 0;
}
