/* Bytes laid against a page that may not be touched, so that one byte too far is a crash. Test support. */
#ifndef GW_TESTS_SUPPORT_GUARD_H
#define GW_TESTS_SUPPORT_GUARD_H

#include <stddef.h>
#include <stdint.h>

/* A copy of len bytes whose last byte is the last one before a page with no access; writable. Never NULL: failure ends
 * the test. Free with gw_guard_free. */
uint8_t *gw_guard_alloc(const void *bytes, size_t len);
void gw_guard_free(uint8_t *bytes, size_t len);

#endif
