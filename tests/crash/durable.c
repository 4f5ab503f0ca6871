/* What a disk would hold if power went now.
 *
 * Preloaded into a server, this keeps beside the folder DURABLE_ROOT an image of what has been synced of it, in
 * DURABLE_IMAGE: inodes/N holds the synced contents of inode N; names/... holds the synced folder entries, each a hard
 * link to its inode's file. A write alone changes nothing there. fsync and fdatasync of a file bring its contents over, fsync
 * of a folder its entries; a write through a descriptor with O_DSYNC brings over just what it wrote.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

typedef struct { ino_t inode; off_t start; size_t length; } Range;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Range *ranges;
static size_t count, room;
static const char *root, *image;

__attribute__((constructor)) static void begin(void) {
    root = getenv("DURABLE_ROOT");
    image = getenv("DURABLE_IMAGE");
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The path of fd under the root, 0 when it is elsewhere. */
static int inside(int fd, char *path) {
    char link[64];
    if (!root || !image) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    size_t under = strlen(root);
    return strncmp(path, root, under) == 0 && (path[under] == '/' || path[under] == 0);
}

static int is_database(const char *path) {
    const char *end = strrchr(path, '.');
    return end && strcmp(end, ".mdb") == 0;
}

static int inode_file(ino_t inode) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/inodes/%lu", image, (unsigned long)inode);
    return open(path, O_WRONLY | O_CREAT, 0600);
}

static void bring(int from, int to, off_t start, off_t stop) {
    char block[65536];
    while (start < stop) {
        size_t wanted = stop - start < (off_t)sizeof block ? (size_t)(stop - start) : sizeof block;
        ssize_t got = pread(from, block, wanted, start);
        if (got <= 0) return;
        if (NEXT(pwrite)(to, block, got, start) != got) abort();
        start += got;
    }
}

static void wrote(int fd, off_t start, ssize_t length) {
    char path[PATH_MAX];
    struct stat status;
    if (length <= 0 || !inside(fd, path) || !is_database(path) || fstat(fd, &status)) return;
    pthread_mutex_lock(&lock);
    if (fcntl(fd, F_GETFL) & O_DSYNC) {
        int readable = open(path, O_RDONLY);
        int to = inode_file(status.st_ino);
        bring(readable, to, start, start + length);
        close(readable);
        close(to);
    } else {
        if (count == room) {
            room = room ? 2 * room : 1024;
            ranges = realloc(ranges, room * sizeof *ranges);
        }
        ranges[count++] = (Range){status.st_ino, start, (size_t)length};
    }
    pthread_mutex_unlock(&lock);
}

static void synced_file(int fd, const char *path, struct stat *status) {
    int readable = open(path, O_RDONLY);
    if (readable < 0) return;
    int known = is_database(path);
    int to = inode_file(status->st_ino);
    if (known) {
        size_t left = 0;
        for (size_t at = 0; at < count; at++) {
            if (ranges[at].inode == status->st_ino)
                bring(readable, to, ranges[at].start, ranges[at].start + ranges[at].length);
            else
                ranges[left++] = ranges[at];
        }
        count = left;
    } else {
        /* over what was synced before, and cut behind it: a kill amid that takes nothing away */
        bring(readable, to, 0, status->st_size);
        if (ftruncate(to, status->st_size)) abort();
    }
    close(to);
    close(readable);
}

static void synced_folder(const char *path) {
    char names[PATH_MAX], from[PATH_MAX + 300], to[PATH_MAX + 300];
    struct dirent *entry;
    struct stat status;
    snprintf(names, sizeof names, "%s/names%s", image, path + strlen(root));
    mkdir(names, 0700);
    DIR *folder = opendir(names);
    while (folder && (entry = readdir(folder))) {
        snprintf(to, sizeof to, "%s/%s", names, entry->d_name);
        snprintf(from, sizeof from, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && lstat(from, &status)) unlink(to);
    }
    if (folder) closedir(folder);
    folder = opendir(path);
    while (folder && (entry = readdir(folder))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(from, sizeof from, "%s/%s", path, entry->d_name);
        snprintf(to, sizeof to, "%s/%s", names, entry->d_name);
        if (lstat(from, &status)) continue;
        if (S_ISDIR(status.st_mode)) {
            mkdir(to, 0700);
        } else if (S_ISREG(status.st_mode)) {
            close(inode_file(status.st_ino));  /* never synced: the name stands, the contents do not */
            unlink(to);
            snprintf(from, sizeof from, "%s/inodes/%lu", image, (unsigned long)status.st_ino);
            if (link(from, to)) continue;
        }
    }
    if (folder) closedir(folder);
}

static void synced(int fd) {
    char path[PATH_MAX];
    struct stat status;
    if (!inside(fd, path) || fstat(fd, &status)) return;
    pthread_mutex_lock(&lock);
    if (S_ISDIR(status.st_mode)) synced_folder(path);
    else if (S_ISREG(status.st_mode)) synced_file(fd, path, &status);
    pthread_mutex_unlock(&lock);
}

int fsync(int fd) {
    int result = NEXT(fsync)(fd);
    if (result == 0) synced(fd);
    return result;
}

int fdatasync(int fd) {
    int result = NEXT(fdatasync)(fd);
    if (result == 0) synced(fd);
    return result;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    ssize_t done = NEXT(write)(fd, bytes, length);
    if (done > 0 && root) {
        char path[PATH_MAX];
        if (inside(fd, path) && is_database(path)) wrote(fd, lseek(fd, 0, SEEK_CUR) - done, done);
    }
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
    ssize_t done = NEXT(writev)(fd, parts, number);
    if (done > 0 && root) {
        char path[PATH_MAX];
        if (inside(fd, path) && is_database(path)) wrote(fd, lseek(fd, 0, SEEK_CUR) - done, done);
    }
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t start) {
    ssize_t done = NEXT(pwrite)(fd, bytes, length, start);
    wrote(fd, start, done);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t start) {
    return pwrite(fd, bytes, length, start);
}

ssize_t pwritev(int fd, const struct iovec *parts, int number, off_t start) {
    ssize_t done = NEXT(pwritev)(fd, parts, number, start);
    wrote(fd, start, done);
    return done;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int number, off_t start) {
    return pwritev(fd, parts, number, start);
}
