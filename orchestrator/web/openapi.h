/* SPDX-License-Identifier: Apache-2.0 */
/* openapi.h - the description of the API, as a part of the program. */
#ifndef WEB_OPENAPI_H
#define WEB_OPENAPI_H

#include <stddef.h>

#define OPENAPI_TYPE "application/yaml"

/* The bytes of openapi.yaml; *ret_len of them. */
const char *openapi_text(size_t *ret_len);

#endif
