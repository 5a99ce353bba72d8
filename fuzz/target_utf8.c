/* Fuzz target: UTF-8, Close payloads, masking, base64 and names of opcodes (wire/), each against its definition or its
 * inverse. */
#include "fuzz.h"
#include "wire/base64.h"
#include "wire/close.h"
#include "wire/frame.h"
#include "wire/mask.h"
#include "wire/utf8.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_BYTES};

/* RFC 3629 read the other way round: value first, then what is forbidden. The length of the valid start, code points
 * whole; *cut: the rest could still become one. */
static size_t valid_prefix(const uint8_t *p, size_t len, bool *cut) {
    size_t at = 0;
    *cut = false;
    while (at < len) {
        uint8_t c = p[at];
        size_t n = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
        if (n == 0) return at;
        uint32_t low = n == 1 ? c : c & (0x7fu >> n), high = low, i = 1;
        for (; i < n && at + i < len && p[at + i] >> 6 == 2; i++) {
            low = low << 6 | (p[at + i] & 0x3f);
            high = high << 6 | (p[at + i] & 0x3f);
        }
        for (size_t missing = n - i; missing > 0; missing--) {
            low <<= 6;
            high = high << 6 | 0x3f;
        }
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        bool possible = high >= least[n] && low <= 0x10ffff && (low < 0xd800 || high > 0xdfff || n != 3);
        if (i < n) {
            *cut = possible && at + i == len;
            return at;
        }
        if (!possible || (low >= 0xd800 && low <= 0xdfff)) return at;
        at += n;
    }
    return at;
}

static void check_utf8(const uint8_t *data, size_t size, uint64_t hash) {
    bool cut;
    size_t good = valid_prefix(data, size, &cut), bad;
    bool valid = gw_utf8_check(gw_span_make(data, size), &bad);
    GW_FUZZ_CHECK(valid == (good == size), "valid %d, but the model read %zu of %zu", valid, good, size);
    gw_rng rng;
    gw_rng_init(&rng, hash);
    for (int round = 0; round < 2; round++) {
        gw_utf8 utf8;
        bool ok = true;
        gw_utf8_init(&utf8);
        for (size_t at = 0; at < size && ok;) {
            size_t n = gw_fuzz_piece(round ? GW_FUZZ_RANDOM : GW_FUZZ_BYTES, &rng, size - at);
            ok = gw_utf8_feed(&utf8, gw_span_make(data + at, n));
            at += n;
        }
        GW_FUZZ_CHECK(ok == (valid || cut), "fed %d, valid %d, cut %d", ok, valid, cut);
        GW_FUZZ_CHECK(gw_utf8_is_complete(&utf8) == valid, "complete differs");
        if (!valid)
            GW_FUZZ_CHECK(utf8.sequence_offset == good, "starts at %zu, not %zu", (size_t)utf8.sequence_offset, good);
        if (!ok) GW_FUZZ_CHECK(utf8.bad_offset == bad, "bad at %zu, whole %zu", (size_t)utf8.bad_offset, bad);
        if (!ok) GW_FUZZ_CHECK(!gw_utf8_feed(&utf8, GW_SPAN_LIT("a")), "it does not stay invalid");
    }
}

static void check_close(const uint8_t *data, size_t size) {
    static gw_buf out = {.max = GW_FUZZ_MAX_BYTES};
    gw_close close = gw_close_parse(gw_span_make(data, size));
    GW_FUZZ_CHECK(close.payload_len == size && close.has_code == (size >= 2), "length %zu", close.payload_len);
    GW_FUZZ_CHECK(gw_close_code_name(close.code) && gw_close_class_name(gw_close_code_class(close.code)), "no name");
    if (!close.has_code) return;
    GW_FUZZ_CHECK(close.reason.len == size - 2, "reason of %zu bytes", close.reason.len);
    GW_FUZZ_CHECK(close.reason_is_utf8 == gw_utf8_check(close.reason, NULL), "reason is UTF-8: %d",
                  close.reason_is_utf8);
    gw_buf_clear(&out);
    GW_FUZZ_CHECK(gw_close_append(&out, close.code, close.reason) == GW_OK, "does not encode");
    GW_FUZZ_CHECK(out.len == size && memcmp(out.data, data, size) == 0, "encodes to other bytes");
    /* Who may send a code: both, or at most the one whose class it is. */
    gw_close_class class_ = gw_close_code_class(close.code);
    bool client = gw_close_code_is_sendable(close.code, false), server = gw_close_code_is_sendable(close.code, true);
    bool only_one = class_ == GW_CLOSE_FROM_CLIENT || class_ == GW_CLOSE_FROM_SERVER;
    GW_FUZZ_CHECK((client != server) == only_one, "code %u", close.code);
}

static void check_mask(const uint8_t *data, size_t size, uint64_t hash) {
    if (size < 4) return;
    const uint8_t *key = data;
    uint8_t *whole = gw_fuzz_copy(0, data, size), *split = gw_fuzz_copy(1, data, size);
    gw_rng rng;
    gw_rng_init(&rng, hash);
    gw_mask_apply(whole, size, key, 0);
    for (size_t at = 0; at < size;) {
        size_t n = gw_fuzz_piece(GW_FUZZ_RANDOM, &rng, size - at);
        gw_mask_apply(split + at, n, key, at);
        at += n;
    }
    GW_FUZZ_CHECK(memcmp(whole, split, size) == 0, "split masking differs");
    for (size_t i = 0; i < size; i++)
        GW_FUZZ_CHECK(whole[i] == (data[i] ^ key[i % 4]), "byte %zu is not masked by the definition", i);
}

static void check_base64(const uint8_t *data, size_t size) {
    static char text[GW_BASE64_TEXT(GW_FUZZ_MAX_BYTES)];
    static uint8_t bytes[GW_FUZZ_MAX_BYTES];
    size_t len = gw_base64_encode(gw_span_make(data, size), text), back = 0;
    GW_FUZZ_CHECK(len + 1 == GW_BASE64_TEXT(size) && text[len] == 0, "%zu characters", len);
    GW_FUZZ_CHECK(gw_base64_decode(gw_span_make(text, len), bytes, sizeof bytes, &back) == GW_OK && back == size &&
                      (size == 0 || memcmp(bytes, data, size) == 0),
                  "does not decode back");
    if (gw_base64_decode(gw_span_make(data, size), bytes, sizeof bytes, &back) != GW_OK) return;
    len = gw_base64_encode(gw_span_make(bytes, back), text);
    GW_FUZZ_CHECK(len == size && (size == 0 || memcmp(text, data, size) == 0), "a text that is not canonical decodes");
}

/* A name or number of an opcode names it both ways. */
static void check_opcode_name(const uint8_t *data, size_t size) {
    int opcode = gw_frame_opcode_parse(gw_span_make(data, size));
    GW_FUZZ_CHECK(opcode >= -1 && opcode < 16, "opcode %d", opcode);
    if (opcode < 0) return;
    const char *name = gw_frame_opcode_name((unsigned)opcode);
    GW_FUZZ_CHECK(gw_frame_opcode_parse(gw_span_cstr(name)) == opcode, "%s is not %d", name, opcode);
    GW_FUZZ_CHECK(gw_frame_is_control((unsigned)opcode) == (opcode > 7), "%s", name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    uint64_t hash = gw_fuzz_hash(data, size);
    check_utf8(data, size, hash);
    check_close(data, size);
    check_mask(data, size, hash);
    check_base64(data, size);
    check_opcode_name(data, size);
    return 0;
}
