/* SPDX-License-Identifier: Apache-2.0 */
/* How a sample is started: content first, then #! line, then extension. */
#include "start.h"

#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct extension {
	const char *suffix;
	const char *program;
};

static const struct extension extensions[] = {
    {".sh", "sh"},
    {".bash", "bash"},
    {".ksh", "ksh"},
    {".zsh", "zsh"},
    {".csh", "csh"},
    {".py", "python3"},
    {".pyw", "python3"},
    {".pyc", "python3"},
    {".pl", "perl"},
    {".pm", "perl"},
    {".js", "node"},
    {".mjs", "node"},
    {".cjs", "node"},
    {".php", "php"},
    {".rb", "ruby"},
    {".lua", "lua"},
    {".tcl", "tclsh"},
    {".awk", "awk"},
    {".jar", "java"},
    {".ps1", "pwsh"},
    {".psm1", "pwsh"},
};

/* A line that begins a script which has neither #! nor extension. */
static const struct extension openings[] = {
    {"import ", "python3"},
    {"from ", "python3"},
    {"def ", "python3"},
    {"# -*- coding", "python3"},
    {"use strict", "perl"},
    {"use warnings", "perl"},
    {"package ", "perl"},
    {"<?php", "php"},
    {"echo ", "sh"},
    {"cd ", "sh"},
    {"export ", "sh"},
    {"wget ", "sh"},
    {"curl ", "sh"},
    {"set -", "sh"},
    {"rm -", "sh"},
    {"PATH=", "sh"},
    {"const ", "node"},
    {"let ", "node"},
    {"var ", "node"},
    {"function ", "node"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void __attribute__((format(printf, 3, 4))) refuse(
    struct start_plan *plan, enum gwire_refusal refusal, const char *fmt, ...)
{
	va_list ap;

	plan->refusal = refusal;
	plan->interpreter[0] = '\0';
	va_start(ap, fmt);
	(void)vsnprintf(plan->text, sizeof(plan->text), fmt, ap);
	va_end(ap);
}

static void
use_program(
    const struct start_input *in, const char *name, struct start_plan *plan)
{
	char path[START_TEXT_BYTES] = "";

	if (!in->has_program(name, path, sizeof(path))) {
		refuse(plan, WIRE_R_INTERPRETER, "%.200s is not in this guest",
		    name);
		return;
	}
	(void)snprintf(
	    plan->interpreter, sizeof(plan->interpreter), "%s", path);
	(void)snprintf(plan->text, sizeof(plan->text), "with %.200s", path);
}

bool
start_find_program(const char *name, char *ret_path, size_t size)
{
	static const char *const dirs[] = {"/usr/local/sbin", "/usr/local/bin",
	    "/usr/sbin", "/usr/bin", "/sbin", "/bin"};
	char path[START_TEXT_BYTES];
	size_t i;

	if (name[0] == '/') {
		if (access(name, X_OK) != 0)
			return false;
		if (ret_path != NULL)
			(void)snprintf(ret_path, size, "%s", name);
		return true;
	}
	if (name[0] == '\0' || strchr(name, '/') != NULL)
		return false;
	for (i = 0; i < COUNT(dirs); i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", dirs[i],
			name) >= sizeof(path) ||
		    access(path, X_OK) != 0)
			continue;
		if (ret_path != NULL)
			(void)snprintf(ret_path, size, "%s", path);
		return true;
	}
	return false;
}

static void
decide_elf(const struct start_input *in, struct start_plan *plan)
{
	Elf64_Ehdr eh;
	unsigned int type, machine;

	/* Both classes have these fields at the same place. */
	if (in->size < 20) {
		refuse(plan, WIRE_R_FORMAT, "ELF header is cut off");
		return;
	}
	memset(&eh, 0, sizeof(eh));
	memcpy(&eh, in->head, 20);
	type = eh.e_type;
	machine = eh.e_machine;
	if (eh.e_ident[EI_DATA] == ELFDATA2MSB) {
		type = type >> 8 | (type & 0xff) << 8;
		machine = machine >> 8 | (machine & 0xff) << 8;
	}
	if (eh.e_ident[EI_DATA] != ELFDATA2LSB ||
	    (machine != EM_X86_64 && machine != EM_386)) {
		refuse(plan, WIRE_R_ARCHITECTURE,
		    "ELF machine %u does not run on x86-64", machine);
		return;
	}
	if (type != ET_EXEC && type != ET_DYN) {
		refuse(
		    plan, WIRE_R_FORMAT, "ELF type %u is not a program", type);
		return;
	}
	(void)snprintf(plan->text, sizeof(plan->text), "ELF program");
}

/* "#!/usr/bin/env python -u" -> the program that is really meant. */
static void
decide_shebang(const struct start_input *in, struct start_plan *plan)
{
	char line[START_TEXT_BYTES];
	char *word, *rest = NULL;
	size_t n = 0;

	while (n < sizeof(line) - 1 && n + 2 < in->size &&
	       in->head[n + 2] != '\n' && in->head[n + 2] != '\0') {
		line[n] = (char)in->head[n + 2];
		n++;
	}
	line[n] = '\0';
	word = strtok_r(line, " \t\r", &rest);
	if (word == NULL) {
		refuse(plan, WIRE_R_UNKNOWN, "empty #! line");
		return;
	}
	/* As it stands, when the kernel can do it. CR would be part of it. */
	if (word[0] == '/' && access(word, X_OK) == 0 &&
	    memchr(in->head, '\r', n + 3 < in->size ? n + 3 : in->size) ==
		NULL &&
	    strcmp(word, "/usr/bin/env") != 0) {
		(void)snprintf(
		    plan->text, sizeof(plan->text), "#! %.200s", word);
		return;
	}
	if (strrchr(word, '/') != NULL)
		word = strrchr(word, '/') + 1;
	if (strcmp(word, "env") == 0) {
		do {
			word = strtok_r(NULL, " \t\r", &rest);
		} while (word != NULL && word[0] == '-');
	}
	if (word == NULL) {
		refuse(plan, WIRE_R_UNKNOWN, "#! line names no program");
		return;
	}
	/* Debian has no "python"; version 2 scripts mostly say so first. */
	use_program(
	    in, strncmp(word, "python", 6) == 0 ? "python3" : word, plan);
}

static bool
decide_extension(const struct start_input *in, struct start_plan *plan)
{
	const char *dot = strrchr(in->name, '.');
	size_t i;

	for (i = 0; dot != NULL && i < COUNT(extensions); i++) {
		if (strcasecmp(dot, extensions[i].suffix) == 0) {
			use_program(in, extensions[i].program, plan);
			return true;
		}
	}
	return false;
}

static bool
is_text(const uint8_t *p, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (p[i] < 0x20 && strchr("\t\n\r\f\033", p[i]) == NULL)
			return false;
		if (p[i] == 0 || p[i] == 0x7f)
			return false;
	}
	return true;
}

/* Look at the beginning of the first lines. */
static void
decide_content(const struct start_input *in, struct start_plan *plan)
{
	size_t pos = 0, i;

	if (!is_text(in->head, in->size)) {
		refuse(plan, WIRE_R_UNKNOWN,
		    "neither a program nor a script, by content and name");
		return;
	}
	while (pos < in->size) {
		const uint8_t *line = in->head + pos;
		size_t left = in->size - pos;
		const uint8_t *end = memchr(line, '\n', left);

		for (i = 0; i < COUNT(openings); i++) {
			size_t n = strlen(openings[i].suffix);

			if (n <= left &&
			    memcmp(line, openings[i].suffix, n) == 0) {
				use_program(in, openings[i].program, plan);
				return;
			}
		}
		if (end == NULL)
			break;
		pos += (size_t)(end - line) + 1;
	}
	refuse(plan, WIRE_R_UNKNOWN, "text that is no script known here");
}

static void
decide_auto(const struct start_input *in, struct start_plan *plan)
{
	const uint8_t *h = in->head;

	if (in->size >= 2 && h[0] == '#' && h[1] == '!') {
		decide_shebang(in, plan);
	} else if (in->size >= 2 && memcmp(h, "MZ", 2) == 0) {
		refuse(plan, WIRE_R_FORMAT, "Windows or DOS program");
	} else if (in->size >= 4 &&
		   (memcmp(h, "\xcf\xfa\xed\xfe", 4) == 0 ||
		       memcmp(h, "\xce\xfa\xed\xfe", 4) == 0)) {
		refuse(plan, WIRE_R_FORMAT, "macOS program");
	} else if (!decide_extension(in, plan)) {
		decide_content(in, plan);
	}
}

void
start_decide(const struct start_input *in, struct start_plan *ret_plan)
{
	bool is_elf = in->size >= 4 && memcmp(in->head, ELFMAG, SELFMAG) == 0;

	memset(ret_plan, 0, sizeof(*ret_plan));
	if (in->size == 0)
		refuse(ret_plan, WIRE_R_EMPTY, "the sample has no bytes");
	else if (in->method == WIRE_M_INTERPRETER)
		use_program(in, in->interpreter, ret_plan);
	else if (is_elf && in->method != WIRE_M_SCRIPT)
		decide_elf(in, ret_plan);
	else if (in->method == WIRE_M_ELF)
		refuse(ret_plan, WIRE_R_FORMAT, "not an ELF file");
	else
		decide_auto(in, ret_plan);
}
