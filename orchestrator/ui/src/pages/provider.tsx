// SPDX-License-Identifier: Apache-2.0
// The identity providers, where there are any: people sign in there instead.
import { get, withQuery, type Page } from '../api/client.js';
import type { Provider } from '../api/types.js';
import { useLoad } from '../components/load.js';
import { useT } from '../i18n/index.js';

/** Empty where there is none, or as long as that is not known. */
export function useProviders(): Provider[] {
  const load = useLoad(
    (signal) => get<Page<Provider>>('/oidc/providers', {}, signal),
    [],
  );

  return load.data?.items ?? [];
}

/** The page that somebody wanted when they were asked to sign in. */
function wanted(): string {
  const { pathname, search } = window.location;

  return pathname === '/' && search === '' ? '' : pathname + search;
}

/** The service sends the browser there, and takes it back. */
export function ProviderSignIn(props: { hasLeft: boolean }) {
  const t = useT();
  const providers = useProviders();

  if (providers.length === 0) return null;
  return (
    <div class="provider">
      <p class="or">{t.provider.or}</p>
      {providers.map((provider) => (
        <div class="stack" key={provider.name}>
          <a
            class="button"
            href={withQuery('/api/v1/oidc/start', {
              provider: provider.name,
              to: props.hasLeft ? '' : wanted(),
            })}
          >
            {t.provider.signIn(provider.label)}
          </a>
          {props.hasLeft && provider.has_logout && (
            <p class="hint">
              <a
                href={withQuery('/api/v1/oidc/logout', {
                  provider: provider.name,
                })}
              >
                {t.provider.leave(provider.label)}
              </a>
            </p>
          )}
          {!provider.is_available && <p class="hint">{t.provider.away}</p>}
        </div>
      ))}
    </div>
  );
}
