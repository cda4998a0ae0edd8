/**
 * Declared facts about security groups, routes and firewalls. None yet.
 *
 * @module
 */

export type GateDeclared = never;
