/**
 * What a program needs in its environment to stand at a place: the gateway, our root, and who to sign in as.
 *
 * @module
 */

/** The parts of an installation that a program must know. */
export interface Surroundings {
  readonly gateway: number;
  readonly username: string;
  readonly password: string;
  readonly ca: string;
  readonly bundle: string;
  readonly tenant: string;
  readonly subscription: string;
  /** Who to sign in as, by the names that Azure's SDKs look for. */
  readonly credentials: Readonly<Record<string, string>>;
  readonly place: string;
  /** A folder of its own for az, which has no other way to be kept apart. */
  readonly azureConfig: string;
}

/** The gateway's part of it. */
const gatewayVariables = new Set([
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'ALL_PROXY',
  'https_proxy',
  'http_proxy',
  'all_proxy',
  'NO_PROXY',
  'no_proxy',
  'NODE_USE_ENV_PROXY',
]);

/** What a program needs that stands at the place itself, and asks no gateway. */
export function withoutGateway(
  environment: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !gatewayVariables.has(name)));
}

/** Environment variables of a program at a place (recorded from real clients). */
export function environmentOf(around: Surroundings): Readonly<Record<string, string>> {
  const proxy = `http://${around.username}:${around.password}@127.0.0.1:${around.gateway}`;
  return {
    HTTPS_PROXY: proxy,
    HTTP_PROXY: proxy,
    ALL_PROXY: proxy,
    https_proxy: proxy,
    http_proxy: proxy,
    all_proxy: proxy,
    // What a program starts on its own machine (a redirect of a sign-in, say) is no flow.
    NO_PROXY: 'localhost,127.0.0.1',
    no_proxy: 'localhost,127.0.0.1',
    REQUESTS_CA_BUNDLE: around.bundle,
    SSL_CERT_FILE: around.bundle,
    CURL_CA_BUNDLE: around.bundle,
    NODE_EXTRA_CA_CERTS: around.ca,
    NODE_USE_ENV_PROXY: '1',
    AZURE_TENANT_ID: around.tenant,
    ...around.credentials,
    AZURE_SUBSCRIPTION_ID: around.subscription,
    AZURE_CONFIG_DIR: around.azureConfig,
    AZURE_CORE_COLLECT_TELEMETRY: 'no',
    AZURE_CORE_NO_COLOR: 'true',
    CLOISTER_PLACE: around.place,
  };
}
