/* Where the reference server's program stands. Floor 5. */
#include "cli/embedded_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "gwspec-server"
enum { PATH_BYTES = 4096 };

char *gw_embedded_server_find(void) {
    char path[PATH_BYTES + sizeof NAME];
    ssize_t len = readlink("/proc/self/exe", path, PATH_BYTES - 1);
    if (len > 0) {
        path[len] = '\0';
        char *name = strrchr(path, '/') + 1;
        memcpy(name, NAME, sizeof NAME);
        if (access(path, X_OK) == 0) return strdup(path);
    }
    return strdup(NAME);
}
