/**
 * Names of private zones: those that Microsoft recommends, and what people write instead.
 *
 * Source: https://learn.microsoft.com/azure/private-link/private-endpoint-dns
 *
 * @module
 */

import { type Fqdn, suffixes } from '../lib/fqdn.ts';
import { nearest } from '../lib/near.ts';

/** Public suffix -> zone, in the public cloud. */
const recommended: Readonly<Record<string, string>> = {
  'api.azureml.ms': 'privatelink.api.azureml.ms',
  'notebooks.azure.net': 'privatelink.notebooks.azure.net',
  'blob.core.windows.net': 'privatelink.blob.core.windows.net',
  'file.core.windows.net': 'privatelink.file.core.windows.net',
  'queue.core.windows.net': 'privatelink.queue.core.windows.net',
  'table.core.windows.net': 'privatelink.table.core.windows.net',
  'dfs.core.windows.net': 'privatelink.dfs.core.windows.net',
  'web.core.windows.net': 'privatelink.web.core.windows.net',
  'vault.azure.net': 'privatelink.vaultcore.azure.net',
  'managedhsm.azure.net': 'privatelink.managedhsm.azure.net',
  'azurecr.io': 'privatelink.azurecr.io',
  'servicebus.windows.net': 'privatelink.servicebus.windows.net',
  'monitor.azure.com': 'privatelink.monitor.azure.com',
  'oms.opinsights.azure.com': 'privatelink.oms.opinsights.azure.com',
  'ods.opinsights.azure.com': 'privatelink.ods.opinsights.azure.com',
  'agentsvc.azure-automation.net': 'privatelink.agentsvc.azure-automation.net',
  'azure-automation.net': 'privatelink.azure-automation.net',
  'his.arc.azure.com': 'privatelink.his.arc.azure.com',
  'guestconfiguration.azure.com': 'privatelink.guestconfiguration.azure.com',
  'dp.kubernetesconfiguration.azure.com': 'privatelink.dp.kubernetesconfiguration.azure.com',
  'documents.azure.com': 'privatelink.documents.azure.com',
  'mongo.cosmos.azure.com': 'privatelink.mongo.cosmos.azure.com',
  'cassandra.cosmos.azure.com': 'privatelink.cassandra.cosmos.azure.com',
  'gremlin.cosmos.azure.com': 'privatelink.gremlin.cosmos.azure.com',
  'table.cosmos.azure.com': 'privatelink.table.cosmos.azure.com',
  'search.windows.net': 'privatelink.search.windows.net',
  'cognitiveservices.azure.com': 'privatelink.cognitiveservices.azure.com',
  'openai.azure.com': 'privatelink.openai.azure.com',
  'services.ai.azure.com': 'privatelink.services.ai.azure.com',
  'database.windows.net': 'privatelink.database.windows.net',
  'sql.azuresynapse.net': 'privatelink.sql.azuresynapse.net',
  'dev.azuresynapse.net': 'privatelink.dev.azuresynapse.net',
  'azuresynapse.net': 'privatelink.azuresynapse.net',
  'datafactory.azure.net': 'privatelink.datafactory.azure.net',
  'adf.azure.com': 'privatelink.adf.azure.com',
  'azurewebsites.net': 'privatelink.azurewebsites.net',
  'eventgrid.azure.net': 'privatelink.eventgrid.azure.net',
  'azconfig.io': 'privatelink.azconfig.io',
  'redis.cache.windows.net': 'privatelink.redis.cache.windows.net',
  'postgres.database.azure.com': 'privatelink.postgres.database.azure.com',
  'mysql.database.azure.com': 'privatelink.mysql.database.azure.com',
  'azuredatabricks.net': 'privatelink.azuredatabricks.net',
  'azure-api.net': 'privatelink.azure-api.net',
  'azmk8s.io': 'privatelink.azmk8s.io',
  'batch.azure.com': 'privatelink.batch.azure.com',
  'directline.botframework.com': 'privatelink.directline.botframework.com',
  'token.botframework.com': 'privatelink.token.botframework.com',
  'azurehdinsight.net': 'privatelink.azurehdinsight.net',
  'analysis.windows.net': 'privatelink.analysis.windows.net',
  'pbidedicated.windows.net': 'privatelink.pbidedicated.windows.net',
  'fabric.microsoft.com': 'privatelink.fabric.microsoft.com',
  'wvd.microsoft.com': 'privatelink.wvd.microsoft.com',
  'analytics.cosmos.azure.com': 'privatelink.analytics.cosmos.azure.com',
  'postgres.cosmos.azure.com': 'privatelink.postgres.cosmos.azure.com',
  'mongocluster.cosmos.azure.com': 'privatelink.mongocluster.cosmos.azure.com',
  'mariadb.database.azure.com': 'privatelink.mariadb.database.azure.com',
  'redisenterprise.cache.azure.net': 'privatelink.redisenterprise.cache.azure.net',
  'redis.azure.net': 'privatelink.redis.azure.net',
  'ts.eventgrid.azure.net': 'privatelink.ts.eventgrid.azure.net',
  'workspace.azurehealthcareapis.com': 'privatelink.workspace.azurehealthcareapis.com',
  'fhir.azurehealthcareapis.com': 'privatelink.fhir.azurehealthcareapis.com',
  'dicom.azurehealthcareapis.com': 'privatelink.dicom.azurehealthcareapis.com',
  'azure-devices.net': 'privatelink.azure-devices.net',
  'azure-devices-provisioning.net': 'privatelink.azure-devices-provisioning.net',
  'azureiotcentral.com': 'privatelink.azureiotcentral.com',
  'digitaltwins.azure.net': 'privatelink.digitaltwins.azure.net',
  'media.azure.net': 'privatelink.media.azure.net',
  'siterecovery.windowsazure.com': 'privatelink.siterecovery.windowsazure.com',
  'purview.azure.com': 'privatelink.purview.azure.com',
  'purviewstudio.azure.com': 'privatelink.purviewstudio.azure.com',
  'prod.migration.windowsazure.com': 'privatelink.prod.migration.windowsazure.com',
  'grafana.azure.com': 'privatelink.grafana.azure.com',
  'attest.azure.net': 'privatelink.attest.azure.net',
  'afs.azure.net': 'privatelink.afs.azure.net',
  'service.signalr.net': 'privatelink.service.signalr.net',
  'webpubsub.azure.com': 'privatelink.webpubsub.azure.com',
  'azurestaticapps.net': 'privatelink.azurestaticapps.net',
};

/** Zones that exist once a region, or below another. */
const regional =
  /(?:^|\.)privatelink\.(?:[a-z0-9]+\.)?(?:azmk8s\.io|batch\.azure\.com|kusto\.windows\.net|backup\.windowsazure\.com|azurecr\.io|azurecontainerapps\.io|azurestaticapps\.net)$|\.privatelink\./;

/** Public suffixes whose names are in the zone of another one. */
const besides: Readonly<Record<string, string>> = {
  'inference.ml.azure.com': 'privatelink.api.azureml.ms',
  'instances.azureml.ms': 'privatelink.api.azureml.ms',
};

/** The same of other clouds. */
const besidesElsewhere: readonly (readonly [RegExp, string])[] = [
  [/^inference\.ml\.azure\.(?:us|cn)$/, 'inference.ml.azure.com'],
  [/^instances\.(?:ml\.azure\.(?:us|cn)|azureml\.(?:us|cn))$/, 'instances.azureml.ms'],
];

/** Suffixes of other clouds, and what they are here. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/\.api\.(?:ml\.azure\.(?:us|cn)|azureml\.(?:us|cn|ms\.us))$/, 'privatelink.api.azureml.ms'],
  [/\.notebooks\.(?:usgovcloudapi\.net|chinacloudapi\.cn)$/, 'privatelink.notebooks.azure.net'],
  [/\.vaultcore\.(?:usgovcloudapi\.net|azure\.cn)$/, 'privatelink.vaultcore.azure.net'],
  [/\.azurecr\.(?:us|cn)$/, 'privatelink.azurecr.io'],
];

const zones = new Set(Object.values(recommended));

/** Returns the zone that a private zone's name was probably meant to be, where nothing ever asks it as it is. */
export function meantZone(name: Fqdn): Fqdn | undefined {
  if (zones.has(name) || regional.test(name) || !/privatelink/.test(name)) return undefined;
  const suffix = name.replace(/^.*?privatelink\.?/, '');
  const storage = /^(?<service>[a-z]+)\.core\.(?:usgovcloudapi\.net|chinacloudapi\.cn)$/.exec(suffix)?.groups;
  const meant =
    recommended[suffix] ??
    elsewhere.find(([pattern]) => pattern.test(name))?.[1] ??
    (storage ? `privatelink.${storage['service']}.core.windows.net` : nearest(name, zones));
  return meant as Fqdn | undefined;
}

/** Returns the public suffix that a client's DNS server has to pass on for a name; its parent where none is known. */
export function publicSuffixOf(name: Fqdn): Fqdn {
  const [, parent = name, ...above] = suffixes(name);
  return [parent, ...above].find((suffix) => suffix in recommended || suffix in besides) ?? parent;
}

/** Returns the public suffix that a forwarding rule was probably meant for, where it is for another name. */
export function meantSuffix(rule: Fqdn): Fqdn | undefined {
  if (rule in recommended || rule in besides) return undefined;
  const zone = zones.has(rule)
    ? rule
    : (elsewhere.find(([pattern]) => pattern.test(`.${rule}`))?.[1] ?? meantZone(rule));
  const meant =
    besidesElsewhere.find(([pattern]) => pattern.test(rule))?.[1] ??
    Object.keys(recommended).find((suffix) => recommended[suffix] === zone);
  return meant as Fqdn | undefined;
}

/** Zones of names that everybody has in common: a private endpoint for one of them is one for all. */
const common: ReadonlySet<string> = new Set([
  'privatelink.monitor.azure.com',
  'privatelink.oms.opinsights.azure.com',
  'privatelink.ods.opinsights.azure.com',
  'privatelink.agentsvc.azure-automation.net',
]);

/** Reports whether a zone is for names that all of Azure's customers share. */
export function isCommonZone(zone: Fqdn): boolean {
  return common.has(zone);
}

/** Reports whether public names lead into a zone, by an alias that a private endpoint brings. */
export function isLinkZone(zone: Fqdn): boolean {
  return zones.has(zone) || regional.test(zone);
}
