/**
 * Findings of the area `route`: packets must have a path, and take the intended one.
 *
 * @module
 */

import type { Area } from './area.ts';
import { notApplied } from './route/endpoints.ts';
import { missingWay, pastFirewall } from './route/outbound.ts';
import { noRoute } from './route/paths.ts';
import { clusterTables, fullTables, serviceRoutes } from './route/tables.ts';

export const route: Area<'route'> = {
  'no-route-to-endpoint': noRoute,
  'compute-service-routes-missing': serviceRoutes,
  'cluster-route-table-invalid': clusterTables,
  'endpoint-route-not-applied': notApplied,
  'route-table-full': fullTables,
  'egress-path-missing': missingWay,
  'service-endpoint-bypasses-firewall': pastFirewall,
};
