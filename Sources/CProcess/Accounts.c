#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

// Room for one line of a database: groups of many members are long.
enum { line_size = 1024 * 1024 };

// The number that a text is; -1 if it is none.
static int64_t number_of(const char *text) {
    char *end;
    if (*text < '0' || *text > '9') return -1;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    return *end == 0 && errno == 0 && value < UINT32_MAX ? (int64_t)value : -1;
}

int ct_user_find(const char *name, struct ct_user *user) {
    char *line = malloc(line_size);
    if (line == NULL) return ENOMEM;
    struct passwd entry, *found = NULL;
    int reason = getpwnam_r(name, &entry, line, line_size, &found);
    int64_t number = number_of(name);
    if (found == NULL && number >= 0) reason = getpwuid_r((uid_t)number, &entry, line, line_size, &found);
    if (found != NULL) {
        user->user = found->pw_uid;
        user->group = found->pw_gid;
        snprintf(user->name, sizeof user->name, "%s", found->pw_name);
        snprintf(user->home, sizeof user->home, "%s", found->pw_dir);
    }
    free(line);
    return found != NULL ? 0 : reason == 0 ? ENOENT : reason;
}

int ct_group_find(const char *name, gid_t *group) {
    char *line = malloc(line_size);
    if (line == NULL) return ENOMEM;
    struct group entry, *found = NULL;
    int reason = getgrnam_r(name, &entry, line, line_size, &found);
    int64_t number = number_of(name);
    if (found == NULL && number >= 0) reason = getgrgid_r((gid_t)number, &entry, line, line_size, &found);
    if (found != NULL) *group = found->gr_gid;
    free(line);
    return found != NULL ? 0 : reason == 0 ? ENOENT : reason;
}

int ct_user_groups(const char *name, gid_t group, gid_t *groups, int capacity) {
    int count = capacity;
    getgrouplist(name, group, groups, &count);
    return count;
}

int ct_group_is_delegated(const char *directory) {
    char flag = 0;
    return (getxattr(directory, "user.delegate", &flag, 1) == 1 && flag == '1') ||
           (getxattr(directory, "trusted.delegate", &flag, 1) == 1 && flag == '1');
}
