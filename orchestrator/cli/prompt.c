/* SPDX-License-Identifier: Apache-2.0 */
/* prompt.c - secrets that a person types. */
#include "cli/prompt.h"

#include "cli/api.h"
#include "lib/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LINE_BYTES 4096

char *
prompt_secret(const char *question)
{
	static char line[LINE_BYTES];
	struct termios shown, hidden;
	bool is_terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
	char *got;

	if (is_terminal) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		/* Before it asks: what is typed then is the answer. */
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
		fprintf(stderr, "%s", question);
	}
	got = fgets(line, sizeof(line), stdin);
	if (is_terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		fprintf(stderr, "\n");
	}
	if (got == NULL)
		fail(EXIT_NO_INPUT, "nothing was typed");
	line[strcspn(line, "\r\n")] = '\0';
	got = xstrdup(line);
	explicit_bzero(line, sizeof(line));
	return got;
}
