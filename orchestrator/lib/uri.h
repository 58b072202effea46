/* SPDX-License-Identifier: Apache-2.0 */
/* uri.h - texts as parts of addresses (RFC 3986). */
#ifndef LIB_URI_H
#define LIB_URI_H

/* All but unreserved characters as their bytes; the caller frees. */
char *uri_encode(const char *text);

#endif
