/**
 * The extension of machine learning, read from what a template sets it up with.
 *
 * Settings are texts, some of them protected: those come without their values out of a live estate, so that one which
 * is empty counts as given.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import { parseFqdn } from '../../lib/fqdn.ts';
import { isObject, type Json } from '../../lib/json.ts';
import type {
  LearningExtensionDeclared,
  RelayUseDeclared,
  RouterDeclared,
} from '../../net/declared/kubernetes.ts';

type Settings = ReadonlyMap<string, string>;

const extensionType = 'microsoft.azureml.kubernetes';

/** What an extension says, where it is the one of machine learning. */
export function learningExtension({ id, properties }: Resource): readonly LearningExtensionDeclared[] {
  if (String(properties['extensionType']).toLowerCase() !== extensionType) return [];
  const plain = settingsOf(properties['configurationSettings']);
  const all = new Map([...plain, ...settingsOf(properties['configurationProtectedSettings'])]);
  return [
    {
      kind: 'learning-extension',
      id,
      cluster: id.slice(0, id.toLowerCase().lastIndexOf('/providers/')),
      inference: isOn(all, 'enableInference'),
      router: routerOf(all),
      relay: relayOf(all),
    },
  ];
}

/** Source: https://learn.microsoft.com/azure/machine-learning/how-to-deploy-kubernetes-extension, its table of settings. */
function routerOf(settings: Settings): RouterDeclared {
  return {
    type: textOf(settings, 'inferenceRouterServiceType'),
    internal: textOf(settings, 'internalLoadBalancerProvider') !== undefined,
    insecure: isOn(settings, 'allowInsecureConnections'),
    certificate: certificateOf(settings),
    hostName: parseFqdn(textOf(settings, 'sslCname') ?? ''),
    migrates: isOn(settings, 'isAKSMigration'),
  };
}

const pairs = [
  ['scoringFe.sslCert', 'scoringFe.sslKey'],
  ['sslCertPemFile', 'sslKeyPemFile'],
] as const;

/**
 * A secret in the cluster, or certificate and key. The command line reads them from files and sends the contents as
 * `scoringFe.*`; in a template nobody reads a file.
 */
function certificateOf(settings: Settings): RouterDeclared['certificate'] {
  const secrets = ['sslSecret', 'scoringFe.sslSecret'];
  if (secrets.some((name) => textOf(settings, name) !== undefined)) return 'given';
  const given = pairs.map((names) => names.map((name) => settings.get(name.toLowerCase())));
  const whole = given.filter((values) => !values.includes(undefined));
  if (whole.some((values) => !values.some(isPath))) return 'given';
  if (whole.length > 0) return 'path';
  return given.flat().some((value) => value !== undefined) ? 'half' : 'none';
}

function isPath(value: string | undefined): boolean {
  return value !== undefined && /^[^\n]+\.(?:pem|crt|cer|key)$/i.test(value);
}

function relayOf(settings: Settings): RelayUseDeclared {
  const names = ['relayServerConnectionString', 'relayserver.relayConnectionString', 'RelayConnectionString'];
  const key = names.map((name) => textOf(settings, name)).find((text) => text !== undefined);
  return {
    connection: textOf(settings, 'relayserver.hybridConnectionResourceID'),
    key: key === undefined ? 'unknown' : /[^;\s]EntityPath=/i.test(key) ? 'unreadable' : 'given',
  };
}

/** Settings by name, without case; a value that is no text as JSON writes it. */
function settingsOf(settings: Json | undefined): Settings {
  return new Map(
    Object.entries(isObject(settings) ? settings : {}).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name.toLowerCase(), String(value)] as const],
    ),
  );
}

/** A text, where it says anything. */
function textOf(settings: Settings, name: string): string | undefined {
  return settings.get(name.toLowerCase())?.trim() || undefined;
}

function isOn(settings: Settings, name: string): boolean {
  return textOf(settings, name)?.toLowerCase() === 'true';
}
