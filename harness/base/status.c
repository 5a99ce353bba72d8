/* Floor 0: texts of the status codes. */
#include "base/status.h"

const char *gw_status_text(gw_status status) {
    switch (status) {
#define GW_STATUS_CASE(name, value, text)                                                                              \
    case GW_##name:                                                                                                    \
        return text;
        GW_STATUS_TABLE(GW_STATUS_CASE)
#undef GW_STATUS_CASE
    }
    return "unknown status";
}
