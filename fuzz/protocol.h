/* Protocols and the catalogue of requirements, for targets that need them. */
#ifndef GW_FUZZ_PROTOCOL_H
#define GW_FUZZ_PROTOCOL_H

#include "protocol/description.h"

enum { GW_FUZZ_MAX_PROTOCOLS = 16 };

/* That of the gateway document; loaded once from the file compiled in; never NULL. */
const gw_protocol *gw_fuzz_protocol(void);
/* All of scenarios/protocols/, and fuzz/variant.yaml. */
const gw_protocol *const *gw_fuzz_protocols(size_t *count);
/* What a description can extend: those of scenarios/protocols/. */
extern const gw_protocol_source gw_fuzz_source;
const gw_requirements *gw_fuzz_requirements(void);

#endif
