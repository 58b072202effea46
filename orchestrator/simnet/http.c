/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - parsing requests, making answers. */
#include "simnet/http.h"

#include "lib/limits.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* RFC 9110 5.6.2: a method is a token; known ones are short and upper-case. */
#define METHOD_MAX 16u

static bool
text_is(struct http_text text, const char *s)
{
	return text.len == strlen(s) && strncasecmp(text.p, s, text.len) == 0;
}

static bool
text_starts(struct http_text text, const char *s)
{
	return text.len >= strlen(s) && strncasecmp(text.p, s, strlen(s)) == 0;
}

static bool
text_ends(struct http_text text, const char *s)
{
	size_t n = strlen(s);

	return text.len >= n && strncasecmp(text.p + text.len - n, s, n) == 0;
}

static bool
text_has(struct http_text text, const char *s)
{
	return text.len > 0 && memmem(text.p, text.len, s, strlen(s)) != NULL;
}

bool
http_is_likely(const uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len && i <= METHOD_MAX && p[i] >= 'A' && p[i] <= 'Z')
		i++;
	/* Only letters so far: may become a method. */
	if (i == len)
		return len <= METHOD_MAX;
	if (i < 3 || i > METHOD_MAX || p[i] != ' ')
		return false;
	/* "GET /", "GET http", "OPTIONS *", "CONNECT host:443". */
	return i + 1 == len || isalnum(p[i + 1]) || p[i + 1] == '/' ||
	       p[i + 1] == '*' || p[i + 1] == '[';
}

static void
trim(struct http_text *text)
{
	while (text->len > 0 && (*text->p == ' ' || *text->p == '\t')) {
		text->p++;
		text->len--;
	}
	while (text->len > 0 && strchr(" \t\r", text->p[text->len - 1]) != NULL)
		text->len--;
}

/* Up to the byte c; the text goes on behind it.  All of it without one. */
static struct http_text
cut(struct http_text *text, char c)
{
	const char *at = text->len > 0 ? memchr(text->p, c, text->len) : NULL;
	struct http_text part = *text;

	if (at == NULL) {
		text->p += text->len;
		text->len = 0;
		return part;
	}
	part.len = (size_t)(at - text->p);
	text->p += part.len + 1;
	text->len -= part.len + 1;
	return part;
}

/* "http://host/path" (RFC 9112 3.2.2) becomes host and "/path". */
static void
split_target(struct http_request *r, struct http_text target)
{
	struct http_text rest = target;
	const char *slashes;

	r->path = target;
	if (!text_starts(target, "http://") &&
	    !text_starts(target, "https://")) {
		if (text_is(r->method, "CONNECT"))
			r->host = target;
		return;
	}
	slashes = memmem(target.p, target.len, "//", 2);
	rest.p = slashes + 2;
	rest.len = target.len - (size_t)(rest.p - target.p);
	r->host = rest;
	r->path = (struct http_text){.p = "/", .len = 1};
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.p[i] != '/')
			continue;
		r->host.len = i;
		r->path.p = rest.p + i;
		r->path.len = rest.len - i;
		break;
	}
}

static uint64_t
to_number(struct http_text text)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.len && isdigit((unsigned char)text.p[i]);
	     i++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(text.p[i] - '0'), &n))
			return UINT64_MAX;
	}
	return n;
}

static void
take_header(struct http_request *r, struct http_text line)
{
	struct http_text name = cut(&line, ':');

	trim(&name);
	trim(&line);
	if (text_is(name, "Host") && r->host.len == 0)
		r->host = line;
	else if (text_is(name, "User-Agent"))
		r->agent = line;
	else if (text_is(name, "Content-Length"))
		r->body_bytes = to_number(line);
	else if (text_is(name, "Transfer-Encoding"))
		r->is_chunked = !text_is(line, "identity");
	else if (text_is(name, "Expect"))
		r->wants_continue = text_starts(line, "100");
	else if (text_is(name, "Connection"))
		r->wants_close = text_is(line, "close");
}

/* The length of the head with its empty line; 0 while that is missing. */
static size_t
head_length(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] != '\n')
			continue;
		if (len - i > 1 && p[i + 1] == '\n')
			return i + 2;
		if (len - i > 2 && p[i + 1] == '\r' && p[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

int
http_parse(const uint8_t *p, size_t len, struct http_request *ret_request)
{
	struct http_request r = {.head_bytes = head_length(p, len)};
	struct http_text rest = {.p = (const char *)p, .len = r.head_bytes};
	struct http_text line, target;

	if (r.head_bytes == 0)
		return len > HTTP_HEAD_BYTES ? ERR_FORMAT : ERR_AGAIN;
	line = cut(&rest, '\n');
	trim(&line);
	r.method = cut(&line, ' ');
	trim(&line);
	target = cut(&line, ' ');
	trim(&line);
	if (r.method.len < 3 || r.method.len > METHOD_MAX || target.len == 0)
		return ERR_FORMAT;
	split_target(&r, target);
	r.wants_close = !text_is(line, "HTTP/1.1");
	while (rest.len > 0)
		take_header(&r, cut(&rest, '\n'));
	*ret_request = r;
	return ERR_OK;
}

/* --- answers --- */

#define PAGE                                                    \
 "<!DOCTYPE html>\n<html><head><title>Welcome</title></head>\n" \
 "<body><h1>It works!</h1><p>The site is up.</p></body></html>\n"

/* A DOS program that ends at once: mov ax,4c00h; int 21h. */
static const char exe[] =
    "MZ\x45\0\x01\0\0\0\x04\0\0\0\xff\xff\0\0\0\0\0\0\0\0\0\0\x40\0\0\0"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\0\xb8\0\x4c\xcd\x21";
/* One transparent pixel. */
static const char gif[] =
    "GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,"
    "\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;";
/* An archive without members. */
static const char zip[] = "PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
static const char script[] = "#!/bin/sh\nexit 0\n";
static const char address_text[] = "203.0.113.77\n";

struct page {
	const char *host;   /* a part of the host, or NULL */
	const char *suffix; /* of the path without query, or NULL */
	unsigned int status;
	const char *type;
	const char *body;
	size_t len;
};

#define BODY(b) (b), sizeof(b) - 1

/* The first that fits answers. */
static const struct page pages[] = {
    {NULL, "/generate_204", 204, "text/plain", BODY("")},
    {NULL, "/gen_204", 204, "text/plain", BODY("")},
    {NULL, "/ncsi.txt", 200, "text/plain", BODY("Microsoft NCSI")},
    {NULL, "/connecttest.txt", 200, "text/plain",
	BODY("Microsoft Connect Test")},
    {NULL, "/success.txt", 200, "text/plain", BODY("success\n")},
    {NULL, "/hotspot-detect.html", 200, "text/html",
	BODY("<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY>"
	     "</HTML>")},
    {"ipify", NULL, 200, "text/plain", BODY("203.0.113.77")},
    {"icanhazip", NULL, 200, "text/plain", BODY(address_text)},
    {"ifconfig", NULL, 200, "text/plain", BODY(address_text)},
    {"checkip", NULL, 200, "text/plain", BODY(address_text)},
    {"ipinfo", "/ip", 200, "text/plain", BODY(address_text)},
    {"ip-api", NULL, 200, "application/json",
	BODY("{\"status\":\"success\",\"country\":\"Belgium\","
	     "\"countryCode\":\"BE\",\"query\":\"203.0.113.77\"}")},
    {NULL, "/robots.txt", 200, "text/plain", BODY("User-agent: *\n")},
    {NULL, ".exe", 200, "application/x-msdownload", BODY(exe)},
    {NULL, ".dll", 200, "application/x-msdownload", BODY(exe)},
    {NULL, ".scr", 200, "application/x-msdownload", BODY(exe)},
    {NULL, ".sh", 200, "text/x-shellscript", BODY(script)},
    {NULL, ".txt", 200, "text/plain", BODY("ok\n")},
    {NULL, ".json", 200, "application/json", BODY("{}")},
    {NULL, ".xml", 200, "application/xml",
	BODY("<?xml version=\"1.0\"?>\n<root/>\n")},
    {NULL, ".js", 200, "text/javascript", BODY(";\n")},
    {NULL, ".css", 200, "text/css", BODY("body{}\n")},
    {NULL, ".gif", 200, "image/gif", BODY(gif)},
    {NULL, ".png", 200, "image/gif", BODY(gif)},
    {NULL, ".jpg", 200, "image/gif", BODY(gif)},
    {NULL, ".ico", 200, "image/gif", BODY(gif)},
    {NULL, ".zip", 200, "application/zip", BODY(zip)},
    {NULL, ".bin", 200, "application/octet-stream", BODY(script)},
    {NULL, NULL, 200, "text/html", BODY(PAGE)},
};

static const struct page *
choose(const struct http_request *r)
{
	struct http_text path = r->path;
	struct http_text plain = cut(&path, '?');
	const struct page *page = pages;

	for (; page->host != NULL || page->suffix != NULL; page++) {
		if (page->host != NULL && !text_has(r->host, page->host))
			continue;
		if (page->suffix != NULL && !text_ends(plain, page->suffix))
			continue;
		break;
	}
	return page;
}

static const char *
status_text(unsigned int status)
{
	return status == 204 ? "No Content" : "OK";
}

size_t
http_answer(const struct http_request *request, char answer[HTTP_ANSWER_BYTES],
    unsigned int *ret_status)
{
	static const char connected[] =
	    "HTTP/1.1 200 Connection established\r\n\r\n";
	const struct page *page = choose(request);
	size_t len;

	*ret_status = page->status;
	if (text_is(request->method, "CONNECT")) {
		memcpy(answer, connected, sizeof(connected) - 1);
		*ret_status = 200;
		return sizeof(connected) - 1;
	}
	len = (size_t)snprintf(answer, HTTP_ANSWER_BYTES,
	    "HTTP/1.1 %u %s\r\n"
	    "Server: Apache/2.4.62 (Debian)\r\n"
	    "Content-Type: %s\r\n"
	    "Content-Length: %zu\r\n"
	    "Connection: %s\r\n\r\n",
	    page->status, status_text(page->status), page->type, page->len,
	    request->wants_close || request->is_chunked ? "close"
							: "keep-alive");
	if (!text_is(request->method, "HEAD")) {
		memcpy(answer + len, page->body, page->len);
		len += page->len;
	}
	return len;
}
