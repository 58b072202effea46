/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - a wall clock that a test sets: preloaded into a program, it adds
 * the seconds that the file LOEP_TEST_CLOCK holds (an int64_t) to the time.
 * The file is mapped before the program enters its cage.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead_s;
static int (*real_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void
start(void)
{
	const char *path = getenv("LOEP_TEST_CLOCK");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map = fd == -1 ? MAP_FAILED
			     : mmap(NULL, sizeof(*ahead_s), PROT_READ,
				   MAP_SHARED, fd, 0);

	/* A test that is not the clock would prove nothing. */
	if (map == MAP_FAILED)
		abort();
	(void)close(fd);
	ahead_s = map;
	*(void **)&real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int result;

	if (real_gettime == NULL)
		start();
	result = real_gettime(clock, now);
	if (result == 0 && clock == CLOCK_REALTIME)
		now->tv_sec += *ahead_s;
	return result;
}

time_t
time(time_t *ret)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *now, void *zone)
{
	struct timespec real = {0};

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &real);
	now->tv_sec = real.tv_sec;
	now->tv_usec = real.tv_nsec / 1000;
	return 0;
}
