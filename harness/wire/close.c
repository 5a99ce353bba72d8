/* Floor 1: Close payloads and codes. */
#include "wire/close.h"
#include "wire/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* RFC 6455 sections 7.4.1 and 7.4.2; 1012 - 1014 from the IANA registry. In order, without gaps. */
static const struct range {
    unsigned last;
    gw_close_class class_;
} ranges[] = {
    {999, GW_CLOSE_UNUSED},    {1003, GW_CLOSE_ANY},         {1004, GW_CLOSE_UNASSIGNED}, {1006, GW_CLOSE_RESERVED},
    {1009, GW_CLOSE_ANY},      {1010, GW_CLOSE_FROM_CLIENT}, {1011, GW_CLOSE_ANY},        {1014, GW_CLOSE_FROM_SERVER},
    {1015, GW_CLOSE_RESERVED}, {2999, GW_CLOSE_UNASSIGNED},  {3999, GW_CLOSE_LIBRARY},    {4999, GW_CLOSE_PRIVATE},
};

static const struct name {
    unsigned code;
    const char *name;
} names[] = {
    {1000, "normal closure"},       {1001, "going away"},         {1002, "protocol error"},
    {1003, "unsupported data"},     {1005, "no status received"}, {1006, "abnormal closure"},
    {1007, "invalid payload data"}, {1008, "policy violation"},   {1009, "message too big"},
    {1010, "mandatory extension"},  {1011, "internal error"},     {1012, "service restart"},
    {1013, "try again later"},      {1014, "bad gateway"},        {1015, "TLS handshake failed"},
};

static const char *const class_names[] = {
    [GW_CLOSE_ANY] = "any",           [GW_CLOSE_FROM_CLIENT] = "from-client", [GW_CLOSE_FROM_SERVER] = "from-server",
    [GW_CLOSE_RESERVED] = "reserved", [GW_CLOSE_UNASSIGNED] = "unassigned",   [GW_CLOSE_LIBRARY] = "library",
    [GW_CLOSE_PRIVATE] = "private",   [GW_CLOSE_UNUSED] = "unused",           [GW_CLOSE_OUT_OF_RANGE] = "out-of-range",
};

gw_close_class gw_close_code_class(unsigned code) {
    for (size_t i = 0; i < COUNT(ranges); i++)
        if (code <= ranges[i].last) return ranges[i].class_;
    return GW_CLOSE_OUT_OF_RANGE;
}

bool gw_close_code_is_sendable(unsigned code, bool by_server) {
    switch (gw_close_code_class(code)) {
    case GW_CLOSE_ANY:
    case GW_CLOSE_LIBRARY:
    case GW_CLOSE_PRIVATE:
        return true;
    case GW_CLOSE_FROM_CLIENT:
        return !by_server;
    case GW_CLOSE_FROM_SERVER:
        return by_server;
    default:
        return false;
    }
}

const char *gw_close_code_name(unsigned code) {
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].code == code) return names[i].name;
    return gw_close_class_name(gw_close_code_class(code));
}

const char *gw_close_class_name(gw_close_class class_) {
    return (size_t)class_ < COUNT(class_names) ? class_names[class_] : "unknown";
}

gw_close gw_close_parse(gw_span payload) {
    gw_close close = {.payload_len = payload.len, .reason_is_utf8 = true};
    if (payload.len < 2) return close;
    close.has_code = true;
    close.code = (uint16_t)(payload.ptr[0] << 8 | payload.ptr[1]);
    close.reason = gw_span_from(payload, 2);
    size_t bad = 0;
    close.reason_is_utf8 = gw_utf8_check(close.reason, &bad);
    if (!close.reason_is_utf8) close.bad_offset = bad + 2;
    return close;
}

gw_status gw_close_append(gw_buf *out, uint16_t code, gw_span reason) {
    if (reason.len > SIZE_MAX - 2) return GW_ERR_LIMIT;
    gw_status status = gw_buf_reserve(out, reason.len + 2);
    if (status != GW_OK) return status;
    const uint8_t bytes[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    gw_buf_append(out, bytes, sizeof bytes);
    return gw_buf_append_span(out, reason);
}
