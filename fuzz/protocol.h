/* The protocol of the gateway document and the catalogue of requirements, for targets that need them. */
#ifndef GW_FUZZ_PROTOCOL_H
#define GW_FUZZ_PROTOCOL_H

#include "protocol/description.h"

/* Loaded once from the file compiled in; never NULL. */
const gw_protocol *gw_fuzz_protocol(void);
/* fuzz/variant.yaml: one of another shape. Never NULL. */
const gw_protocol *gw_fuzz_variant(void);
const gw_requirements *gw_fuzz_requirements(void);

#endif
