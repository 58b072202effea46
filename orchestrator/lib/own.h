/* SPDX-License-Identifier: Apache-2.0 */
/* own.h - locals that release what they own when they leave scope. */
#ifndef LIB_OWN_H
#define LIB_OWN_H

#include <stdlib.h>
#include <unistd.h>

static inline void
own_free(void *p)
{
	free(*(void **)p);
}

static inline void
own_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#define auto_free  __attribute__((cleanup(own_free)))
#define auto_close __attribute__((cleanup(own_close)))

/* Give the value away: the local no longer owns it. */
#define take_ptr(p)    \
 __extension__(        \
     {                 \
__typeof__(p) own_taken = (p); \
(p) = NULL;                    \
own_taken;                     \
     })
#define take_fd(fd) \
 __extension__(     \
     {              \
int own_taken = (fd);       \
(fd) = -1;                  \
own_taken;                  \
     })

/*
 * AUTO(name) declares a local of `struct name` that name_release() empties at
 * the end of its scope; OWN_RELEASE(name) makes the function that it needs.
 */
#define OWN_RELEASE(name)                              \
 static inline void own_release_##name(struct name *p) \
 {                                                     \
  name##_release(p);                                   \
 }
#define AUTO(name) __attribute__((cleanup(own_release_##name))) struct name

#endif
