// What CloudTask's executor needs of Linux and cannot say in Swift: starting a process without copying this one,
// waiting for many processes on one thread, and signalling process groups. Needs Linux 5.9 and glibc or musl.
// Every function returns -1 and leaves the reason in `errno` unless it says otherwise.
#ifndef CLOUDTASK_CPROCESS_H
#define CLOUDTASK_CPROCESS_H

#include <stddef.h>
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
    ct_stage_join = 6,       // A control group could not be joined.
    ct_stage_limit = 7,      // A limit, or a priority, could not be set.
    ct_stage_user = 8,       // The process could not become another user.
};

// A limit of each process, both the soft and the hard one.
struct ct_limit {
    int resource;  // RLIMIT_…
    uint64_t value;
};

// On which terms a program runs that is not simply started as this process would be.
struct ct_terms {
    int directory;                 // Descriptor of the working directory, entered as the user; -1 for the program's path.
    int mask;                      // The umask; -1 to inherit it.
    int becomes_user;              // Whether the three that follow count.
    uid_t user;
    gid_t group;
    const gid_t *groups;
    int groups_count;
    int has_nice;                  // Whether `nice` counts.
    int nice;
    int io_priority;               // As ioprio_set has it; -1 to inherit it.
    const struct ct_limit *limits;
    int limits_count;
    const int *joined;             // Descriptors of the cgroup.procs files of the groups to join.
    int joined_count;
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
    const struct ct_terms *terms;  // NULL for none.
};

// What became of a start.
struct ct_started {
    pid_t pid;    // Also the process group, and the session.
    int pidfd;    // Readable once the process has ended.
    int stage;    // See ct_stage.
    int reason;   // The errno of the failed stage.
};

// Starts a program in a session of its own, with default signal actions and an empty signal mask.
struct ct_started ct_start(const struct ct_program *program);

// How a process ended.
struct ct_end {
    int exit_code;  // -1 if a signal ended it.
    int signal;     // 0 if it exited.
    // What the process used, and those of its children that it had waited for.
    int64_t user_time;    // In microseconds, as the next.
    int64_t system_time;
    int64_t memory_peak;  // Most memory that one of these processes had resident, in bytes.
    int64_t bytes_read;   // From storage, and to it.
    int64_t bytes_written;
};

// Fetches how the ended process behind `pidfd` ended; its process ID stays reserved unless `reap` is not 0.
int ct_end_of(int pidfd, int reap, struct ct_end *end);

// For each of `count` process groups, ascending: whether a process of it lives that is not yet a zombie.
int ct_groups_alive(const pid_t *groups, int count, uint8_t *alive);

// The processes of an attempt, wherever they put themselves: those in the session of `leader`, in the control group behind `procs`, with
// `mark` in the environment that they were executed with, and what descends from any of these.
struct ct_tree {
    pid_t leader;       // Neither it nor its group is signalled here.
    const char *mark;   // NAME=VALUE.
    pid_t reaper;       // The process whose children orphans become: only its children are looked at for the mark; 0 for all processes.
    int procs;          // Descriptor of a cgroup.procs file to read; -1 for none.
};

// One process as it was found.
struct ct_process {
    pid_t pid;
    pid_t parent;
    pid_t group;
    pid_t session;
    uint64_t started;   // When, in the kernel's ticks: the number may be another's by now, together they are not.
    char state;
    char is_member;
};

// Finds the living processes of a tree outside its leader's group, the leader itself left out; `table` is room for all processes of the
// machine, of which the first ones are the members afterwards. Returns how many there are, or -1 without /proc.
int ct_tree_find(const struct ct_tree *tree, struct ct_process *table, int capacity);

// Sends a signal to each of them that is still the process that was found, and SIGCONT after SIGTERM.
void ct_tree_signal(const struct ct_process *members, int count, int signal);

// Kills a tree until nothing of it is left, or for a few dozen milliseconds. Returns how many were there last.
int ct_tree_kill(const struct ct_tree *tree, struct ct_process *table, int capacity);

// Has this process become the parent of what its descendants leave behind.
int ct_become_subreaper(void);

// Reaps the dead orphans among this process's children: those that became the main thread's children and belong to other sessions, unless
// they are among the `count` that somebody else waits for. Returns how many orphans live, or -1 if the kernel does not tell.
int ct_reap_orphans(const pid_t *others, int count);

// A user, as the machine's databases have it.
struct ct_user {
    uid_t user;
    gid_t group;
    char name[256];
    char home[1024];
};

// Looks a user up by name or number; returns 0, ENOENT if there is none, or another reason.
int ct_user_find(const char *name, struct ct_user *user);
// Looks a group up by name or number; returns as the one before.
int ct_group_find(const char *name, gid_t *group);
// The groups of a user; returns how many there are, which may be more than `capacity`.
int ct_user_groups(const char *name, gid_t group, gid_t *groups, int capacity);

// Whether systemd gave a control group to those who run in it.
int ct_group_is_delegated(const char *directory);

// A process of its own that ends process groups in time, also when this process was killed or stands still: a small copy of it that
// waits for messages and clocks. When this process is gone, all groups it knows are ended at once.
struct ct_guardian {
    pid_t pid;
    int channel;  // Messages to it; -1 if it could not be started.
};

// Longest mark that the guardian keeps, with its NUL.
enum { ct_mark_size = 512 };

// Lets a group, and the rest of its tree, live until a moment of CLOCK_BOOTTIME; then it gets SIGTERM, and SIGKILL after `grace` nanoseconds. A later message replaces
// an earlier one of the same group; with `until` 0 it is forgotten.
struct ct_guard {
    pid_t group;
    int64_t until;
    int64_t grace;
    char mark[ct_mark_size];  // As in ct_tree; empty for none.
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

// Opens a directory only to enter it, which takes no right to read it.
int ct_open_directory(const char *path);

// Where `pattern` begins first in `bytes`; -1 if it is not there, and `errno` says nothing.
int64_t ct_find(const void *bytes, int64_t count, const void *pattern, int64_t length);

#endif
