/* Floor 3: editing bytes in a room of fixed size. */
#include "fuzzing/edit.h"

#include <string.h>

bool gw_edit_splice(gw_edit *edit, size_t at, size_t removed, gw_span bytes) {
    if (at > edit->size) at = edit->size;
    if (removed > edit->size - at) removed = edit->size - at;
    size_t kept = edit->size - removed;
    if (bytes.len > edit->max - kept) return false;
    if (bytes.len != removed)
        memmove(edit->data + at + bytes.len, edit->data + at + removed, edit->size - at - removed);
    if (bytes.len) memcpy(edit->data + at, bytes.ptr, bytes.len);
    edit->size = kept + bytes.len;
    return true;
}

bool gw_edit_repeat(gw_edit *edit, size_t from, size_t len, size_t to) {
    if (from > edit->size || len > edit->size - from || to > edit->size || len > edit->max - edit->size) return false;
    memmove(edit->data + to + len, edit->data + to, edit->size - to);
    edit->size += len;
    /* What stood behind `to` has moved; a source that spans `to` is now in two parts. */
    size_t before = from >= to ? 0 : to - from < len ? to - from : len;
    memmove(edit->data + to, edit->data + from, before);
    if (before < len) memmove(edit->data + to + before, edit->data + from + before + len, len - before);
    return true;
}

static void reverse(uint8_t *p, size_t n) {
    for (size_t i = 0; i < n / 2; i++) {
        uint8_t byte = p[i];
        p[i] = p[n - 1 - i];
        p[n - 1 - i] = byte;
    }
}

bool gw_edit_swap(gw_edit *edit, size_t at, size_t first, size_t second) {
    if (at > edit->size || first > edit->size - at || second > edit->size - at - first) return false;
    reverse(edit->data + at, first);
    reverse(edit->data + at + first, second);
    reverse(edit->data + at, first + second);
    return true;
}

size_t gw_edit_below(gw_edit *edit, size_t bound) {
    return (size_t)gw_rng_below(edit->rng, bound);
}

bool gw_edit_once_in(gw_edit *edit, size_t n) {
    return gw_edit_below(edit, n) == 0;
}
