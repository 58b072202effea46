// SPDX-License-Identifier: Apache-2.0
// An identity provider for tests: npm's oidc-provider on loopback, with one
// client and a sign-in page that believes every name.
//
// usage: provider.mjs PACKAGES SETTINGS.json
//
// Settings: issuer, redirect, client, secret, alg (of ID tokens); cert and key
// (files in PEM) where the issuer is https.  Each start has new signing keys.
// The form's field "login" becomes the subject; "acr" and "amr" what is stated
// of the sign-in; "cancel" ends it with an error of the provider; "trick" has
// the next answer with a token forged (forge.mjs).  GET /forge/TRICK?sub=&sid=
// answers a logout token, good or forged.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { pathToFileURL } from 'node:url';
import { forgeAnswer, logoutToken } from './forge.mjs';

const [packages, file] = process.argv.slice(2);
const s = JSON.parse(readFileSync(file, 'utf8'));
const module = `${packages}/node_modules/oidc-provider/lib/index.js`;
const { default: Provider } = await import(pathToFileURL(module).href);
const algs = ['RS256', 'PS256', 'ES256', 'EdDSA'];

function makeKey(alg) {
  const how = {
    RS256: ['rsa', { modulusLength: 2048 }],
    PS256: ['rsa', { modulusLength: 2048 }],
    ES256: ['ec', { namedCurve: 'P-256' }],
    EdDSA: ['ed25519', {}],
  }[alg];
  const { privateKey } = generateKeyPairSync(...how);

  return {
    ...privateKey.export({ format: 'jwk' }),
    alg,
    use: 'sig',
    kid: randomBytes(8).toString('hex'),
  };
}

const keys = algs.map(makeKey);
const key = keys.find((one) => one.alg === (s.alg ?? 'RS256'));
let trick = null;

const provider = new Provider(s.issuer, {
  clients: [
    {
      client_id: s.client,
      client_secret: s.secret,
      redirect_uris: [s.redirect],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      id_token_signed_response_alg: s.alg ?? 'RS256',
      backchannel_logout_uri: new URL('backchannel-logout', s.redirect).href,
      backchannel_logout_session_required: true,
      post_logout_redirect_uris: [new URL('/', s.redirect).href],
    },
  ],
  jwks: { keys },
  enabledJWA: { idTokenSigningAlgValues: algs },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  pkce: { required: () => true, methods: ['S256'] },
  acrValues: ['urn:test:low', 'urn:test:high'],
  claims: { openid: ['sub', 'acr', 'amr'] },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
  },
  interactions: { url: (ctx, one) => `/interaction/${one.uid}` },
  ttl: { AuthorizationCode: 60, Interaction: 600, Session: 600, Grant: 600 },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => Promise.resolve({ sub: id }),
  }),
  // Nobody is asked whether this service may know who they are.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });

    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
});

const form = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>Test provider</title></head><body><h1>Test provider</h1>
<form method="post"><label>Name <input name="login" autofocus></label>
<button>Sign in</button><button name="cancel" value="1">Cancel</button>
</form></body></html>`;

async function readForm(req) {
  let text = '';

  for await (const part of req) text += part;
  return new URLSearchParams(text);
}

function resultOf(fields) {
  trick = fields.get('trick');
  if (fields.get('cancel'))
    return {
      error: 'access_denied',
      error_description: 'the person said <b>no</b>',
    };
  return {
    login: {
      accountId: fields.get('login'),
      acr: fields.get('acr') ?? undefined,
      amr: fields.get('amr')?.split(' '),
    },
  };
}

// The body of the answer goes out as the trick makes it.
function tamper(res, how) {
  const end = res.end.bind(res);

  res.end = (body) => {
    const text = forgeAnswer(String(body), how, key);

    res.setHeader('Content-Length', Buffer.byteLength(text));
    end(text);
  };
}

async function handle(req, res) {
  if (req.url === '/token' && trick) {
    tamper(res, trick);
    trick = null;
  }
  if (req.url.startsWith('/forge/')) {
    const at = new URL(req.url, s.issuer);
    const names = Object.fromEntries(at.searchParams);
    const how = at.pathname.slice('/forge/'.length);

    res.end(logoutToken(how, { iss: s.issuer, aud: s.client, ...names }, key));
  } else if (!req.url.startsWith('/interaction/')) {
    await provider.callback()(req, res);
  } else if (req.method === 'POST') {
    await provider.interactionFinished(req, res, resultOf(await readForm(req)));
  } else {
    res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    res.end(form);
  }
}

function serve(req, res) {
  handle(req, res).catch((error) => {
    res.writeHead(500);
    res.end(String(error));
  });
}

const at = new URL(s.issuer);
const server =
  at.protocol === 'https:'
    ? createTlsServer(
        { cert: readFileSync(s.cert), key: readFileSync(s.key) },
        serve,
      )
    : createServer(serve);

server.listen(Number(at.port), '127.0.0.1', () => console.log('ready'));
