/* Preloaded into a process: ends it, or lets a system call fail, at the n-th call that touches a given file.

   The environment says what to do; faults_arm() reads it again, so that a forked process can choose for itself.

   FAULTS_FILE   only files whose path begins with this text; "pipe:" for pipes
   FAULTS_CALL   only calls with this name; empty: those that write, sync, shorten or remove a file
   FAULTS_AT     the number of the call, from 1 on; 0: count the calls of every name
   FAULTS_ERROR  errno that the call fails with; 0: kill the process before the call
   FAULTS_ON     1: every later call fails as well
   FAULTS_TOLD   a file to create before the process is killed
   FAULTS_PART   only processes whose command line contains this text
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char file[4096], call[32], told[4096];
static long at, calls;
static struct { const char *name; long calls; } counted[16];
static int error, on, armed;

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static int is_part(const char *part) {
    char line[4096];
    FILE *stream = fopen("/proc/self/cmdline", "r");
    if (!stream) return 0;
    size_t size = fread(line, 1, sizeof line - 1, stream);
    fclose(stream);
    for (size_t i = 0; i < size; i++) if (!line[i]) line[i] = ' ';
    line[size] = 0;
    return strstr(line, part) != NULL;
}

__attribute__((constructor)) void faults_arm(void) {
    const char *name = getenv("FAULTS_FILE"), *part = getenv("FAULTS_PART"), *only = getenv("FAULTS_CALL");
    armed = 0;
    if (!name || !*name || strlen(name) >= sizeof file) return;
    strcpy(file, name);
    const char *path = getenv("FAULTS_TOLD");
    snprintf(told, sizeof told, "%s", path ? path : "");
    snprintf(call, sizeof call, "%s", only ? only : "");
    at = number("FAULTS_AT");
    error = (int)number("FAULTS_ERROR");
    on = (int)number("FAULTS_ON");
    calls = 0;
    memset(counted, 0, sizeof counted);
    armed = !part || !*part || is_part(part);
}

long faults_calls(const char *name) {
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        if (counted[i].name && !strcmp(counted[i].name, name)) return counted[i].calls;
    return 0;
}

static int concerns(const char *path) { return strncmp(path, file, strlen(file)) == 0; }

static int concerns_open(int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return concerns(path);
}

/* Whether a call counts: `changes` says that it changes a file. Calls for 64-bit places have their plain names. */
static int counts(const char *name, int changes) {
    if (!armed) return 0;
    return at == 0 || (*call ? strcmp(name, call) == 0 : changes);
}

static void count(const char *name) {
    size_t i = 0;
    while (i < sizeof counted / sizeof *counted && counted[i].name && strcmp(counted[i].name, name)) i++;
    if (i == sizeof counted / sizeof *counted) return;
    counted[i].name = name;
    counted[i].calls++;
}

static int fails(const char *name, int concerned) {
    if (!concerned) return 0;
    calls++;
    if (at == 0) count(name);
    if (at == 0 || calls < at || (calls > at && !on)) return 0;
    if (!error) {
        if (*told) close(creat(told, 0600));
        kill(getpid(), SIGKILL);
    }
    errno = error;
    return 1;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define FAILS(name, changes, descriptor) (counts(name, changes) && fails(name, concerns_open(descriptor)))

ssize_t read(int descriptor, void *data, size_t size) {
    REAL(read);
    return FAILS("read", 0, descriptor) ? -1 : real(descriptor, data, size);
}
ssize_t write(int descriptor, const void *data, size_t size) {
    REAL(write);
    return FAILS("write", 1, descriptor) ? -1 : real(descriptor, data, size);
}
ssize_t pread(int descriptor, void *data, size_t size, off_t place) {
    REAL(pread);
    return FAILS("pread", 0, descriptor) ? -1 : real(descriptor, data, size, place);
}
ssize_t pread64(int descriptor, void *data, size_t size, off64_t place) {
    REAL(pread64);
    return FAILS("pread", 0, descriptor) ? -1 : real(descriptor, data, size, place);
}
ssize_t pwrite(int descriptor, const void *data, size_t size, off_t place) {
    REAL(pwrite);
    return FAILS("pwrite", 1, descriptor) ? -1 : real(descriptor, data, size, place);
}
ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t place) {
    REAL(pwrite64);
    return FAILS("pwrite", 1, descriptor) ? -1 : real(descriptor, data, size, place);
}
int fsync(int descriptor) {
    REAL(fsync);
    return FAILS("fsync", 1, descriptor) ? -1 : real(descriptor);
}
int fdatasync(int descriptor) {
    REAL(fdatasync);
    return FAILS("fdatasync", 1, descriptor) ? -1 : real(descriptor);
}
int ftruncate(int descriptor, off_t size) {
    REAL(ftruncate);
    return FAILS("ftruncate", 1, descriptor) ? -1 : real(descriptor, size);
}
int ftruncate64(int descriptor, off64_t size) {
    REAL(ftruncate64);
    return FAILS("ftruncate", 1, descriptor) ? -1 : real(descriptor, size);
}
int unlink(const char *path) {
    REAL(unlink);
    return counts("unlink", 1) && fails("unlink", concerns(path)) ? -1 : real(path);
}
static int opens(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    return counts("open", 0) && fails("open", concerns(path)) ? -1 : real(path, flags, mode);
}
#define MODE(flags) mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) {
    REAL(open);
    MODE(flags)
    return opens(real, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    REAL(open64);
    MODE(flags)
    return opens(real, path, flags, mode);
}
