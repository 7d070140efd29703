#define _GNU_SOURCE
#include "CProcess.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The guardian uses what is here, too, which has no heap and may take no lock: system calls only, and memory of the caller or the stack.

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

// Writes /proc/<pid>/<file>, without the functions that may use the heap.
static void name_file(char *path, pid_t pid, const char *file) {
    char digits[16];
    int count = 0;
    do {
        digits[count++] = (char)('0' + pid % 10);
        pid /= 10;
    } while (pid > 0);
    memcpy(path, "/proc/", 6);
    path += 6;
    while (count > 0) *path++ = digits[--count];
    *path++ = '/';
    strcpy(path, file);
}

static int open_file(pid_t pid, const char *file) {
    char path[64];
    name_file(path, pid, file);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static uint64_t number(const char **text) {
    uint64_t value = 0;
    while (**text == ' ') (*text)++;
    int is_negative = **text == '-';
    if (is_negative) (*text)++;
    while (**text >= '0' && **text <= '9') value = value * 10 + (uint64_t)(*(*text)++ - '0');
    return is_negative ? -value : value;
}

// What /proc/<pid>/stat tells: "pid (name) state parent group session …", the start as the 22nd; -1 if the process is gone.
static int look_at(pid_t pid, struct ct_process *process) {
    char text[1024];
    int file = open_file(pid, "stat");
    if (file < 0) return -1;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return -1;
    text[length] = 0;
    const char *after_name = strrchr(text, ')');
    if (after_name == NULL || after_name[1] == 0 || after_name[2] == 0) return -1;
    process->pid = pid;
    process->state = after_name[2];
    const char *rest = after_name + 3;
    process->parent = (pid_t)number(&rest);
    process->group = (pid_t)number(&rest);
    process->session = (pid_t)number(&rest);
    for (int field = 7; field < 22; field++) number(&rest);
    process->started = number(&rest);
    process->is_member = 0;
    return 0;
}

static int is_dead(const struct ct_process *process) { return process->state == 'Z' || process->state == 'X'; }

// Whether one of the strings that the process was executed with is `mark`.
static int has_mark(pid_t pid, const char *mark) {
    int file = open_file(pid, "environ");
    if (file < 0) return 0;
    char bytes[4096];
    size_t length = strlen(mark), matched = 0;
    int can_match = 1, is_found = 0;
    ssize_t count;
    while (!is_found && (count = read(file, bytes, sizeof bytes)) > 0) {
        for (ssize_t index = 0; index < count && !is_found; index++) {
            if (bytes[index] == 0) {
                is_found = can_match && matched == length;
                can_match = 1;
                matched = 0;
            } else if (can_match) {
                can_match = matched < length && bytes[index] == mark[matched];
                matched++;
            }
        }
    }
    close(file);
    return is_found;
}

static int list(struct ct_process *table, int capacity) {
    int processes = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (processes < 0) return -1;
    _Alignas(8) char bytes[16 * 1024];
    int count = 0;
    long length;
    while ((length = syscall(SYS_getdents64, processes, bytes, sizeof bytes)) > 0) {
        for (long place = 0; place < length;) {
            const struct entry *entry = (const struct entry *)(bytes + place);
            place += entry->length;
            const char *name = entry->name;
            if (name[0] < '1' || name[0] > '9' || count == capacity) continue;
            if (look_at((pid_t)number(&name), &table[count]) == 0 && !is_dead(&table[count])) count++;
        }
    }
    close(processes);
    return count;
}

// Marks what the control group holds; read after the table, so that a number that stands in both is the process of the table, or one whose
// start differs.
static void mark_group(int procs, struct ct_process *table, int count) {
    char bytes[4096];
    pid_t pid = 0;
    ssize_t length;
    off_t offset = 0;
    while ((length = pread(procs, bytes, sizeof bytes, offset)) > 0) {
        offset += length;
        for (ssize_t index = 0; index < length; index++) {
            if (bytes[index] >= '0' && bytes[index] <= '9') {
                pid = pid * 10 + (bytes[index] - '0');
                continue;
            }
            for (int place = 0; place < count && pid > 0; place++) {
                if (table[place].pid == pid) table[place].is_member = 1;
            }
            pid = 0;
        }
    }
}

static int is_member(pid_t pid, const struct ct_process *table, int count) {
    for (int index = 0; index < count; index++) {
        if (table[index].pid == pid) return table[index].is_member;
    }
    return 0;
}

int ct_tree_find(const struct ct_tree *tree, struct ct_process *table, int capacity) {
    int count = list(table, capacity);
    if (count < 0) return -1;
    pid_t self = getpid();
    if (tree->procs >= 0) mark_group(tree->procs, table, count);
    for (int index = 0; index < count; index++) {
        struct ct_process *process = &table[index];
        if (process->is_member || process->pid == self) continue;
        if (process->session == tree->leader || process->pid == tree->leader) {
            process->is_member = 1;
        } else if (tree->mark != NULL && (tree->reaper == 0 || process->parent == tree->reaper)) {
            process->is_member = has_mark(process->pid, tree->mark) != 0;
        }
    }
    // Children of members are members.
    int has_grown = 0;
    for (int index = 0; index < count; index++) has_grown |= table[index].is_member;
    while (has_grown) {
        has_grown = 0;
        for (int index = 0; index < count; index++) {
            struct ct_process *process = &table[index];
            if (process->is_member || process->pid == self || process->parent <= 1) continue;
            if (is_member(process->parent, table, count)) process->is_member = has_grown = 1;
        }
    }
    int found = 0;
    for (int index = 0; index < count; index++) {
        const struct ct_process process = table[index];
        if (process.is_member && process.group != tree->leader && process.pid > 1) table[found++] = process;
    }
    return found;
}

void ct_tree_signal(const struct ct_process *members, int count, int signal) {
    for (int index = 0; index < count; index++) {
        int process = (int)syscall(SYS_pidfd_open, members[index].pid, 0);
        if (process < 0) continue;
        struct ct_process now;
        if (look_at(members[index].pid, &now) == 0 && now.started == members[index].started) {
            syscall(SYS_pidfd_send_signal, process, signal, NULL, 0);
            if (signal == SIGTERM) syscall(SYS_pidfd_send_signal, process, SIGCONT, NULL, 0);
        }
        close(process);
    }
}

int ct_tree_kill(const struct ct_tree *tree, struct ct_process *table, int capacity) {
    // What was killed takes a moment to be gone, and what was forked while the others were looked for is found in the next round.
    enum { rounds = 24 };
    int count = 0;
    for (int round = 0; round < rounds; round++) {
        count = ct_tree_find(tree, table, capacity);
        if (count <= 0) return count;
        ct_tree_signal(table, count, SIGKILL);
        struct timespec moment = {.tv_nsec = round < 4 ? 200000 : 2000000};
        nanosleep(&moment, NULL);
    }
    return count;
}

static int compare_groups(const void *left, const void *right) {
    pid_t a = *(const pid_t *)left, b = *(const pid_t *)right;
    return (a > b) - (a < b);
}

int ct_groups_alive(const pid_t *groups, int count, uint8_t *alive) {
    memset(alive, 0, count);
    DIR *processes = opendir("/proc");
    if (processes == NULL) return -1;
    for (struct dirent *entry = readdir(processes); entry != NULL; entry = readdir(processes)) {
        const char *name = entry->d_name;
        struct ct_process process;
        if (name[0] < '1' || name[0] > '9') continue;
        if (look_at((pid_t)number(&name), &process) != 0 || is_dead(&process)) continue;
        const pid_t *found = bsearch(&process.group, groups, count, sizeof *groups, compare_groups);
        if (found != NULL) alive[found - groups] = 1;
    }
    closedir(processes);
    return 0;
}

int ct_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }

static int is_among(pid_t pid, const pid_t *others, int count) {
    for (int index = 0; index < count; index++) {
        if (others[index] == pid) return 1;
    }
    return 0;
}

int ct_reap_orphans(const pid_t *others, int count) {
    char path[64], text[8192];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    pid_t own = getsid(0), pid = 0;
    int living = 0;
    ssize_t length;
    // Reaping shortens the list that is read: whoever is passed over then is found the next time.
    while ((length = read(file, text, sizeof text)) > 0) {
        for (ssize_t index = 0; index < length; index++) {
            if (text[index] >= '0' && text[index] <= '9') {
                pid = pid * 10 + (text[index] - '0');
                continue;
            }
            struct ct_process process;
            if (pid > 0 && look_at(pid, &process) == 0 && process.session != own &&
                !is_among(pid, others, count)) {
                if (process.state != 'Z' || waitpid(pid, NULL, WNOHANG) != pid) living++;
            }
            pid = 0;
        }
    }
    close(file);
    return living;
}
