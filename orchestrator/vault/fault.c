/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - results with a sentence. */
#include "vault/fault.h"

#include <errno.h>
#include <stdarg.h>

int
fault_set(struct fault *fault, int err, const char *fmt, ...)
{
	va_list ap;

	fault->err = err;
	va_start(ap, fmt);
	(void)vsnprintf(fault->why, sizeof(fault->why), fmt, ap);
	va_end(ap);
	return err;
}

int
fault_sys(struct fault *fault, const char *what)
{
	const char *text;

	switch (errno) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG: /* a size limit, which is full in its way */
		return fault_set(fault, ERR_NO_SPACE,
		    "no space is left on the disk of the vault (%s); free "
		    "some, and send it again",
		    what);
	case ENOENT:
	case ENOTDIR:
		return fault_set(fault, ERR_UNAVAILABLE,
		    "a folder of the vault is missing (%s)", what);
	default:
		/* strerror() keeps its text for one thread at a time. */
		text = strerrordesc_np(errno);
		return fault_set(fault, ERR_UNAVAILABLE,
		    "the vault cannot work now (%s: %s)", what,
		    text != NULL ? text : "unknown error");
	}
}
