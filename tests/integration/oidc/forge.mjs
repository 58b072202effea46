// SPDX-License-Identifier: Apache-2.0
// What a provider must not get away with: its answer with an ID token, changed.
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (text) => JSON.parse(Buffer.from(text, 'base64url').toString());
const now = () => Math.floor(Date.now() / 1000);

// RS256 alone: the tests that forge have the provider sign with it.
function signed(header, claims, key) {
  const text = `${encode(header)}.${encode(claims)}`;

  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

const others = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

// Each gets header, claims, the provider's key and the token as it was.
const tricks = {
  issuer: (h, c, key) => signed(h, { ...c, iss: 'https://evil.example' }, key),
  audience: (h, c, key) => signed(h, { ...c, aud: 'another' }, key),
  audiences: (h, c, key) => signed(h, { ...c, aud: [c.aud, 'another'] }, key),
  party: (h, c, key) => signed(h, { ...c, azp: 'another' }, key),
  nonce: (h, c, key) => signed(h, { ...c, nonce: undefined }, key),
  expired: (h, c, key) => signed(h, { ...c, exp: now() - 3600 }, key),
  old: (h, c, key) => signed(h, { ...c, iat: now() - 86400 }, key),
  future: (h, c, key) => signed(h, { ...c, iat: now() + 3600 }, key),
  later: (h, c, key) => signed(h, { ...c, nbf: now() + 3600 }, key),
  nobody: (h, c, key) => signed(h, { ...c, sub: undefined }, key),
  // Of a sign-in that was not now.
  long_ago: (h, c, key) => signed(h, { ...c, auth_time: now() - 3600 }, key),
  timeless: (h, c, key) => signed(h, { ...c, auth_time: undefined }, key),
  mail: (h, c, key) =>
    signed(h, { ...c, sub: 'stranger', email: 'an@example.org', email_verified: true }, key),
  kid: (h, c, key) => signed({ ...h, kid: 'unknown' }, c, key),
  critical: (h, c, key) => signed({ ...h, crit: ['b64'], b64: false }, c, key),
  stranger: (h, c) => signed(h, c, others),
  own_key: (h, c) =>
    signed({ ...h, jwk: createPublicKey(others).export({ format: 'jwk' }) }, c, others),
  none: (h, c) => `${encode({ alg: 'none', kid: h.kid })}.${encode(c)}.`,
  hmac: (h, c, key) => {
    const text = `${encode({ ...h, alg: 'HS256' })}.${encode(c)}`;
    const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' });

    return `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`;
  },
  claims: (h, c, key, token) => token.replace(/\.[^.]*\./, `.${encode({ ...c, sub: 'bo-there' })}.`),
  signature: (h, c, key, token) => token.replace(/.{8}$/, 'AAAAAAAA'),
  unsigned: (h, c, key, token) => token.replace(/[^.]*$/, ''),
  words: () => 'not a token',
};

const bodies = {
  no_token: (answer) => JSON.stringify({ ...answer, id_token: undefined }),
  html: () => '<!doctype html><title>Sign in</title>',
  deep: () => '['.repeat(100000),
  long: (answer) => JSON.stringify({ ...answer, scope: 'x'.repeat(400000) }),
};

/** The answer of a token endpoint, as the trick has it; key: a JWK with d. */
export function forgeAnswer(body, trick, key) {
  const answer = JSON.parse(body);
  const from = { key, format: 'jwk' };

  if (bodies[trick]) return bodies[trick](answer);
  const [header, claims] = answer.id_token.split('.', 2).map(decode);
  return JSON.stringify({
    ...answer,
    id_token: tricks[trick](header, claims, from, answer.id_token),
  });
}

const event = 'http://schemas.openid.net/event/backchannel-logout';
const logouts = {
  good: (c) => c,
  again: (c) => ({ ...c, jti: 'again' }),
  no_id: (c) => ({ ...c, jti: undefined }),
  plain: (c) => c,
  nonce: (c) => ({ ...c, nonce: 'a' }),
  no_event: (c) => ({ ...c, events: undefined }),
  other_event: (c) => ({ ...c, events: { other: {} } }),
  audience: (c) => ({ ...c, aud: 'another' }),
  issuer: (c) => ({ ...c, iss: 'https://evil.example' }),
  old: (c) => ({ ...c, iat: now() - 86400, exp: undefined }),
  expired: (c) => ({ ...c, exp: now() - 3600 }),
  nobody: (c) => ({ ...c, sub: undefined, sid: undefined }),
  stranger: (c) => c,
  type: (c) => c,
};

/** Of those names; from a stranger's key, or of another type, where asked. */
export function logoutToken(trick, names, key) {
  const type = { plain: undefined, type: 'at+jwt' };
  const header = { alg: 'RS256', kid: key.kid, typ: trick in type ? type[trick] : 'logout+jwt' };
  const claims = { ...names, iat: now(), exp: now() + 120, jti: randomUUID(), events: { [event]: {} } };
  const from = trick === 'stranger' ? others : { key, format: 'jwk' };

  return signed(header, logouts[trick](claims), from);
}
