// What CloudTask's executor needs of Linux and cannot say in Swift: starting a process without copying this one,
// waiting for many processes on one thread, and signalling process groups. Needs Linux 5.9 and glibc or musl.
// Every function returns -1 and leaves the reason in `errno` unless it says otherwise.
#ifndef CLOUDTASK_CPROCESS_H
#define CLOUDTASK_CPROCESS_H

#include <stdint.h>
#include <sys/types.h>

// What a start failed at.
enum ct_stage {
    ct_stage_none = 0,       // The program runs.
    ct_stage_create = 1,     // The kernel gave no process.
    ct_stage_prepare = 2,    // Descriptors, group or signals of the child could not be set.
    ct_stage_directory = 3,  // The working directory could not be entered.
    ct_stage_deadline = 4,   // The deadline had passed just before the program would have been executed.
    ct_stage_execute = 5,    // The program could not be executed.
};

// What to start. Blocks are strings one after the other, each ended by a NUL.
struct ct_program {
    const char *paths;      // Files to try in this order.
    int paths_count;
    const char *arguments;  // Including the zeroth.
    int arguments_count;
    const char *environment;
    int environment_count;
    const char *directory;  // Where it runs.
    int input;              // Descriptors for 0, 1 and 2; every other descriptor is closed.
    int output;
    int error;
    int64_t deadline;       // On CLOCK_BOOTTIME, in nanoseconds.
    int ends_with_parent;   // Whether it gets SIGTERM when the thread that starts it ends.
    int joins_group;        // Whether it stays in the group of whoever starts it, instead of having one of its own.
};

// What became of a start.
struct ct_started {
    pid_t pid;    // Also the process group.
    int pidfd;    // Readable once the process has ended.
    int stage;    // See ct_stage.
    int reason;   // The errno of the failed stage.
};

// Starts a program in a process group of its own, with default signal actions and an empty signal mask.
struct ct_started ct_start(const struct ct_program *program);

// How a process ended.
struct ct_end {
    int exit_code;  // -1 if a signal ended it.
    int signal;     // 0 if it exited.
};

// Fetches how the ended process behind `pidfd` ended; its process ID stays reserved unless `reap` is not 0.
int ct_end_of(int pidfd, int reap, struct ct_end *end);

// For each of `count` process groups, ascending: whether a process of it lives that is not yet a zombie.
int ct_groups_alive(const pid_t *groups, int count, uint8_t *alive);

// The living processes of a group, at most `capacity` of them, in `members`; returns how many there are.
int ct_group_members(pid_t group, pid_t *members, int capacity);

// Lets SIGTERM no longer end this process: the descriptor it returns becomes readable instead. To be called once. Pipes that nobody reads
// do not end it either.
int ct_catch_stop(void);

// Makes a pipe that no program inherits: the end that is read, and the end that is written.
int ct_pipe(int ends[2]);

// Ends this process as if the signal had ended it, without a core dump; returns only when the signal does not end processes.
void ct_die_of(int signal);

// A process of its own that ends process groups in time, also when this process was killed or stands still: a small copy of it that
// waits for messages and clocks. When this process is gone, all groups it knows are ended at once.
struct ct_guardian {
    pid_t pid;
    int channel;  // Messages to it; -1 if it could not be started.
};

// Lets a group live until a moment of CLOCK_BOOTTIME; then it gets SIGTERM, and SIGKILL after `grace` nanoseconds. A later message replaces
// an earlier one of the same group; with `until` 0 it is forgotten.
struct ct_guard {
    pid_t group;
    int64_t until;
    int64_t grace;
};

struct ct_guardian ct_guardian_start(void);
int ct_guardian_tell(int channel, const struct ct_guard *guard);
// Ends it at once; what it guards is left as it is.
void ct_guardian_end(struct ct_guardian guardian);

// CLOCK_BOOTTIME in nanoseconds: counts on while the machine sleeps, is never set.
int64_t ct_boottime(void);

// A set of descriptors to wait for; close() ends it.
int ct_wait_set_make(void);
int ct_wait_set_add(int set, int descriptor, uint64_t token);
int ct_wait_set_remove(int set, int descriptor);
// Fills `tokens` with those that are ready; returns their number, 0 after `milliseconds` (-1: never) or a signal.
int ct_wait_set_wait(int set, int milliseconds, uint64_t *tokens, int capacity);

// A descriptor that other threads make ready.
int ct_bell_make(void);
int ct_bell_ring(int bell);
int ct_bell_silence(int bell);

// Opens /dev/null on those of the descriptors 0, 1 and 2 that are closed, so that no other file takes their place.
int ct_reserve_standard_descriptors(void);

// Empties the calling thread's signal mask, which a process started by other means than ct_start would inherit:
// the threads of Swift's pool block SIGTERM among others.
int ct_unblock_signals(void);

// `open` with a mode: it is variadic in C, which Swift cannot call. Adds O_CLOEXEC.
int ct_open(int directory, const char *path, int flags, mode_t mode);

// Where `pattern` begins first in `bytes`; -1 if it is not there, and `errno` says nothing.
int64_t ct_find(const void *bytes, int64_t count, const void *pattern, int64_t length);

#endif
