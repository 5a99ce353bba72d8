/* Floor 1: look-ups in the fields of a head (RFC 9110 section 5). */
#include "wire/head.h"

#include <string.h>

bool gw_head_is_token(gw_span text) {
    static const char marks[] = "!#$%&'*+.^_`|~";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        bool common = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
        if (!common && !memchr(marks, c, sizeof marks - 1)) return false;
    }
    return text.len > 0;
}

bool gw_head_nth(const gw_head *head, const char *name, size_t n, gw_span *value) {
    gw_span wanted = gw_span_cstr(name);
    for (size_t i = 0; i < head->field_count; i++) {
        if (!gw_span_equal_nocase(head->fields[i].name, wanted) || n-- > 0) continue;
        *value = head->fields[i].value;
        return true;
    }
    return false;
}

size_t gw_head_count(const gw_head *head, const char *name) {
    size_t n = 0;
    for (gw_span value; gw_head_nth(head, name, n, &value);) n++;
    return n;
}

gw_span gw_head_get(const gw_head *head, const char *name) {
    gw_span value = {0};
    gw_head_nth(head, name, 0, &value);
    return value;
}

bool gw_head_next_element(gw_span *list, gw_span *element) {
    while (list->len > 0) {
        bool quoted = false;
        size_t end = 0;
        for (; end < list->len && (quoted || list->ptr[end] != ','); end++) {
            if (list->ptr[end] == '"')
                quoted = !quoted;
            else if (quoted && list->ptr[end] == '\\' && end + 1 < list->len)
                end++;
        }
        *element = gw_span_trim(gw_span_sub(*list, 0, end));
        *list = gw_span_from(*list, end + 1);
        if (element->len > 0) return true;
    }
    return false;
}

bool gw_head_has_token(const gw_head *head, const char *name, const char *token) {
    gw_span list, element, wanted = gw_span_cstr(token);
    for (size_t n = 0; gw_head_nth(head, name, n, &list); n++)
        while (gw_head_next_element(&list, &element))
            if (gw_span_equal_nocase(element, wanted)) return true;
    return false;
}
