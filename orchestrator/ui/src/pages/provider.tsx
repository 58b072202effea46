// SPDX-License-Identifier: Apache-2.0
// The identity provider, where there is one: people sign in there instead.
import { get, type Page } from '../api/client.js';
import type { Provider } from '../api/types.js';
import { useLoad } from '../components/load.js';
import { useT } from '../i18n/index.js';

/** null where there is none, or as long as that is not known. */
export function useProvider(): Provider | null {
  const load = useLoad(
    (signal) => get<Page<Provider>>('/oidc/providers', {}, signal),
    [],
  );

  return load.data?.items[0] ?? null;
}

/** The service sends the browser there, and takes it back. */
export function ProviderSignIn(props: { hasLeft: boolean }) {
  const t = useT();
  const provider = useProvider();

  if (!provider) return null;
  return (
    <div class="provider">
      <p class="or">{t.provider.or}</p>
      <a class="button" href="/api/v1/oidc/start">
        {t.provider.signIn(provider.label)}
      </a>
      {props.hasLeft && provider.has_logout && (
        <p class="hint">
          <a href="/api/v1/oidc/logout">{t.provider.leave(provider.label)}</a>
        </p>
      )}
      {!provider.is_available && <p class="hint">{t.provider.away}</p>}
    </div>
  );
}
