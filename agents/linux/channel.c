/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio-serial port: queue out, decoder in. */
#include "channel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYS_PORTS "/sys/class/virtio-ports"

bool
channel_find(char *ret_path, size_t size)
{
	DIR *dir = opendir(SYS_PORTS);
	struct dirent *entry;
	bool is_found = false;

	if (dir == NULL)
		return false;
	while (!is_found && (entry = readdir(dir)) != NULL) {
		char path[512], name[64] = "";
		ssize_t n;
		int fd;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(
		    path, sizeof(path), SYS_PORTS "/%s/name", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd == -1)
			continue;
		n = read(fd, name, sizeof(name) - 1);
		(void)close(fd);
		if (n <= 0)
			continue;
		name[n] = '\0';
		name[strcspn(name, "\n")] = '\0';
		if (strcmp(name, WIRE_PORT_NAME) != 0)
			continue;
		is_found = (size_t)snprintf(
			       ret_path, size, "/dev/%s", entry->d_name) < size;
	}
	(void)closedir(dir);
	return is_found;
}

int
channel_open(struct channel *ch, const char *path)
{
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd == -1)
		return -1;
	ch->fd = fd;
	return 0;
}

void
channel_begin(struct channel *ch, enum gwire_type type)
{
	gwire_begin(&ch->out, ch->frame, sizeof(ch->frame), type);
}

void
channel_send(struct channel *ch)
{
	size_t n = gwire_end(&ch->out, ch->sequence);

	if (n == 0) {
		ch->frames_dropped++;
		return;
	}
	/* The number is spent in any case: a gap shows what was dropped. */
	ch->sequence++;
	if (n > sizeof(ch->queue) - ch->tail && ch->head > 0) {
		memmove(ch->queue, ch->queue + ch->head, ch->tail - ch->head);
		ch->tail -= ch->head;
		ch->head = 0;
	}
	if (n > sizeof(ch->queue) - ch->tail) {
		ch->frames_dropped++;
		return;
	}
	memcpy(ch->queue + ch->tail, ch->frame, n);
	ch->tail += n;
}

bool
channel_is_pending(const struct channel *ch)
{
	return ch->tail > ch->head;
}

bool
channel_has_room(const struct channel *ch)
{
	return ch->tail - ch->head <
	       sizeof(ch->queue) - CHANNEL_RESERVE_BYTES - WIRE_FRAME_BYTES;
}

int
channel_flush(struct channel *ch)
{
	while (channel_is_pending(ch)) {
		size_t left = ch->tail - ch->head;
		/* The driver copies each write into kernel memory. */
		ssize_t n = write(
		    ch->fd, ch->queue + ch->head, left < 32768 ? left : 32768);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN ? 0 : -1;
		ch->head += (size_t)n;
	}
	ch->head = ch->tail = 0;
	return 0;
}

int
channel_wait(struct channel *ch, bool all)
{
	for (;;) {
		struct pollfd pfd = {.fd = ch->fd, .events = POLLOUT};

		if (channel_flush(ch) == -1)
			return -1;
		if (all ? !channel_is_pending(ch) : channel_has_room(ch))
			return 0;
		if (poll(&pfd, 1, CHANNEL_STALL_MS) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		/* Nobody at the other end: poll() returns at once. */
		if ((pfd.revents & POLLHUP) != 0)
			(void)usleep(20000);
	}
}

bool
channel_fill(struct channel *ch)
{
	uint8_t buf[16384];
	struct pollfd pfd = {.fd = ch->fd, .events = POLLIN};
	size_t space = sizeof(ch->in.buf) - (ch->in.end - ch->in.start);
	ssize_t n;

	if (poll(&pfd, 1, 0) == -1)
		return true;
	if ((pfd.revents & POLLIN) != 0 && space > 0) {
		n = read(
		    ch->fd, buf, space < sizeof(buf) ? space : sizeof(buf));
		if (n > 0)
			(void)gwire_push(&ch->in, buf, (size_t)n);
	}
	return (pfd.revents & POLLHUP) == 0;
}
