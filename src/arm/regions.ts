/**
 * Azure's public regions, as resource providers list them. Clients look a location up here before they send it; any
 * other location is taken all the same.
 *
 * @module
 */

export const regions: readonly string[] = [
  'East US',
  'East US 2',
  'West US',
  'West US 2',
  'West US 3',
  'Central US',
  'North Central US',
  'South Central US',
  'West Central US',
  'Canada Central',
  'Canada East',
  'Brazil South',
  'North Europe',
  'West Europe',
  'UK South',
  'UK West',
  'France Central',
  'Germany West Central',
  'Switzerland North',
  'Sweden Central',
  'Norway East',
  'Poland Central',
  'Italy North',
  'UAE North',
  'South Africa North',
  'Australia East',
  'Southeast Asia',
  'East Asia',
  'Japan East',
  'Korea Central',
  'Central India',
];
