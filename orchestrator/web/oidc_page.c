/* SPDX-License-Identifier: Apache-2.0 */
/* oidc_page.c - the page behind a sign-in at a provider. */
#include "web/oidc_page.h"

#include "lib/base64.h"
#include "lib/digest.h"
#include "lib/own.h"
#include "lib/xalloc.h"

/* Colours and sizes of the app (ui/src/style/tokens.css). */
static const char style[] =
    ":root{color-scheme:light dark;--page:#f3f5f8;--surface:#fff;"
    "--line:#d3dae1;--text:#16212b;--muted:#4d5c6a;--accent:#0a5a87;"
    "--on-accent:#fff;--sunken:#eaeef2;--focus:#c2410c}"
    "@media(prefers-color-scheme:dark){:root{--page:#0e141a;"
    "--surface:#161e26;--line:#2a3642;--text:#e3e9ef;--muted:#a3b3c2;"
    "--accent:#6fc0ef;--on-accent:#06202f;--sunken:#0b1015;"
    "--focus:#ffb37a}}"
    "body{margin:0;background:var(--page);color:var(--text);"
    "font:0.9375rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,"
    "'Noto Sans','Liberation Sans',sans-serif}"
    "main{max-width:27rem;margin:0 auto;padding:8vh 1.25rem 2rem}"
    ".brand{text-align:center;font-size:1.375rem;font-weight:600;"
    "margin:0 0 1.25rem}"
    ".card{background:var(--surface);border:1px solid var(--line);"
    "border-radius:6px;padding:1.25rem}"
    "h1{font-size:1.375rem;line-height:1.25;margin:0 0 .75rem}"
    "p{margin:0 0 .75rem}"
    "code{display:block;background:var(--sunken);border-radius:6px;"
    "padding:.5rem .75rem;overflow-wrap:anywhere;font:1.0625rem "
    "ui-monospace,'DejaVu Sans Mono','Liberation Mono',monospace}"
    ".button{display:inline-block;background:var(--accent);"
    "color:var(--on-accent);border-radius:6px;padding:.5rem .75rem;"
    "text-decoration:none;font-weight:600}"
    ".button:focus-visible{outline:3px solid var(--focus);"
    "outline-offset:2px}";

static void
put(struct wire_out *out, const char *text)
{
	wire_put_raw(out, text, strlen(text));
}

/* Foreign text: nothing in it is markup, nothing moves what is around it. */
static void
put_escaped(struct wire_out *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			put(out, "&amp;");
			break;
		case '<':
			put(out, "&lt;");
			break;
		case '>':
			put(out, "&gt;");
			break;
		case '"':
			put(out, "&quot;");
			break;
		case '\'':
			put(out, "&#39;");
			break;
		default:
			wire_put_raw(out,
			    (unsigned char)*text < ' ' || *text == 0x7f ? " "
									: text,
			    1);
		}
	}
}

/* One style, by its digest (CSP3 section 6.7.3.3); nothing else. */
static const char *
policy(void)
{
	static char text[256];
	uint8_t digest[SHA256_BYTES];
	auto_free char *encoded = NULL;

	if (text[0] != '\0')
		return text;
	sha256_once(style, strlen(style), digest);
	encoded = base64_encode(digest, sizeof(digest));
	(void)snprintf(text, sizeof(text),
	    "default-src 'none'; style-src 'sha256-%s'; frame-ancestors "
	    "'none'; base-uri 'none'; form-action 'none'",
	    encoded);
	return text;
}

static void
put_head(
    struct wire_out *out, const struct oidc_page *page, enum oidc_language l)
{
	put(out, "<!doctype html>\n<html lang=\"");
	put(out, oidc_language_word(l));
	put(out, "\"><head><meta charset=\"utf-8\">");
	put(out, "<meta name=\"viewport\" content=\"width=device-width\">");
	if (page->goes_on) {
		put(out, "<meta http-equiv=\"refresh\" content=\"0; url=");
		put_escaped(out, page->target);
		put(out, "\">");
	}
	put(out, "<title>");
	put(out, oidc_text(OIDC_TEXT_TITLE, l));
	put(out, " · Loep</title><style>");
	put(out, style);
	put(out, "</style></head>\n<body><main><p class=\"brand\">Loep</p>"
		 "<div class=\"card\"><h1>");
	put(out, oidc_text(page->heading, l));
	put(out, "</h1>\n");
}

void
oidc_page_answer(
    struct exchange *x, unsigned int status, const struct oidc_page *page)
{
	enum oidc_language language =
	    oidc_language(http_req_header(x->http, "Accept-Language"));
	struct wire_out *out = &x->out;

	wire_out_reset(out);
	put_head(out, page, language);
	put(out, "<p>");
	put(out, oidc_text(page->text, language));
	put(out, "</p>\n");
	if (page->detail != NULL && page->detail[0] != '\0') {
		put(out, "<p><code>");
		put_escaped(out, page->detail);
		put(out, "</code></p>\n");
	}
	put(out, "<p><a class=\"button\" href=\"");
	put_escaped(out, page->target);
	put(out, "\">");
	put(out, oidc_text(page->link, language));
	put(out, "</a></p></div></main></body></html>\n");
	x->policy = policy();
	exchange_answer(x, status, "text/html; charset=utf-8");
}
