// The multithreaded interface of libzookeeper (zookeeper_mt) as CloudTask uses it.
//
// THREADED selects the declarations that match the library we link: without it the header declares the
// single-threaded interface, which libzookeeper_mt does not have.
#define THREADED
#include <errno.h>
#include <zookeeper/zookeeper.h>

// `ZOO_OPEN_ACL_UNSAFE` is a mutable C global, which Swift 6 refuses to read from concurrent code. Nobody writes it.
static inline const struct ACL_vector *cloudtask_zk_open_acl(void) {
    return &ZOO_OPEN_ACL_UNSAFE;
}

// `errno` is a macro that Swift's importer cannot see without all of Glibc.
static inline int cloudtask_zk_errno(void) {
    return errno;
}
