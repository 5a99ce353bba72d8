/* Floor 3: where the values of a JSON text stand, whatever else is wrong with it. */
#include "fuzzing/mutate_internal.h"

static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_scalar(uint8_t c) {
    return is_blank(c) || c == ',' || c == ':' || c == ']' || c == '}' || c == '[' || c == '{' || c == '"';
}

/* Behind the closing quote, or the end of the text. */
static size_t string_end(gw_span text, size_t at) {
    for (size_t i = at + 1; i < text.len; i++) {
        if (text.ptr[i] == '\\')
            i++;
        else if (text.ptr[i] == '"')
            return i + 1;
    }
    return text.len;
}

static bool colon_follows(gw_span text, size_t at) {
    while (at < text.len && is_blank(text.ptr[at])) at++;
    return at < text.len && text.ptr[at] == ':';
}

size_t gw_json_places(gw_span text, gw_json_place places[GW_JSON_PLACES_MAX]) {
    size_t count = 0, depth = 0, open[GW_JSON_PLACES_DEPTH];
    for (size_t at = 0; at < text.len && count < GW_JSON_PLACES_MAX;) {
        uint8_t c = text.ptr[at];
        if (c == ']' || c == '}') {
            if (depth) places[open[--depth]].end = at + 1;
            at++;
        } else if (is_blank(c) || c == ',' || c == ':') {
            at++;
        } else if (c == '[' || c == '{') {
            if (depth < GW_JSON_PLACES_DEPTH) {
                open[depth++] = count;
                places[count++] = (gw_json_place){at, text.len, c == '[' ? GW_JSON_PLACE_ARRAY : GW_JSON_PLACE_OBJECT};
            }
            at++;
        } else if (c == '"') {
            size_t end = string_end(text, at);
            places[count++] =
                (gw_json_place){at, end, colon_follows(text, end) ? GW_JSON_PLACE_KEY : GW_JSON_PLACE_STRING};
            at = end;
        } else {
            size_t end = at + 1;
            while (end < text.len && !ends_scalar(text.ptr[end])) end++;
            places[count++] = (gw_json_place){at, end, GW_JSON_PLACE_SCALAR};
            at = end;
        }
    }
    return count;
}
