/* Test support: guard pages. */
#include "support/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_bytes(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Pages that hold len bytes, without the guard page. */
static size_t data_bytes(size_t len) {
    size_t page = page_bytes();
    return (len + page - 1) / page * page;
}

uint8_t *gw_guard_alloc(const void *bytes, size_t len) {
    size_t data = data_bytes(len), page = page_bytes();
    uint8_t *base = mmap(NULL, data + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + data, page, PROT_NONE) != 0) {
        perror("gw_guard_alloc");
        abort();
    }
    uint8_t *copy = base + data - len;
    if (len && bytes) memcpy(copy, bytes, len);
    return copy;
}

void gw_guard_free(uint8_t *bytes, size_t len) {
    size_t data = data_bytes(len);
    if (bytes) munmap(bytes + len - data, data + page_bytes());
}
