/* Floor 1: base64 with padding (RFC 4648 section 4). */
#include "wire/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t gw_base64_encode(gw_span bytes, char *out) {
    char *p = out;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = (uint32_t)bytes.ptr[i] << 16;
        if (n > 1) group |= (uint32_t)bytes.ptr[i + 1] << 8;
        if (n > 2) group |= bytes.ptr[i + 2];
        *p++ = alphabet[group >> 18];
        *p++ = alphabet[group >> 12 & 63];
        *p++ = n > 1 ? alphabet[group >> 6 & 63] : '=';
        *p++ = n > 2 ? alphabet[group & 63] : '=';
    }
    *p = 0;
    return (size_t)(p - out);
}

static int value_of(uint8_t c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

gw_status gw_base64_decode(gw_span text, uint8_t *out, size_t size, size_t *len) {
    *len = 0;
    if (text.len % 4 != 0) return GW_ERR_INVALID;
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=') padding++;
    size_t digits = text.len - padding, total = text.len / 4 * 3 - padding;
    uint32_t group = 0;
    for (size_t i = 0, at = 0; i < digits; i++) {
        int value = value_of(text.ptr[i]);
        if (value < 0) return GW_ERR_INVALID;
        group = group << 6 | (uint32_t)value;
        /* Of four digits, each but the first completes a byte. */
        unsigned spare = 6 - 2 * (unsigned)(i % 4);
        if (i % 4 == 0) continue;
        if (i + 1 == digits && (group & ((1u << spare) - 1)) != 0) return GW_ERR_INVALID;
        if (at < size && out) out[at] = (uint8_t)(group >> spare);
        at++;
    }
    *len = total;
    return out && total > size ? GW_ERR_LIMIT : GW_OK;
}
