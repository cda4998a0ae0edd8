import { describe, expect, it } from 'vitest';
import { fqdn } from '../lib/fqdn.ts';
import { isLinkZone, meantZone } from './private-zones.ts';

describe('a private zone', () => {
  // https://learn.microsoft.com/azure/private-link/private-endpoint-dns
  it.each([
    'privatelink.digitaltwins.azure.net',
    'privatelink.datafactory.azure.net',
    'privatelink.attest.azure.net',
    'privatelink.azure-devices.net',
    'privatelink.redisenterprise.cache.azure.net',
    'privatelink.ts.eventgrid.azure.net',
    'privatelink.service.signalr.net',
    'privatelink.purview.azure.com',
    'privatelink.analytics.cosmos.azure.com',
    'privatelink.westeurope.azurecontainerapps.io',
    'privatelink.1.azurestaticapps.net',
    'privatelink.westeurope.azmk8s.io',
    'scm.privatelink.azurewebsites.net',
  ])('that Microsoft recommends is not misnamed: %s', (name) => {
    expect([meantZone(fqdn(name)), isLinkZone(fqdn(name))]).toEqual([undefined, true]);
  });

  it.each([
    ['privatelink.vault.azure.net', 'privatelink.vaultcore.azure.net'],
    ['privatelink.notebooks.azureml.net', 'privatelink.notebooks.azure.net'],
    ['privatelink.digitaltwin.azure.net', 'privatelink.digitaltwins.azure.net'],
  ])('that nothing asks was meant to be another one: %s', (name, meant) => {
    expect(meantZone(fqdn(name))).toBe(meant);
  });
});
