/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extent.c - whether a program's headers name bytes behind the file's end.
 *
 * ELF: System V ABI, chapter 4.  PE: Microsoft's "PE Format".  Only offsets
 * and sizes are read, each bounded by the file's real size.
 */
#include "analysers/identify/extent.h"

#include "lib/own.h"

#include <string.h>

/* Headers of one table that are looked at. */
#define ENTRIES_MAX 512
#define ELF_IDENT   16
#define PE_FIXED    24 /* signature and COFF header */
#define PE_SECTION  40

struct extent {
	struct analysis *analysis;
	uint64_t size; /* of the file */
	uint64_t need; /* where the farthest of its parts ends */
	const char *what;
	bool is_big_endian;
};

static uint64_t
number(const struct extent *e, const uint8_t *p, unsigned int bytes)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < bytes; i++)
		n |= (uint64_t)p[e->is_big_endian ? bytes - 1 - i : i] << 8 * i;
	return n;
}

/* False where the file has not that many bytes there. */
static bool
read_at(struct extent *e, uint64_t at, uint8_t *p, size_t len)
{
	size_t got = 0;

	return at < e->size && len <= e->size - at &&
	       input_read_at(e->analysis->input, at, p, len, &got) == ERR_OK &&
	       got == len;
}

static void
needs(struct extent *e, uint64_t at, uint64_t len, const char *what)
{
	uint64_t end;

	/* Nonsense is no sign of an end that is missing. */
	if (len == 0 || __builtin_add_overflow(at, len, &end))
		return;
	if (end > e->need) {
		e->need = end;
		e->what = what;
	}
}

/* Where the fields are in 32-bit and 64-bit files. */
struct elf_layout {
	unsigned int word; /* bytes of an offset */
	unsigned int phoff, shoff, phentsize;
	unsigned int p_offset, p_filesz, entry;
};

static const struct elf_layout elf32 = {4, 28, 32, 42, 4, 16, 32};
static const struct elf_layout elf64 = {8, 32, 40, 54, 8, 32, 56};

static void
check_elf(struct extent *e, const uint8_t *ident)
{
	const struct elf_layout *l = ident[4] == 1 ? &elf32 : &elf64;
	uint8_t head[64], entry[56];
	uint64_t phoff, shoff, phnum, shnum, phsize, shsize;

	e->is_big_endian = ident[5] == 2;
	needs(e, 0, l->word == 4 ? 52 : 64, "header");
	if (!read_at(e, 0, head, l->word == 4 ? 52 : 64))
		return;
	phoff = number(e, head + l->phoff, l->word);
	shoff = number(e, head + l->shoff, l->word);
	phsize = number(e, head + l->phentsize, 2);
	phnum = number(e, head + l->phentsize + 2, 2);
	shsize = number(e, head + l->phentsize + 4, 2);
	shnum = number(e, head + l->phentsize + 6, 2);
	if (shoff != 0)
		needs(e, shoff, shsize * shnum, "section headers");
	if (phoff != 0)
		needs(e, phoff, phsize * phnum, "program headers");
	for (uint64_t i = 0; i < phnum && i < ENTRIES_MAX; i++) {
		if (phsize < l->entry ||
		    !read_at(e, phoff + i * phsize, entry, l->entry))
			break;
		needs(e, number(e, entry + l->p_offset, l->word),
		    number(e, entry + l->p_filesz, l->word), "segments");
	}
}

static void
check_pe(struct extent *e, const uint8_t *dos)
{
	uint64_t at = number(e, dos + 0x3c, 4), table;
	uint8_t head[PE_FIXED], section[PE_SECTION];
	unsigned int count;

	/* Programs of DOS begin alike, and have other bytes there. */
	if (!read_at(e, at, head, 4) || memcmp(head, "PE\0\0", 4) != 0)
		return;
	needs(e, at, PE_FIXED, "header");
	if (!read_at(e, at, head, sizeof(head)))
		return;
	count = (unsigned int)number(e, head + 6, 2);
	table = at + PE_FIXED + number(e, head + 20, 2);
	needs(e, table, (uint64_t)count * PE_SECTION, "section table");
	for (uint64_t i = 0; i < count && i < ENTRIES_MAX; i++) {
		if (!read_at(
			e, table + i * PE_SECTION, section, sizeof(section)))
			return;
		needs(e, number(e, section + 20, 4), number(e, section + 16, 4),
		    "sections");
	}
}

void
extent_check(struct analysis *analysis)
{
	struct extent e = {
	    .analysis = analysis,
	    .size = input_size(analysis->input),
	};
	uint8_t head[64];

	if (read_at(&e, 0, head, ELF_IDENT) &&
	    memcmp(head, "\177ELF", 4) == 0 && (head[4] == 1 || head[4] == 2))
		check_elf(&e, head);
	else if (read_at(&e, 0, head, sizeof(head)) &&
		 memcmp(head, "MZ", 2) == 0)
		check_pe(&e, head);
	if (e.need > e.size)
		record_error(analysis->out, "truncated",
		    "the file ends at byte %llu, but its %s reach to byte "
		    "%llu: %llu bytes are missing",
		    (unsigned long long)e.size, e.what,
		    (unsigned long long)e.need,
		    (unsigned long long)(e.need - e.size));
}
