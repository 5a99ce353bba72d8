/* A small checker of XML: tags nest, attributes are quoted, no character is one that XML forbids. */
#ifndef GW_TESTS_UNIT_REPORT_XML_H
#define GW_TESTS_UNIT_REPORT_XML_H

#include "base/buf.h"

/* Fails the test at the first fault. Behind `prolog` one element is to stand, then a newline and the end. Returns how
 * many elements there are. */
size_t xml_check(gw_buf *text, const char *prolog);

#endif
