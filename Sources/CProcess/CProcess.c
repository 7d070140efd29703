#define _GNU_SOURCE
#include "CProcess.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#define CT_P_PIDFD 3

int64_t ct_boottime(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// Shared with the child, which runs in our memory until it executes the program.
struct start {
    const struct ct_program *program;
    char **paths;
    char **arguments;
    char **environment;
    int stage;
    int reason;
};

static int fail(struct start *start, int stage, int reason) {
    start->stage = stage;
    start->reason = reason;
    _exit(127);
}

// Handlers would run in our memory, and ignored signals would stay ignored. The C library's function refuses the two
// signals that it uses itself, which a parent may have left ignored; all zeros is the default action for the kernel.
static void reset_signals(void) {
    static const unsigned long standard[8];
    for (int number = 1; number < _NSIG; number++) {
        syscall(SYS_rt_sigaction, number, standard, NULL, (size_t)_NSIG / 8);
    }
}

static void close_from(int first) {
    if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
    for (int descriptor = first; descriptor < (int)sysconf(_SC_OPEN_MAX); descriptor++) close(descriptor);
}

// Tries every path as execvp does, but leaves files without a known format to the caller.
static int execute(struct start *start) {
    int reason = ENOENT;
    for (char **path = start->paths; *path != NULL; path++) {
        if (ct_boottime() > start->program->deadline) return fail(start, ct_stage_deadline, ETIME);
        execve(*path, start->arguments, start->environment);
        if (errno == ENOENT || errno == ENOTDIR) continue;
        reason = errno;
        if (errno != EACCES) break;
    }
    return fail(start, ct_stage_execute, reason);
}

// Limits and priorities, which may need the rights that are given up afterwards.
static int limit(struct start *start, const struct ct_terms *terms) {
    for (int index = 0; index < terms->joined_count; index++) {
        if (write(terms->joined[index], "0", 1) != 1) return fail(start, ct_stage_join, errno);
    }
    if (terms->has_nice && setpriority(PRIO_PROCESS, 0, terms->nice) != 0) {
        return fail(start, ct_stage_limit, errno);
    }
    enum { this_process = 1 };
    if (terms->io_priority >= 0 && syscall(SYS_ioprio_set, this_process, 0, terms->io_priority) != 0) {
        return fail(start, ct_stage_limit, errno);
    }
    for (int index = 0; index < terms->limits_count; index++) {
        rlim_t value = terms->limits[index].value;
        struct rlimit both = {.rlim_cur = value, .rlim_max = value};
        if (setrlimit(terms->limits[index].resource, &both) != 0) return fail(start, ct_stage_limit, errno);
    }
    if (terms->mask >= 0) umask(terms->mask);
    return 0;
}

// The C library's functions would change all threads of the process whose memory this is.
static int become(struct start *start, const struct ct_terms *terms) {
    if (!terms->becomes_user) return 0;
    if (syscall(SYS_setgroups, (size_t)terms->groups_count, terms->groups) != 0 ||
        syscall(SYS_setresgid, terms->group, terms->group, terms->group) != 0 ||
        syscall(SYS_setresuid, terms->user, terms->user, terms->user) != 0) {
        return fail(start, ct_stage_user, errno);
    }
    return 0;
}

// Runs in our memory on a stack of its own while the caller is suspended: only system calls, no allocation.
static int child(void *context) {
    struct start *start = context;
    const struct ct_program *program = start->program;
    const struct ct_terms *terms = program->terms;
    if (!program->joins_group && setsid() < 0) return fail(start, ct_stage_prepare, errno);
    reset_signals();
    if (terms != NULL) {
        limit(start, terms);
        become(start, terms);
    }
    if (terms != NULL && terms->directory >= 0) {
        if (fchdir(terms->directory) != 0) return fail(start, ct_stage_directory, errno);
    } else if (chdir(program->directory) != 0) {
        return fail(start, ct_stage_directory, errno);
    }
    if (dup2(program->input, 0) < 0 || dup2(program->output, 1) < 0 || dup2(program->error, 2) < 0) {
        return fail(start, ct_stage_prepare, errno);
    }
    close_from(3);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (program->ends_with_parent && prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) {
        return fail(start, ct_stage_prepare, errno);
    }
    return execute(start);
}

// The strings of a block, ended by NULL, in `into`; returns the place after them.
static char **pointers(char **into, const char *block, int count) {
    for (int index = 0; index < count; index++) {
        *into++ = (char *)block;
        block += strlen(block) + 1;
    }
    *into++ = NULL;
    return into;
}

// Room for `child`, which calls nothing deep; the caller is suspended while the child uses it.
enum { child_stack_size = 32 * 1024 };

static void clone_child(struct start *start, struct ct_started *result) {
    _Alignas(16) char stack[child_stack_size];
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    // As posix_spawn does; CLONE_PIDFD makes sure that no process ever runs unwatched for want of a descriptor.
    result->pid = clone(
        child, stack + child_stack_size, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, start, &result->pidfd);
    int reason = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result->pid < 0) {
        result->stage = ct_stage_create;
        result->reason = reason;
    } else if (start->stage != ct_stage_none) {
        struct ct_end end;
        ct_end_of(result->pidfd, 1, &end);
        close(result->pidfd);
        result->stage = start->stage;
        result->reason = start->reason;
    }
}

struct ct_started ct_start(const struct ct_program *program) {
    struct ct_started result = {.pid = -1, .pidfd = -1};
    size_t count = program->paths_count + program->arguments_count + program->environment_count + 3;
    char **block = malloc(count * sizeof(char *));
    if (block == NULL) {
        result.stage = ct_stage_create;
        result.reason = ENOMEM;
        return result;
    }
    struct start start = {.program = program, .paths = block, .stage = ct_stage_none};
    start.arguments = pointers(start.paths, program->paths, program->paths_count);
    start.environment = pointers(start.arguments, program->arguments, program->arguments_count);
    pointers(start.environment, program->environment, program->environment_count);
    clone_child(&start, &result);
    free(block);
    return result;
}

int ct_end_of(int pidfd, int reap, struct ct_end *end) {
    siginfo_t info;
    struct rusage usage;
    long result;
    do {
        // Only the system call itself tells what was used.
        result = syscall(SYS_waitid, CT_P_PIDFD, pidfd, &info, WEXITED | (reap ? 0 : WNOWAIT), &usage);
    } while (result != 0 && errno == EINTR);
    if (result != 0) return -1;
    enum { block = 512 };
    end->user_time = (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec;
    end->system_time = (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec;
    end->memory_peak = (int64_t)usage.ru_maxrss * 1024;
    end->bytes_read = (int64_t)usage.ru_inblock * block;
    end->bytes_written = (int64_t)usage.ru_oublock * block;
    end->exit_code = info.si_code == CLD_EXITED ? info.si_status : -1;
    end->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
    return 0;
}

static int stop_bell = -1;

static void ring_stop(int number) {
    (void)number;
    int reason = errno;
    eventfd_write(stop_bell, 1);
    errno = reason;
}

int ct_catch_stop(void) {
    stop_bell = ct_bell_make();
    if (stop_bell < 0) return -1;
    struct sigaction action = {.sa_handler = ring_stop, .sa_flags = SA_RESTART};
    if (sigaction(SIGTERM, &action, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR) return -1;
    return stop_bell;
}

int ct_pipe(int ends[2]) {
    enum { room = 1 << 20 };
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    // Who may not have it has the usual size.
    fcntl(ends[1], F_SETPIPE_SZ, room);
    return 0;
}

void ct_die_of(int number) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    // For this thread: another one might take it while this one goes on.
    raise(number);
}

int ct_wait_set_make(void) { return epoll_create1(EPOLL_CLOEXEC); }

int ct_wait_set_add(int set, int descriptor, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
    return epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event);
}

int ct_wait_set_remove(int set, int descriptor) { return epoll_ctl(set, EPOLL_CTL_DEL, descriptor, NULL); }

int ct_wait_set_wait(int set, int milliseconds, uint64_t *tokens, int capacity) {
    enum { most = 64 };
    struct epoll_event events[most];
    int count = epoll_wait(set, events, capacity < most ? capacity : most, milliseconds);
    if (count < 0) return errno == EINTR ? 0 : -1;
    for (int index = 0; index < count; index++) tokens[index] = events[index].data.u64;
    return count;
}

int ct_bell_make(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int ct_bell_ring(int bell) { return eventfd_write(bell, 1); }

int ct_bell_silence(int bell) {
    eventfd_t rung;
    return eventfd_read(bell, &rung);
}

int ct_reserve_standard_descriptors(void) {
    int opened;
    do {
        opened = open("/dev/null", O_RDWR);
    } while (opened >= 0 && opened < 3);
    if (opened < 0) return -1;
    close(opened);
    return 0;
}

int ct_open(int directory, const char *path, int flags, mode_t mode) {
    return openat(directory, path, flags | O_CLOEXEC, mode);
}

int ct_open_directory(const char *path) { return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); }

int ct_unblock_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    int reason = pthread_sigmask(SIG_SETMASK, &none, NULL);
    if (reason == 0) return 0;
    errno = reason;
    return -1;
}

int64_t ct_find(const void *bytes, int64_t count, const void *pattern, int64_t length) {
    const char *found = memmem(bytes, (size_t)count, pattern, (size_t)length);
    return found == NULL ? -1 : found - (const char *)bytes;
}
