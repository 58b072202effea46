/* SPDX-License-Identifier: Apache-2.0 */
/* openapi.c - the description of the API, as a part of the program. */
#include "web/openapi.h"

#include <stdint.h>

/* The program opens no files: what it serves is in it.  make runs at the top
 * of the tree, from where the assembler finds the file. */
__asm__(".section .rodata\n"
	".local openapi_begin\n"
	".local openapi_end\n"
	"openapi_begin:\n"
	".incbin \"orchestrator/web/openapi.yaml\"\n"
	"openapi_end:\n"
	".byte 0\n"
	".previous\n");

extern const char openapi_begin[] __attribute__((visibility("hidden")));
extern const char openapi_end[] __attribute__((visibility("hidden")));

const char *
openapi_text(size_t *ret_len)
{
	/* Two names for places in one section, which C cannot know. */
	*ret_len = (uintptr_t)openapi_end - (uintptr_t)openapi_begin;
	return openapi_begin;
}
