// SPDX-License-Identifier: Apache-2.0
// The public key of a certificate (RFC 5280), of which the server keeps the
// SHA-256.  Only the way to it is read; the server checks certificates.

interface Der {
  tag: number;
  /** of the whole element, and of what is in it */
  start: number;
  body: number;
  end: number;
}

function element(bytes: Uint8Array, at: number, end: number): Der | null {
  if (end - at < 2) return null;
  const tag = bytes[at]!;
  const first = bytes[at + 1]!;
  let body = at + 2;
  let length = first;

  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || end - body < count) return null;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[body + i]!;
    body += count;
  }
  if (length > end - body) return null;
  return { tag, start: at, body, end: body + length };
}

function children(bytes: Uint8Array, parent: Der): Der[] {
  const all: Der[] = [];
  let at = parent.body;

  while (at < parent.end && all.length < 32) {
    const child = element(bytes, at, parent.end);
    if (!child) return [];
    all.push(child);
    at = child.end;
  }
  return all;
}

function fromPem(text: string): Uint8Array | null {
  const match =
    /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(
      text,
    );

  if (!match) return null;
  try {
    return Uint8Array.from(atob(match[1]!.replace(/\s/g, '')), (c) =>
      c.charCodeAt(0),
    );
  } catch {
    return null;
  }
}

/** SubjectPublicKeyInfo of a certificate, in PEM or DER; null: it is none. */
export function publicKeyOf(file: Uint8Array): Uint8Array | null {
  const der = file[0] === 0x30 ? file : fromPem(new TextDecoder().decode(file));
  const top = der && element(der, 0, der.length);

  if (!der || !top || top.tag !== 0x30) return null;
  const tbs = children(der, top)[0];
  if (!tbs || tbs.tag !== 0x30) return null;
  const fields = children(der, tbs);
  // version [0] may be missing; then serial, algorithm, issuer, validity,
  // subject, key.
  const key = fields[fields[0]?.tag === 0xa0 ? 6 : 5];
  return key && key.tag === 0x30 ? der.slice(key.start, key.end) : null;
}

/** What the server keeps: 64 hexadecimal digits. */
export async function keyDigest(file: Uint8Array): Promise<string | null> {
  const key = publicKeyOf(file);

  if (!key) return null;
  const digest = await crypto.subtle.digest('SHA-256', key.slice());
  return [...new Uint8Array(digest)]
    .map((b) => b.toString(16).padStart(2, '0'))
    .join('');
}
