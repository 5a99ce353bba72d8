/* Prints session scripts (fuzzing/script.h) for people: print_session FILE...
 * Exit: 0, or 2 after a message. */
#include "base/buf.h"
#include "fuzzing/script.h"

#include <stdio.h>

enum { MAX_FILE_BYTES = 64 << 10 };

int main(int argc, char **argv) {
    static uint8_t bytes[MAX_FILE_BYTES];
    static gw_script script;
    gw_buf out;
    if (argc < 2) {
        fprintf(stderr, "usage: print_session FILE...\n");
        return 2;
    }
    gw_buf_init(&out, 4 << 20);
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0;
        if (!file || ferror(file)) {
            perror(argv[i]);
            return 2;
        }
        if (len == sizeof bytes) {
            fprintf(stderr, "%s: it is too long\n", argv[i]);
            return 2;
        }
        fclose(file);
        gw_buf_clear(&out);
        gw_script_decode(gw_span_make(bytes, len), &script);
        if (gw_script_print(&script, &out) != GW_OK) {
            fprintf(stderr, "%s: out of memory\n", argv[i]);
            return 2;
        }
        printf("%s\n%s", argv[i], gw_buf_cstr(&out));
    }
    gw_buf_deinit(&out);
    return 0;
}
