#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The guardian is a copy of a process with many threads, of which only one is left: it makes system calls and nothing else, uses no memory
// but this table, and takes no lock.

enum { groups_max = 4096 };

struct group {
    pid_t leader;
    int64_t until;
    int64_t grace;
    int is_stopping;
    char mark[ct_mark_size];
};

static struct group groups[groups_max];
static int count;

// Room for the processes of a machine; what is beyond is not found.
enum { processes_max = 32768 };
static struct ct_process processes[processes_max];

// What of an attempt put itself outside its leader's group.
static struct ct_tree tree_of(const struct group *group) {
    return (struct ct_tree){.leader = group->leader, .mark = group->mark[0] == 0 ? NULL : group->mark, .procs = -1};
}

static int find_others(const struct group *group) {
    struct ct_tree tree = tree_of(group);
    return ct_tree_find(&tree, processes, processes_max);
}

static void keep(const struct ct_guard *guard) {
    int index = 0;
    while (index < count && groups[index].leader != guard->group) index++;
    if (guard->until == 0) {
        if (index < count) groups[index] = groups[--count];
        return;
    }
    if (index == groups_max) return;
    if (index == count) groups[count++] = (struct group){.leader = guard->group};
    // Who is being stopped was not prolonged in time.
    if (groups[index].is_stopping) return;
    groups[index].until = guard->until;
    groups[index].grace = guard->grace;
    memcpy(groups[index].mark, guard->mark, ct_mark_size);
    groups[index].mark[ct_mark_size - 1] = 0;
}

// Stops and kills what has outlived its time; returns when the next one does, -1 for never.
static int64_t look(int64_t now) {
    int64_t next = -1;
    for (int index = 0; index < count;) {
        struct group *group = &groups[index];
        if (group->until <= now && !group->is_stopping) {
            group->is_stopping = 1;
            group->until = group->grace < INT64_MAX - now ? now + group->grace : INT64_MAX;
            kill(-group->leader, SIGTERM);
            kill(-group->leader, SIGCONT);
            ct_tree_signal(processes, find_others(group), SIGTERM);
        }
        int is_gone = group->is_stopping && kill(-group->leader, 0) != 0 && errno == ESRCH && find_others(group) <= 0;
        if (group->until <= now || is_gone) {
            if (!is_gone) kill(-group->leader, SIGKILL);
            struct ct_tree tree = tree_of(group);
            if (!is_gone) ct_tree_kill(&tree, processes, processes_max);
            *group = groups[--count];
            continue;
        }
        // A group that is being stopped may be gone early.
        int64_t wake = group->is_stopping && group->until > now + 100000000 ? now + 100000000 : group->until;
        if (next < 0 || wake < next) next = wake;
        index++;
    }
    return next;
}

static void orphaned(int64_t now) {
    for (int index = 0; index < count; index++) {
        if (!groups[index].is_stopping) groups[index].until = now;
    }
}

static void guard_groups(int channel) {
    struct pollfd wait = {.fd = channel, .events = POLLIN};
    int is_orphan = 0;
    for (;;) {
        int64_t next = look(ct_boottime());
        if (is_orphan && count == 0) _exit(0);
        int64_t left = next < 0 ? -1 : next - ct_boottime();
        int milliseconds = next < 0 ? -1 : left <= 0 ? 0 : left / 1000000 >= 60000 ? 60000 : (int)(left / 1000000) + 1;
        if (poll(&wait, is_orphan ? 0 : 1, milliseconds) <= 0) continue;
        struct ct_guard guard;
        ssize_t length = recv(channel, &guard, sizeof guard, 0);
        if (length == (ssize_t)sizeof guard) {
            keep(&guard);
        } else if (length == 0 || (length < 0 && errno != EINTR)) {
            is_orphan = 1;
            orphaned(ct_boottime());
        }
    }
}

// The number in the field of that index of /proc/self/stat, where 0 is what follows the name; 0 when it has none.
static unsigned long stat_field(const char *text, int field) {
    // The name may hold spaces and brackets; nothing after it does.
    const char *at = strrchr(text, ')');
    if (at == NULL) return 0;
    for (int index = -1; index < field; index++) {
        at = strchr(at + 1, ' ');
        if (at == NULL) return 0;
    }
    unsigned long number = 0;
    for (at++; *at >= '0' && *at <= '9'; at++) number = number * 10 + (unsigned long)(*at - '0');
    return number;
}

// Replaces the arguments that others see, which are a copy of the agent's: who ends the agent by them must not take its guardian as well.
static void replace_arguments(const char *title) {
    char text[2048];
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return;
    text[length] = 0;
    // arg_start and arg_end, the 48th and 49th field; 0 where the kernel does not tell.
    unsigned long start = stat_field(text, 45), end = stat_field(text, 46);
    if (start == 0 || end <= start) return;
    size_t room = end - start, used = strlen(title);
    memset((void *)start, 0, room);
    memcpy((void *)start, title, used < room ? used : room - 1);
}

static void become_guardian(int channel) {
    // Neither the terminal's signals nor those to the agent's group are meant for it: it ends when the agent has.
    setsid();
    replace_arguments("ct-guardian");
    prctl(PR_SET_NAME, "ct-guardian");
    for (int number = 1; number < _NSIG; number++) signal(number, SIG_IGN);
    int null = open("/dev/null", O_RDWR);
    for (int descriptor = 0; descriptor < 3 && null >= 0; descriptor++) dup2(null, descriptor);
    if (channel != 3) {
        dup2(channel, 3);
        channel = 3;
    }
    if (syscall(SYS_close_range, 4, ~0U, 0) != 0) {
        for (int descriptor = 4; descriptor < (int)sysconf(_SC_OPEN_MAX); descriptor++) close(descriptor);
    }
    guard_groups(channel);
}

struct ct_guardian ct_guardian_start(void) {
    struct ct_guardian guardian = {.pid = -1, .channel = -1};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return guardian;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    guardian.pid = fork();
    if (guardian.pid == 0) {
        become_guardian(ends[1]);
        _exit(1);
    }
    int reason = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (guardian.pid < 0) {
        close(ends[0]);
        errno = reason;
    } else {
        guardian.channel = ends[0];
    }
    return guardian;
}

int ct_guardian_tell(int channel, const struct ct_guard *guard) {
    ssize_t length;
    do {
        length = send(channel, guard, sizeof *guard, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (length < 0 && errno == EINTR);
    return length == (ssize_t)sizeof *guard ? 0 : -1;
}

void ct_guardian_end(struct ct_guardian guardian) {
    close(guardian.channel);
    // It may have been stopped.
    kill(guardian.pid, SIGKILL);
    while (waitpid(guardian.pid, NULL, 0) < 0 && errno == EINTR) {
    }
}
